/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "io.h"
#include "packet.h"

/*
 * The neighbourhood of a device that no kernel looks after (RFC 826): the gateway's hardware
 * address is asked for, again and again, and followed when it changes; our own addresses are
 * announced (RFC 5227), and who asks for them is answered.
 *
 * Before the lcores run, the main thread does this itself. Then the main thread says when to ask,
 * a TX lcore asks, inside the rate, and RX lcores hear. The hardware address travels as a number.
 */
struct neigh {
	/* const once lcores run */
	struct pkt_link link; /* our side, and the gateway as it was at the start */
	const uint32_t *own;  /* our addresses */
	uint32_t n_own;
	uint32_t gateway; /* its address; 0: nobody is asked */

	uint64_t mac;	/* of the gateway: any RX lcore writes, TX lcores and main read */
	uint64_t heard; /* answers of the gateway: RX lcores add, main reads */
	uint64_t asked; /* questions: main adds, a TX lcore reads */
	bool aloud;	/* main: ask everybody, not just the address that we know */
};

static inline uint64_t neigh_mac_number(const uint8_t mac[6])
{
	uint64_t number = 0;

	for (unsigned i = 0; i < 6; i++)
		number = number << 8 | mac[i];
	return number;
}

static inline void neigh_mac_bytes(uint8_t mac[6], uint64_t number)
{
	for (unsigned i = 0; i < 6; i++)
		mac[i] = (uint8_t)(number >> (40 - 8 * i));
}

/*
 * Asks for the gateway on the device itself, and puts what it hears into link.dst_mac. Main thread,
 * before the lcores run: whatever else arrives meanwhile is dropped, no probe has been sent yet.
 * EXIT_DEVICE when nobody answers, EXIT_STOPPED when give_up (may be NULL) says so.
 */
int neigh_ask(struct neigh *neigh, struct io_dev *dev, bool (*give_up)(void), struct err *err);

/*
 * Tells everybody our addresses, at no more than rate frames/s: switches learn where we are before
 * the first answer comes, and neighbours that remember somebody else are corrected. Main thread,
 * before the lcores run; of very many addresses only the first are told, and none of the n_but in
 * but, which are somebody else's business.
 */
void neigh_announce(const struct neigh *neigh, struct io_dev *dev, uint64_t rate,
		    const uint32_t *but, unsigned n_but);

/* An ARP frame has come: takes the gateway's hardware address from it. RX lcores. */
void neigh_hear(struct neigh *neigh, const struct pkt_view *v);

/* Ask the gateway, aloud: everybody. Main thread, while lcores run. */
void neigh_want(struct neigh *neigh, bool aloud);

/* Writes the question; returns its length. */
uint16_t neigh_question(const struct neigh *neigh, uint8_t *frame);
