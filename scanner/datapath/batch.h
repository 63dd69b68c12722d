/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cookie.h"

/* A batch of probes on their way: targets with their cookies, as arrays, for every stage works on a
 * run of them. An lcore's own. */

enum { TX_BURST = 64 };

struct batch {
	/* where its targets are */
	uint64_t *step;
	uint32_t *daddr;
	uint16_t *dport;
	struct cookie cookie[TX_BURST];
	uint64_t suspects; /* bit i: the gate is to look at the i-th, see gate_check() */
	unsigned first, n; /* [first, n) is still to be sent */
	bool again;	   /* all were sent before */
};

/* Room for targets. */
struct batch_targets {
	uint64_t step[TX_BURST];
	uint32_t daddr[TX_BURST];
	uint16_t dport[TX_BURST];
};

/* The batch's targets are those. */
static inline void batch_use(struct batch *b, struct batch_targets *targets)
{
	b->step = targets->step;
	b->daddr = targets->daddr;
	b->dport = targets->dport;
}

/* Keeps the probes of [first, first + n) whose bit is set, in any order, and returns how many:
 * those are [first, first + that) then. */
unsigned batch_keep(struct batch *b, uint64_t mask, unsigned n);
