/* SPDX-License-Identifier: BSD-3-Clause */

#include "rangeset.h"

#include <stdio.h>

#include "vec.h"

int rangeset_add(struct rangeset *set, uint32_t first, uint32_t last)
{
	struct range range = {first, last};

	return vec_push(set, range);
}

void rangeset_fini(struct rangeset *set)
{
	vec_free(set);
}

static int range_compare(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

static bool rangeset_sorted(const struct rangeset *set)
{
	for (size_t i = 1; i < set->n; i++)
		if (set->at[i - 1].first > set->at[i].first)
			return false;
	return true;
}

void rangeset_normalise(struct rangeset *set)
{
	struct range *kept = set->at;

	if (set->n == 0)
		return;
	if (!rangeset_sorted(set)) /* lists of addresses mostly are */
		qsort(set->at, set->n, sizeof(*set->at), range_compare);

	for (size_t i = 1; i < set->n; i++) {
		struct range next = set->at[i];

		/* next.first - 1 cannot wrap: 0 is never above kept->last */
		if (next.first > kept->last && next.first - 1 > kept->last)
			*++kept = next;
		else if (next.last > kept->last)
			kept->last = next.last;
	}
	set->n = (size_t)(kept - set->at) + 1;
}

/* Adds what b, from its range j on, leaves of r. */
static int range_subtract(struct rangeset *out, struct range r, const struct rangeset *b, size_t j)
{
	for (; j < b->n && b->at[j].first <= r.last; j++) {
		struct range hole = b->at[j];

		if (hole.first > r.first && rangeset_add(out, r.first, hole.first - 1) < 0)
			return -ENOMEM;
		if (hole.last >= r.last)
			return 0;
		r.first = hole.last + 1;
	}
	return rangeset_add(out, r.first, r.last);
}

int rangeset_subtract(struct rangeset *out, const struct rangeset *a, const struct rangeset *b)
{
	size_t j = 0;

	*out = (struct rangeset){0};
	for (size_t i = 0; i < a->n; i++) {
		while (j < b->n && b->at[j].last < a->at[i].first)
			j++;
		if (range_subtract(out, a->at[i], b, j) < 0) {
			rangeset_fini(out);
			return -ENOMEM;
		}
	}
	return 0;
}

int rangeset_intersect(struct rangeset *out, const struct rangeset *a, const struct rangeset *b)
{
	size_t i = 0, j = 0;

	*out = (struct rangeset){0};
	while (i < a->n && j < b->n) {
		struct range x = a->at[i], y = b->at[j];
		uint32_t first = x.first > y.first ? x.first : y.first;
		uint32_t last = x.last < y.last ? x.last : y.last;

		if (first <= last && rangeset_add(out, first, last) < 0) {
			rangeset_fini(out);
			return -ENOMEM;
		}
		if (x.last < y.last)
			i++;
		else
			j++;
	}
	return 0;
}

uint64_t rangeset_count(const struct rangeset *set)
{
	uint64_t count = 0;

	for (size_t i = 0; i < set->n; i++)
		count += (uint64_t)set->at[i].last - set->at[i].first + 1;
	return count;
}

bool rangeset_overlaps(const struct rangeset *set, struct range range)
{
	size_t low = 0, high = set->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (set->at[mid].last < range.first)
			low = mid + 1;
		else
			high = mid;
	}
	return low < set->n && set->at[low].first <= range.last;
}

bool rangeset_contains(const struct rangeset *set, uint32_t addr)
{
	return rangeset_overlaps(set, (struct range){addr, addr});
}

const char *range_prefix(char buf[PREFIX_TEXT], struct range range)
{
	uint32_t differ = range.first ^ range.last;
	int len = differ == 0 ? 32 : __builtin_clz(differ);
	uint32_t host = (uint32_t)(UINT64_C(0xffffffff) >> len);
	size_t n = addr4_format(buf, range.first & ~host);

	snprintf(buf + n, PREFIX_TEXT - n, "/%d", len);
	return buf;
}
