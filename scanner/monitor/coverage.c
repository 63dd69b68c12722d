/* SPDX-License-Identifier: BSD-3-Clause */

#include "coverage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"

static const double z99 = 2.5758293035489; /* of the normal distribution, both sides 0.5 % */

struct coverage_estimate coverage_estimate(uint64_t both, uint64_t again)
{
	double n = (double)again, p = (double)both / n, z2 = z99 * z99;
	double middle = (p + z2 / (2 * n)) / (1 + z2 / n);
	double half = z99 / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n));

	return (struct coverage_estimate){
		.percent = 100 * p,
		.low = both == 0 ? 0 : 100 * (middle - half),
		.high = both == again ? 100 : 100 * (middle + half),
	};
}

static void halve(struct coverage_rates *rates)
{
	for (unsigned i = 0; i < COVERAGE_MARKS / 2; i++)
		rates->at[i] = rates->at[2 * i];
	rates->n = COVERAGE_MARKS / 2;
}

static bool alike(uint64_t a, uint64_t b)
{
	return a == b ||
	       (a != UINT64_MAX && b != UINT64_MAX && fabs((double)a - (double)b) < (double)a / 10);
}

void coverage_rate(struct coverage_rates *rates, uint64_t offset, uint64_t rate)
{
	if (rates->n != 0 && alike(rates->at[rates->n - 1].rate, rate))
		return;
	if (rates->n == COVERAGE_MARKS)
		halve(rates);
	if (rates->n == 0)
		offset = 0;
	rates->at[rates->n++] = (struct coverage_mark){offset, rate};
}

/* Rates of half an octave are one step. */
static int step_of(uint64_t rate)
{
	return rate == UINT64_MAX ? INT32_MAX
				  : (int)floor(2 * log2((double)(rate == 0 ? 1 : rate)));
}

/* The step of this rate; those of too many go to the last. */
static struct coverage_step *find_step(struct coverage *c, uint64_t rate)
{
	for (unsigned i = 0; i < c->n_steps; i++)
		if (step_of(c->step[i].rate) == step_of(rate))
			return &c->step[i];
	return c->n_steps < COVERAGE_RATES ? &c->step[c->n_steps++] : &c->step[COVERAGE_RATES - 1];
}

static int by_rate(const void *a, const void *b)
{
	uint64_t x = ((const struct coverage_step *)a)->rate;
	uint64_t y = ((const struct coverage_step *)b)->rate;

	return (x > y) - (x < y);
}

void coverage_count(struct coverage *c, const struct sample *s, const struct coverage_rates *rates)
{
	memset(c, 0, sizeof(*c));
	for (unsigned i = 0; i < rates->n; i++) {
		uint64_t end = i + 1 < rates->n ? rates->at[i + 1].first : UINT64_MAX;
		struct sample_count count = sample_count(s, rates->at[i].first, end);
		struct coverage_step *step;

		c->again += count.again;
		c->both += count.both;
		if (count.again == 0)
			continue;
		step = find_step(c, rates->at[i].rate);
		step->again += count.again;
		step->both += count.both;
		if (step->rate < rates->at[i].rate)
			step->rate = rates->at[i].rate;
	}
	qsort(c->step, c->n_steps, sizeof(c->step[0]), by_rate);
}
