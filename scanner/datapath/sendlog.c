/* SPDX-License-Identifier: BSD-3-Clause */

#include "sendlog.h"

#include <errno.h>
#include <stdlib.h>

#include "job.h" /* RATE_MAX */

enum {
	RING_BITS = 20,
	ENTRIES_PER_SECOND = 16384,
	TAG_SHIFT = 48,
};

#define RATE_ASSUMED (UINT64_C(1) << 24) /* for "max": 10 Gbit/s of SYNs */
#define LATE	     (UINT64_C(1) << 47) /* the group took too long: its time is the last */
#define TIME_MASK    (LATE - 1)
#define TAGS	     65535 /* 1 ... 65535; 0 is an entry that was never written */

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

/* What a group has below its tag once a probe of it is sent now, old being what was noted before.
 */
static uint64_t group_time(const struct sendlog *l, uint64_t old, uint64_t now_us)
{
	if (l->group_bits == 0) /* the same probe again: only now it leaves */
		return now_us;
	if ((old & LATE) != 0 || now_us > old + SENDLOG_ERROR_US)
		return LATE | now_us;
	return old;
}

static void note_group(struct sendlog *l, uint64_t group, uint64_t now_us)
{
	uint64_t *entry = &l->ring[group_entry(l, group)], tag = group_tag(l, group);
	uint64_t old = __atomic_load_n(entry, __ATOMIC_RELAXED), time = now_us & TIME_MASK;

	if (old >> TAG_SHIFT == tag)
		time = group_time(l, old & (LATE | TIME_MASK), time);
	if (old != (tag << TAG_SHIFT | time))
		__atomic_store_n(entry, tag << TAG_SHIFT | time, __ATOMIC_RELAXED);
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
	return entry >> TAG_SHIFT == group_tag(l, group) && (entry & LATE) == 0;
}

/* --- by time --- */

/* Whether any of a group with this entry may have been sent between. */
static bool entry_between(const struct sendlog *l, uint64_t entry, uint64_t from_us, uint64_t to_us)
{
	uint64_t time = entry & TIME_MASK, took = l->group_bits == 0 ? 0 : SENDLOG_ERROR_US;

	if (entry & LATE)
		return time >= from_us;
	return time <= to_us && time + took >= from_us;
}

/* Which group is it, last being that which was claimed last? UINT64_MAX: none. */
static uint64_t entry_group(const struct sendlog *l, uint64_t at, uint64_t entry, uint64_t last)
{
	uint64_t turn = last >> l->ring_bits, tag = entry >> TAG_SHIFT, ago;

	if (tag == 0)
		return UINT64_MAX;
	ago = (turn % TAGS + TAGS - (tag - 1)) % TAGS;
	return ago > turn ? UINT64_MAX : (turn - ago) << l->ring_bits | at;
}

int sendlog_between(const struct sendlog *l, uint64_t front, uint64_t from_us, uint64_t to_us,
		    struct spans *sent)
{
	uint64_t last = front == 0 ? 0 : (front - 1) >> l->group_bits;
	int rc = 0;

	for (uint64_t i = 0; i >> l->ring_bits == 0 && rc == 0; i++) {
		uint64_t entry = __atomic_load_n(&l->ring[i], __ATOMIC_RELAXED), end;
		uint64_t group = entry_group(l, i, entry, last);

		if (group > last || !entry_between(l, entry, from_us, to_us))
			continue;
		end = (group + 1) << l->group_bits;
		rc = spans_add(sent, group << l->group_bits, end < front ? end : front);
	}
	return rc;
}

void sendlog_forget(struct sendlog *l, uint64_t first, uint64_t end)
{
	uint64_t group = (first + (UINT64_C(1) << l->group_bits) - 1) >> l->group_bits;

	for (; group < end >> l->group_bits; group++) {
		uint64_t *entry = &l->ring[group_entry(l, group)];

		if (__atomic_load_n(entry, __ATOMIC_RELAXED) >> TAG_SHIFT == group_tag(l, group))
			__atomic_store_n(entry, 0, __ATOMIC_RELAXED);
	}
}
