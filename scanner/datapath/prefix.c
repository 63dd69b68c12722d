/* SPDX-License-Identifier: BSD-3-Clause */

#include "prefix.h"

#include <errno.h>
#include <stdlib.h>

enum { SLOT_BITS = 20 };

struct slot {
	uint64_t due;	 /* TSC from which the next frame may go */
	uint32_t second; /* which second is counted */
	uint32_t count;	 /* frames in it */
};

struct prefix_pace {
	unsigned shift;	   /* right shift from address to prefix */
	uint64_t interval; /* TSC ticks between two frames to a prefix */
	uint64_t tsc_hz;
	uint32_t peak;
	struct slot slot[UINT64_C(1) << SLOT_BITS];
};

int prefix_pace_create(uint64_t rate, unsigned len, uint64_t tsc_hz, struct prefix_pace **pace)
{
	struct prefix_pace *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return -ENOMEM;
	p->shift = 32 - len;
	p->interval = (tsc_hz + rate - 1) / rate;
	p->tsc_hz = tsc_hz;
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

	return &pace->slot[(prefix * UINT32_C(2654435769)) >> (32 - SLOT_BITS)];
}

/* The peak is for people: lcores that race here may miss a frame of the count. */
static void count(struct prefix_pace *pace, struct slot *slot, uint64_t now)
{
	uint32_t second = (uint32_t)(now / pace->tsc_hz);
	uint32_t n = 1;

	if (__atomic_load_n(&slot->second, __ATOMIC_RELAXED) == second)
		n = __atomic_load_n(&slot->count, __ATOMIC_RELAXED) + 1;
	__atomic_store_n(&slot->second, second, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->count, n, __ATOMIC_RELAXED);
	if (n > __atomic_load_n(&pace->peak, __ATOMIC_RELAXED))
		__atomic_store_n(&pace->peak, n, __ATOMIC_RELAXED);
}

uint64_t prefix_pace_take(struct prefix_pace *pace, uint32_t addr, uint64_t now)
{
	struct slot *slot = slot_of(pace, addr);
	uint64_t due = __atomic_load_n(&slot->due, __ATOMIC_RELAXED);

	do {
		if (due > now)
			return due;
	} while (!__atomic_compare_exchange_n(&slot->due, &due, now + pace->interval, true,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	count(pace, slot, now);
	return 0;
}

uint64_t prefix_pace_peak(const struct prefix_pace *pace)
{
	return __atomic_load_n(&pace->peak, __ATOMIC_RELAXED);
}
