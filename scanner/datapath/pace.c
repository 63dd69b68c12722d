/* SPDX-License-Identifier: BSD-3-Clause */

#include "pace.h"

#include <stdbool.h>

/*
 * Credit is counted in ticks * rate, so that no division ever rounds: a second earns
 * rate * tsc_hz, and at rate / share frames a second one frame costs tsc_hz * share.
 */

#define RATE_UNREACHED UINT64_C(100000000000)

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static bool pace_unlimited(const struct pace *p)
{
	return p->rate == RATE_MAX;
}

static void pace_set(struct pace *p, uint64_t rate)
{
	p->rate = rate >= RATE_UNREACHED ? RATE_MAX : rate;
	if (pace_unlimited(p))
		return;
	p->cap = p->token + rate * (p->tsc_hz / 1000) * PACE_STALL_MS;
	p->fill = p->cap / rate + 1;
}

void pace_init(struct pace *p, uint64_t rate, uint32_t share, uint64_t tsc_hz, uint64_t now)
{
	*p = (struct pace){
		.token = tsc_hz * share,
		.tsc_hz = tsc_hz,
		.credit = tsc_hz * share,
		.last = now,
	};
	pace_set(p, rate);
}

static void pace_earn(struct pace *p, uint64_t now)
{
	uint64_t ticks = now - p->last;

	if (now < p->last) {
		/* Earns nothing until it is past the latest time again, unless it was set anew. */
		if (p->last - now > p->tsc_hz)
			p->last = now;
		return;
	}
	p->last = now;
	p->credit = ticks < p->fill ? min_u64(p->credit + ticks * p->rate, p->cap) : p->cap;
}

void pace_change(struct pace *p, uint64_t rate, uint64_t now)
{
	if (pace_unlimited(p)) {
		p->credit = 0;
		p->last = now;
	} else {
		pace_earn(p, now);
	}
	pace_set(p, rate);
	if (!pace_unlimited(p))
		p->credit = min_u64(p->credit, p->cap);
}

unsigned pace_take(struct pace *p, uint64_t now, unsigned want)
{
	uint64_t n = min_u64(want, PACE_BURST);

	if (pace_unlimited(p))
		return (unsigned)n;

	pace_earn(p, now);
	if (p->credit < n * p->token)
		n = p->credit / p->token;
	p->credit -= n * p->token;
	return (unsigned)n;
}

void pace_give_back(struct pace *p, unsigned n)
{
	if (!pace_unlimited(p))
		p->credit = min_u64(p->credit + n * p->token, p->cap);
}

uint64_t pace_due(const struct pace *p)
{
	if (pace_unlimited(p) || p->credit >= p->token)
		return p->last;
	return p->last + (p->token - p->credit + p->rate - 1) / p->rate;
}
