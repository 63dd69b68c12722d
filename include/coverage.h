/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

/*
 * How much of what would answer has answered: what a sample (sample.h) says of it, over the whole
 * scan and by the rate at which it was sent. Pure; main thread.
 */

enum { COVERAGE_RATES = 16, COVERAGE_MARKS = 256 };

/* Which share of `again` is `both`, in percent, with its interval of 99 % (Wilson, JASA 22, 1927,
 * which keeps its promise near 100 % and for few answers). */
struct coverage_estimate {
	double percent, low, high;
};

/* again > 0, both <= again. */
struct coverage_estimate coverage_estimate(uint64_t both, uint64_t again);

/* At which rate was what sent? Zeroed at the start. */
struct coverage_rates {
	struct coverage_mark {
		uint64_t first; /* offset from which on */
		uint64_t rate;	/* frames/s; UINT64_MAX: no limit */
	} at[COVERAGE_MARKS];
	unsigned n;
};

/*
 * From offset on, rate is in force; the first one from the beginning. Offsets ascend. Rates within
 * a tenth of each other are not told apart, and when there are too many marks every second one
 * goes.
 */
void coverage_rate(struct coverage_rates *rates, uint64_t offset, uint64_t rate);

struct sample;

struct coverage {
	uint64_t again, both;
	struct coverage_step {
		/* the highest of the step, which reaches down to half of an octave */
		uint64_t rate;
		uint64_t again, both;
	} step[COVERAGE_RATES]; /* ascending */
	unsigned n_steps;
};

void coverage_count(struct coverage *c, const struct sample *s, const struct coverage_rates *rates);
