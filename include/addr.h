/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * IPv4 addresses as text. In memory an address is a host-order uint32_t everywhere but in packet
 * bytes, which are rte_be32_t.
 */

enum { ADDR4_TEXT = 16 }; /* "255.255.255.255" and its NUL */

/*
 * Reads exactly len bytes as a dotted quad: four decimal numbers up to 255, no leading zeros
 * (which some readers take for octal), nothing around. 0, or -EINVAL.
 */
int addr4_parse(const char *text, size_t len, uint32_t *addr);

/* Writes the dotted quad and a NUL; returns its length without the NUL. */
size_t addr4_format(char buf[ADDR4_TEXT], uint32_t addr);
