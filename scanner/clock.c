/* SPDX-License-Identifier: BSD-3-Clause */

#include "clock.h"

#include <time.h>

#define NS_PER_S UINT64_C(1000000000)

void clock_start(struct clock *c, uint64_t tsc_now, uint64_t tsc_hz)
{
	c->tsc_start = tsc_now;
	c->tsc_hz = tsc_hz;
	c->ns_per_tick = (uint64_t)(((unsigned __int128)NS_PER_S << 32) / tsc_hz);
	clock_follow(c, tsc_now);
}

void clock_follow(struct clock *c, uint64_t tsc_now)
{
	struct timespec now;
	uint64_t wall;

	clock_gettime(CLOCK_REALTIME, &now);
	wall = (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
	__atomic_store_n(&c->wall_ns, wall - clock_ns(c, tsc_now), __ATOMIC_RELAXED);
}
