/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

#include "aes.h"
#include "isa.h"

/*
 * The cookie: what makes an answer ours. Each probe carries bits of
 * AES-128(key, address, port, attempt) as its sequence number, its source port and its choice of
 * source address; an answer gives them back, and nobody without the key can make them up.
 * The key is 128 random bits of its own: it is not the seed of the order, and is never logged.
 *
 * The result is the same on every machine; AES-NI is used where the processor has it, and
 * constant-time C elsewhere. Ask for a burst at a time: there, one cookie costs as much as 64.
 */

struct cookie_key {
	struct aes_key aes;
	enum isa isa; /* that makes the cookies */
};

struct cookie {
	uint32_t seq;	 /* sequence number of the SYN */
	uint16_t port;	 /* scaled to the source-port range */
	uint16_t source; /* scaled to the list of source addresses */
	uint32_t look;	 /* IP identification, TCP timestamp: bits that need not be checked */
	uint32_t spare;
};

void cookie_key_init(struct cookie_key *key, const uint8_t secret[16]);

/* A fresh key from getrandom(2). 0 or -errno; there is no weaker fallback. */
int cookie_key_random(struct cookie_key *key);

/* The cookies of n targets (host-order address and port), all for the same attempt (0 is the
 * first). */
void cookie_make(const struct cookie_key *key, const uint32_t *addr, const uint16_t *port,
		 uint8_t attempt, struct cookie *cookie, unsigned n);
