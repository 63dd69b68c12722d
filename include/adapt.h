/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

#include "job.h" /* RATE_MAX */

/*
 * How fast may we send so that nothing is lost? Below the ceiling, a search for the highest rate
 * without loss: multiplicative decrease, and a cubic curve back (as CUBIC's, RFC 9438).
 *
 * A loss lowers the rate at once, to ADAPT_LOW of what came through. From there the curve rises
 * fast at first, is flat at ADAPT_TOP of it, where most of the time is spent without a loss, and
 * then goes faster and faster in search of more. A loss at about the same rate as the last time
 * makes the next curve twice as long, up to a minute: so a steady bottleneck is met about once in
 * two minutes, while one that has gone is left behind within three.
 *
 * Pure: counters and the time are arguments. Main thread only.
 */

#define ADAPT_LOW 0.7
#define ADAPT_TOP 0.95

enum {
	ADAPT_REACT_MS = 500,	/* losses within this after a decrease have the same cause */
	ADAPT_STALL_MS = 200,	/* between two looks: we were stopped */
	ADAPT_MEASURE_MS = 100, /* how long the rate of sending is measured */
	ADAPT_SPAN_MS = 5000,	/* from the decrease to the flat part, first */
	ADAPT_SPAN_MAX_MS = 60000,
	ADAPT_FLOOR = 1000, /* frames/s, or a sixteenth of the ceiling: no decrease below */
};

/* What has been counted so far; these only grow. */
struct adapt_seen {
	uint64_t sent, tx_lost;	    /* frames, and how many of them did not get out */
	uint64_t received, rx_lost; /* frames that came in, and others that could not */
};

struct adapt {
	uint64_t ceiling;
	uint64_t rate;		/* allowed now, RATE_MAX: no limit */
	uint64_t backoffs;	/* decreases so far */
	double floor, low, top; /* where the curve begins, and where it is flat: frames/s */
	double lossy;		/* the rate at which there was a loss last */
	uint64_t begun, span;	/* of the curve: ns */
	uint64_t backed_off;	/* ns: of the last decrease */
	uint64_t looked;	/* ns */
	uint64_t measured;	/* frames/s, lately */
	uint64_t mark_at;	/* ns: since then it is measured anew */
	struct adapt_seen mark, last;
};

/* ceiling: frames/s, not 0; RATE_MAX is none. */
void adapt_init(struct adapt *a, uint64_t ceiling, const struct adapt_seen *seen, uint64_t now_ns);

/* Instead of a look: what was lost since the last has nothing to do with the rate. */
void adapt_skip(struct adapt *a, const struct adapt_seen *seen, uint64_t now_ns);

/* Some times a second. Returns the rate that is allowed from now on: not 0, nor above the ceiling.
 */
uint64_t adapt_look(struct adapt *a, const struct adapt_seen *seen, uint64_t now_ns);
