/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

/*
 * Time from the processor's counter (TSC): steady, whatever happens to the wall clock. The main
 * thread moves the wall clock's offset along; lcores only read.
 */
struct clock {
	uint64_t tsc_start, tsc_hz;
	uint64_t ns_per_tick; /* fixed point, 32 fractional bits */
	uint64_t wall_ns;     /* since 1970, at tsc_start; main writes, anybody reads */
};

void clock_start(struct clock *c, uint64_t tsc_now, uint64_t tsc_hz);

/* Follows corrections of the system's clock (NTP): call it about once a second. */
void clock_follow(struct clock *c, uint64_t tsc_now);

/* Nanoseconds since clock_start(). */
static inline uint64_t clock_ns(const struct clock *c, uint64_t tsc)
{
	uint64_t ticks = tsc - c->tsc_start;

	return (uint64_t)(((unsigned __int128)ticks * c->ns_per_tick) >> 32);
}

/* Nanoseconds since 1970 UTC. */
static inline uint64_t clock_wall_ns(const struct clock *c, uint64_t tsc)
{
	return __atomic_load_n(&c->wall_ns, __ATOMIC_RELAXED) + clock_ns(c, tsc);
}
