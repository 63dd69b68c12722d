/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "io.h"
#include "isa.h"

/*
 * The simulated internet: who is there and how it answers, as pure functions of its seed, the
 * address and the port. Parameters and their meaning are in the table of sim_internet.c.
 */

enum sim_state {
	SIM_SILENT,	 /* nobody there, or a firewall that drops */
	SIM_OPEN,	 /* SYN-ACK */
	SIM_CLOSED,	 /* RST */
	SIM_FILTERED,	 /* an ICMP error of a firewall */
	SIM_UNREACHABLE, /* nobody there, and a router says so */
};

/* What a hostile host does beside answering as its state says. */
enum sim_trick {
	SIM_HONEST,
	SIM_BLOWBACK,	  /* the answer many times over */
	SIM_FORGED_ACK,	  /* a SYN-ACK first that acknowledges something else */
	SIM_FORGED_PORT,  /* a SYN-ACK first to a port of ours that did not ask */
	SIM_FORGED_QUOTE, /* an ICMP error first that quotes a probe we never sent */
	SIM_RST_FIRST,	  /* an open port sends an RST before its SYN-ACK */
	SIM_BARE_RST,	  /* an RST without ACK first */
	SIM_GARBAGE,	  /* random bytes first */
	SIM_TRUNCATED,	  /* the answer first, cut somewhere */
	SIM_BROKEN_SUM,	  /* a SYN-ACK first whose TCP checksum is wrong */
	SIM_TRICKS,
};

struct sim_host {
	uint64_t look; /* random bits: TTL, window, options, ... */
	bool alive, middlebox;
	enum sim_trick trick;
	uint64_t rtt_ns;
};

struct sim_internet {
	uint64_t seed, rtt_ns;
	double alive, open, closed, icmp, loss, dup, hostile;
	uint64_t retransmit;
	/* of these, the same as thresholds for 32 random bits (2^32 is always) */
	uint64_t alive_below, open_below, closed_below, icmp_below, loss_below, dup_below,
		hostile_below;
	uint64_t rtt_table[256]; /* quantiles */
	enum isa isa;		 /* that sim_sieve() uses */
};

/* Prints all parameters with their defaults, as an argument that could be given. */
void sim_internet_list(FILE *to);

enum sim_state sim_internet_find(const struct sim_internet *internet, uint32_t addr, uint16_t port);

/* More about a host that answers. */
void sim_internet_host(const struct sim_internet *internet, uint32_t addr, struct sim_host *host);

/* What is left to chance happens to the n-th frame: the same in each run of the same frames. */
enum sim_chance {
	CHANCE_LOSS_IN,
	CHANCE_LOSS_OUT,
	CHANCE_DUP,
	CHANCE_JITTER,
	CHANCE_DUP_JITTER,
	CHANCE_CONTENT
};
uint64_t sim_random(const struct sim_internet *internet, enum sim_chance chance, uint64_t n);
