/* SPDX-License-Identifier: BSD-3-Clause */

#include "prefix.h"

#include <errno.h>
#include <stdlib.h>

#include "first_bits.h"

enum {
	SLOT_BITS_MIN = 10,
	SLOT_BITS_MAX = 23, /* 64 MiB */
	SPARE = 128,	    /* times as many slots as could be busy: hardly two prefixes in one */
	TICK_BITS = 14,	    /* an interval has so many bits in ticks: rounding costs 1/16384 */
};

#define RATE_MOST (UINT64_C(1) << 28) /* frames/s: no ceiling for all together counts as this */

/*
 * Times are the lower 32 bits of ticks: an interval is at most 2^15 of them, so that a slot's due
 * lies so far ahead at most, and what lies elsewhere is past. (Once in 2^17 visits to a slot that
 * has long been idle, past looks like future, and a frame waits for nothing.)
 */
#define SLOT_DUE    UINT64_C(0xffffffff)   /* from then on the next frame may go */
#define SLOT_SECOND (UINT64_C(0xff) << 32) /* which second is counted */
#define SLOT_FRAME  (UINT64_C(1) << 40)	   /* one of the frames in it */

struct prefix_pace {
	unsigned shift;	     /* right shift from address to prefix */
	unsigned slot_shift; /* right shift from a hash to a slot */
	unsigned tick_shift; /* right shift from TSC to ticks */
	bool shared;	     /* by several lcores */
	uint32_t peak;
	uint32_t interval;   /* ticks between two frames to a prefix */
	uint64_t hz_inverse; /* 2^64 / TSC ticks a second */
	uint64_t slot[];
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

/* Which slots: Fibonacci hashing (Knuth, TAOCP 3, 6.4), so that neighbours spread over the table.
 */
static inline void slots_of(const struct prefix_pace *pace, const uint32_t *addr, uint32_t *slot,
			    unsigned n)
{
	const unsigned shift = pace->shift, slot_shift = pace->slot_shift;

	for (unsigned i = 0; i < n; i++)
		slot[i] = ((addr[i] >> shift) * UINT32_C(2654435769)) >> slot_shift;
}

/* What a slot holds after one more frame; second is where a slot has it. */
static inline uint64_t booked(uint64_t was, uint64_t second, uint32_t due)
{
	uint64_t frames = (was ^ second) & SLOT_SECOND ? second : was & ~SLOT_DUE;

	return frames + (SLOT_FRAME | due);
}

/*
 * Books a frame in the slot, or leaves it; *holds is what is in it then. A locked instruction costs
 * as much as a whole probe: an lcore by itself does without. Lcores that race may miss one frame.
 */
static inline bool book(uint64_t *slot, uint32_t ticks, uint32_t interval, uint64_t second,
			bool shared, uint64_t *holds)
{
	uint64_t was = __atomic_load_n(slot, __ATOMIC_RELAXED);

	do {
		*holds = was;
		if ((uint32_t)was - ticks - 1 < interval)
			return false;
		*holds = booked(was, second, ticks + interval);
		if (!shared) {
			__atomic_store_n(slot, *holds, __ATOMIC_RELAXED);
			return true;
		}
	} while (!__atomic_compare_exchange_n(slot, &was, *holds, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return true;
}

/* Once for an lcore by itself, once for several. Returns who must wait, from when on in due[]. */
static inline __attribute__((always_inline)) uint64_t book_all(struct prefix_pace *pace,
							       const uint32_t *addr, unsigned n,
							       uint64_t now, bool shared,
							       uint64_t *due)
{
	uint64_t second = (uint64_t)((unsigned __int128)now * pace->hz_inverse >> 64) << 32;
	uint32_t ticks = (uint32_t)(now >> pace->tick_shift), interval = pace->interval;
	uint64_t wait = 0, most = 0, holds;
	uint32_t slot[64];

	second &= SLOT_SECOND;
	slots_of(pace, addr, slot, n);
	for (unsigned i = 0; i < n; i++) {
		if (!book(&pace->slot[slot[i]], ticks, interval, second, shared, &holds)) {
			wait |= UINT64_C(1) << i;
			due[i] = now + ((uint64_t)((uint32_t)holds - ticks) << pace->tick_shift);
		}
		most = holds > most ? holds : most;
	}
	if (most / SLOT_FRAME > __atomic_load_n(&pace->peak, __ATOMIC_RELAXED))
		__atomic_store_n(&pace->peak, (uint32_t)(most / SLOT_FRAME), __ATOMIC_RELAXED);
	return wait;
}

uint64_t prefix_pace_take(struct prefix_pace *pace, const uint32_t *addr, unsigned n, uint64_t now,
			  uint64_t *due)
{
	return first_bits(n) & ~(pace->shared ? book_all(pace, addr, n, now, true, due)
					      : book_all(pace, addr, n, now, false, due));
}

void prefix_pace_prefetch(struct prefix_pace *pace, const uint32_t *addr, unsigned n)
{
	uint32_t slot[64];

	slots_of(pace, addr, slot, n);
	for (unsigned i = 0; i < n; i++)
		__builtin_prefetch(&pace->slot[slot[i]], 1);
}

uint64_t prefix_pace_peak(const struct prefix_pace *pace)
{
	return __atomic_load_n(&pace->peak, __ATOMIC_RELAXED);
}
