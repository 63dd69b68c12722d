/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "packet.h"

/*
 * Who pings one of our addresses gets his data back (RFC 1122, 3.2.2.6), with --answer-ping: where
 * no kernel does it, an address that is in use would else look dead. Travels by value from an RX to
 * a TX lcore, on a ring beside the other follow-ups; a full ring drops it, as networks may.
 */

enum {
	ECHO_DATA = 64, /* bytes of a ping that is answered, at most: ping(8) sends 56 */
	ECHO_RING = 64,
};

struct echo {
	uint32_t local, remote;
	uint16_t len; /* of body */
	uint16_t reserved;
	uint8_t body[4 + ECHO_DATA]; /* identifier, sequence number, data */
};

_Static_assert(sizeof(struct echo) % 4 == 0, "rings move whole words");

/* The request in a frame that pkt_parse() accepted. False when it is none, broken, or too long. */
bool echo_read(struct echo *echo, const struct pkt_view *v, const uint8_t *data);

/* The reply, to link->dst_mac. Returns the frame's length, at most IO_TX_FRAME. */
uint16_t echo_write(const struct echo *echo, const struct pkt_link *link, uint8_t ttl,
		    uint8_t *frame);
