/* SPDX-License-Identifier: BSD-3-Clause */

#include "prefix.h"

#include <errno.h>
#include <stdlib.h>

enum {
	SLOT_BITS_MIN = 10,
	SLOT_BITS_MAX = 23, /* 64 MiB */
	SPARE = 32,	    /* times as many slots as could be busy: hardly two prefixes in one */
	TICK_BITS = 14,	    /* an interval has so many bits in ticks: rounding costs 1/16384 */
};

#define RATE_MOST (UINT64_C(1) << 28) /* frames/s: no ceiling for all together counts as this */

/*
 * Times are the lower 32 bits of ticks: an interval is at most 2^15 of them, so that a slot's due
 * lies so far ahead at most, and what lies elsewhere is past. (Once in 2^17 visits to a slot that
 * has long been idle, past looks like future, and a frame waits for nothing.)
 */
struct slot {
	uint32_t due;	       /* from then on the next frame may go */
	uint32_t second : 8;   /* which second is counted */
	uint32_t count : 24;   /* frames in it */
} __attribute__((aligned(8))); /* read and exchanged as one word */

struct prefix_pace {
	unsigned shift;	     /* right shift from address to prefix */
	unsigned slot_shift; /* right shift from a hash to a slot */
	unsigned tick_shift; /* right shift from TSC to ticks */
	bool shared;	     /* by several lcores */
	uint32_t peak;
	uint32_t interval;   /* ticks between two frames to a prefix */
	uint64_t hz_inverse; /* 2^64 / TSC ticks a second */
	struct slot slot[];
};

/* So many slots that frames at the rate of all together keep few of them busy, and not more than
 * there are prefixes: small tables stay in the caches. */
static unsigned slot_bits(const struct prefix_pace_conf *conf)
{
	uint64_t most = conf->total < RATE_MOST ? conf->total : RATE_MOST;
	unsigned bits = SLOT_BITS_MIN;

	while (bits < SLOT_BITS_MAX && bits < conf->len && most * SPARE / conf->rate >> bits != 0)
		bits++;
	return bits;
}

int prefix_pace_create(const struct prefix_pace_conf *conf, struct prefix_pace **pace)
{
	uint64_t interval = (conf->tsc_hz + conf->rate - 1) / conf->rate;
	unsigned bits = slot_bits(conf);
	struct prefix_pace *p = calloc(1, sizeof(*p) + (sizeof(p->slot[0]) << bits));

	if (p == NULL)
		return -ENOMEM;
	p->shift = 32 - conf->len;
	p->slot_shift = 32 - bits;
	p->shared = conf->lcores > 1;
	while (interval >> p->tick_shift >> TICK_BITS > 1)
		p->tick_shift++;
	p->interval = (uint32_t)(interval >> p->tick_shift) + 2; /* both ends rounded up */
	p->hz_inverse = UINT64_MAX / conf->tsc_hz;
	*pace = p;
	return 0;
}

void prefix_pace_destroy(struct prefix_pace *pace)
{
	free(pace);
}

static struct slot *slot_of(struct prefix_pace *pace, uint32_t addr)
{
	/* Fibonacci hashing (Knuth, TAOCP 3, 6.4): neighbours spread over the table */
	uint32_t prefix = (uint32_t)((uint64_t)addr >> pace->shift);

	return &pace->slot[(prefix * UINT32_C(2654435769)) >> pace->slot_shift];
}

/* One more frame in this second, at most; lcores that race here may miss one. */
static inline struct slot count(struct slot slot, uint8_t second, uint32_t *peak)
{
	slot.count = slot.second == second ? slot.count + 1u : 1u;
	slot.second = second;
	if (slot.count > *peak)
		*peak = slot.count;
	return slot;
}

/* Books a frame at `at` and returns true, or leaves it and what it holds in *was. A locked
 * instruction costs as much as a whole probe: an lcore by itself does without. */
static inline bool book(const struct prefix_pace *p, struct slot *at, uint32_t ticks,
			uint8_t second, uint32_t *peak, struct slot *was)
{
	struct slot next;

	__atomic_load(at, was, __ATOMIC_RELAXED);
	do {
		if (was->due - ticks - 1 < p->interval)
			return false;
		next = count(*was, second, peak);
		next.due = ticks + p->interval;
		if (!p->shared) {
			*at = next;
			return true;
		}
	} while (!__atomic_compare_exchange(at, was, &next, true, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED));
	return true;
}

uint64_t prefix_pace_take(struct prefix_pace *pace, const uint32_t *addr, unsigned n, uint64_t now,
			  uint64_t *due)
{
	uint32_t ticks = (uint32_t)(now >> pace->tick_shift), peak = pace->peak;
	uint8_t second = (uint8_t)((unsigned __int128)now * pace->hz_inverse >> 64);
	uint64_t may = 0;

	for (unsigned i = 0; i < n; i++) {
		struct slot was;

		if (book(pace, slot_of(pace, addr[i]), ticks, second, &peak, &was))
			may |= UINT64_C(1) << i;
		else
			due[i] = now + ((uint64_t)(was.due - ticks) << pace->tick_shift);
	}
	if (peak > __atomic_load_n(&pace->peak, __ATOMIC_RELAXED))
		__atomic_store_n(&pace->peak, peak, __ATOMIC_RELAXED);
	return may;
}

void prefix_pace_prefetch(struct prefix_pace *pace, const uint32_t *addr, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		__builtin_prefetch(slot_of(pace, addr[i]), 1);
}

uint64_t prefix_pace_peak(const struct prefix_pace *pace)
{
	return __atomic_load_n(&pace->peak, __ATOMIC_RELAXED);
}
