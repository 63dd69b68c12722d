/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "packet.h"

struct rx;

/*
 * Received frames that ask something of us: ARP, and pings. What is to be said goes to a TX lcore
 * through a ring; when this is full, the question is counted as lost. The lcore of rx calls.
 */

/* The gateway speaks, or somebody asks for an address of ours that is here: the kernel answers for
 * its own at most. */
void asked_arp(struct rx *rx, const struct pkt_view *v);

/* v is of the echo request in data; rx->echoes is there. */
void asked_echo(struct rx *rx, const struct pkt_view *v, const uint8_t *data);

/* Of any device of the scan: networks may answer by another one than we asked by. */
bool asked_is_ours(const struct rx *rx, uint32_t addr);
