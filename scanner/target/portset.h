/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

enum { PORTS = 65536 };

/* A set of TCP ports. Zeroed memory is the empty set. */
struct portset {
	uint64_t bits[PORTS / 64];
};

/*
 * Reads a list as --ports takes it: numbers, ranges (8000-8100), service names and * (all 65,536),
 * with commas between; "T:" before an item is TCP, which it is anyway. What is named twice counts
 * once. 0, or EXIT_USAGE naming the item. Adds to what is in the set.
 */
int portset_parse(struct portset *set, const char *text, struct err *err);

/* Exactly len bytes as a number 0-65535 in decimal: 0, or -EINVAL. */
int port_parse(const char *text, size_t len, uint16_t *port);

static inline bool portset_contains(const struct portset *set, uint16_t port)
{
	return set->bits[port / 64] >> port % 64 & 1;
}

uint32_t portset_count(const struct portset *set);
