/* SPDX-License-Identifier: BSD-3-Clause */

#include "sendlog.h"

#include <errno.h>
#include <stdlib.h>

#include "job.h" /* RATE_MAX */

enum {
	RING_BITS = 20,
	ENTRIES_PER_SECOND = 16384,
	TIME_BITS = 48,
};

#define RATE_ASSUMED (UINT64_C(1) << 24) /* for "max": 10 Gbit/s of SYNs */
#define TIME_MASK    ((UINT64_C(1) << TIME_BITS) - 1)
#define TIME_UNKNOWN TIME_MASK /* of a group that took too long */
#define TAGS	     65535     /* 1 ... 65535; 0 is an entry that was never written */

/* An entry is the tag of the group (which turn of the ring it belongs to) above its time. Tags
 * repeat after 2^36 groups, which take over a month. */
struct sendlog {
	unsigned group_bits, ring_bits;
	uint64_t ring[];
};

static unsigned group_bits(uint64_t rate, uint64_t length)
{
	unsigned bits = 0;

	if (rate == RATE_MAX)
		rate = RATE_ASSUMED;
	while (rate >> bits > ENTRIES_PER_SECOND && (length - 1) >> bits >> RING_BITS != 0)
		bits++;
	return bits;
}

int sendlog_create(uint64_t rate, uint64_t length, struct sendlog **log)
{
	unsigned bits = group_bits(rate, length), ring_bits = 0;
	struct sendlog *l;

	while (ring_bits < RING_BITS && (length - 1) >> bits >> ring_bits != 0)
		ring_bits++;
	l = calloc(1, sizeof(*l) + (sizeof(l->ring[0]) << ring_bits));
	if (l == NULL)
		return -ENOMEM;
	l->group_bits = bits;
	l->ring_bits = ring_bits;
	*log = l;
	return 0;
}

void sendlog_destroy(struct sendlog *l)
{
	free(l);
}

static uint64_t group_entry(const struct sendlog *l, uint64_t group)
{
	return group & ((UINT64_C(1) << l->ring_bits) - 1);
}

static uint64_t group_tag(const struct sendlog *l, uint64_t group)
{
	return (group >> l->ring_bits) % TAGS + 1;
}

/* The time that a group has once a probe of it is sent now, old being what was noted before. */
static uint64_t group_time(const struct sendlog *l, uint64_t old, uint64_t now_us)
{
	if (l->group_bits == 0) /* the same probe again: only now it leaves */
		return now_us;
	if (old == TIME_UNKNOWN || now_us > old + SENDLOG_ERROR_US)
		return TIME_UNKNOWN;
	return old;
}

static void note_group(struct sendlog *l, uint64_t group, uint64_t now_us)
{
	uint64_t *entry = &l->ring[group_entry(l, group)], tag = group_tag(l, group);
	uint64_t old = __atomic_load_n(entry, __ATOMIC_RELAXED), time = now_us & TIME_MASK;

	if (old >> TIME_BITS == tag)
		time = group_time(l, old & TIME_MASK, now_us);
	if (old != (tag << TIME_BITS | time))
		__atomic_store_n(entry, tag << TIME_BITS | time, __ATOMIC_RELAXED);
}

void sendlog_note(struct sendlog *l, const uint64_t *pos, unsigned n, uint64_t now_us)
{
	uint64_t differ = 0, group, noted = UINT64_MAX;

	for (unsigned i = 0; i < n; i++)
		differ |= pos[i] ^ pos[0];
	if (differ >> l->group_bits == 0) { /* at high rates, a burst is mostly of one group */
		if (n != 0)
			note_group(l, pos[0] >> l->group_bits, now_us);
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		group = pos[i] >> l->group_bits;
		if (group != noted)
			note_group(l, group, now_us);
		noted = group;
	}
}

bool sendlog_find(const struct sendlog *l, uint64_t pos, uint64_t *us)
{
	uint64_t group = pos >> l->group_bits;
	uint64_t entry = __atomic_load_n(&l->ring[group_entry(l, group)], __ATOMIC_RELAXED);

	*us = entry & TIME_MASK;
	return entry >> TIME_BITS == group_tag(l, group) && *us != TIME_UNKNOWN;
}
