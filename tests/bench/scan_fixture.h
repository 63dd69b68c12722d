/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

#include "stream.h"

/*
 * A scan in the middle of its work: the whole public IPv4 at one port, a few million probes sent;
 * and the answers that come to it, as frames. Answers lie in the last 2^20 steps, which is a round
 * trip of a tenth of a second at 10 M probes a second, and come in no order.
 */

enum {
	FIXTURE_WINDOW = 1 << 20,
	FIXTURE_PORT_FIRST = 32768, /* answers to lower ports are none */
	FIXTURE_FRAME = 128,	    /* no frame made here is longer */
};

struct fixture {
	struct stream stream;
	struct target_space *space;
	struct exclusion excl;
};

/* 0, or err says why not. */
int fixture_init(struct fixture *f, struct err *err);
void fixture_fini(struct fixture *f);

/* What a frame is made of. */
struct answer {
	uint32_t saddr, daddr, ack, seq;
	uint16_t sport, dport;
};

/* The right answer of the i-th target that answers: each i below FIXTURE_WINDOW is another. */
struct answer fixture_answer(const struct fixture *f, uint32_t i);

enum { ANSWER_SYN_ACK = 0x12, ANSWER_RST_ACK = 0x14 };

/* Ethernet, IPv4 and TCP with these options (a multiple of four bytes); the length. */
uint16_t fixture_tcp(const struct answer *a, uint8_t flags, const uint8_t *options,
		     uint16_t n_options, uint8_t *frame);

/* ICMP port unreachable from the target, quoting IPv4 and eight bytes of the SYN; the length. */
uint16_t fixture_icmp(const struct answer *a, uint8_t *frame);

/* Turns a frame into one of an ethertype that is nobody's. */
void fixture_spoil(uint8_t *frame);
