/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

#include "job.h" /* RATE_MAX */

/*
 * A token bucket in integers, one per lcore: a token is a frame that may go. It fills with time and
 * holds one frame and what PACE_STALL_MS earn, never more: what a longer stall cost is not caught
 * up, while a poll up to so late (others want the processor, too) loses nothing. So in any window
 *
 *	frames <= rate * window + 1 + rate * PACE_STALL_MS
 *
 * holds by the clock it is shown, whatever that does: 1.04 times the rate in any 100 ms. A bucket
 * that is polled in time keeps the rate exactly. Only the lcore that owns a bucket touches it.
 */

enum {
	PACE_BURST = 64,   /* no more at once, even without a limit */
	PACE_STALL_MS = 4, /* of lateness that costs nothing */
};

struct pace {
	uint64_t rate;	/* credit that one tick of the clock earns; RATE_MAX: no limit */
	uint64_t token; /* credit that one frame costs */
	uint64_t cap;	/* the most credit the bucket holds */
	uint64_t fill;	/* ticks that fill it from empty */
	/* also: how far the clock may be behind itself without having been reset */
	uint64_t tsc_hz;
	uint64_t credit;
	uint64_t last; /* the latest time seen */
};

/*
 * rate / share frames a second, so that lcores can share a rate that they do not divide; the first
 * token is there at once. rate, share (up to 65536) and tsc_hz (of the clock, up to 2^34) are not
 * 0. RATE_MAX, and any rate from 10^11 on, which no lcore can reach, is no limit.
 */
void pace_init(struct pace *p, uint64_t rate, uint32_t share, uint64_t tsc_hz, uint64_t now);

/*
 * Another rate (not 0) from now on. What was saved up stays, as far as the bucket of the new rate
 * holds it; one that had no limit begins empty. So with rates that change, every window keeps what
 * the highest of them allows, and from now on what the new one does.
 */
void pace_change(struct pace *p, uint64_t rate, uint64_t now);

/* Takes up to want tokens and returns how many frames may go now. */
unsigned pace_take(struct pace *p, uint64_t now, unsigned want);

/* Puts back tokens of the last pace_take() that were not used. */
void pace_give_back(struct pace *p, unsigned n);

/* When the next token is there: for the idle policy. In the past if it is there already. */
uint64_t pace_due(const struct pace *p);
