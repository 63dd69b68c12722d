/* SPDX-License-Identifier: BSD-3-Clause */

#include "walk.h"

#include <errno.h>

/*
 * Slices are long enough that two lcores seldom meet at the cursor, and short enough that a small
 * space is still shared out evenly: at least 64 slices a shard where there are positions enough.
 */
enum { SLICE_BITS_MIN = 6, SLICE_BITS_MAX = 12, SLICES_WANTED = 64, BURST = 64 };

static uint32_t slice_bits(uint64_t domain, uint32_t shards)
{
	uint32_t bits = SLICE_BITS_MAX;

	while (bits > SLICE_BITS_MIN && (domain >> bits) < (uint64_t)SLICES_WANTED * shards)
		bits--;
	return bits;
}

/* Offsets of the whole shard: only the very last slice of the order may be short. */
static uint64_t shard_length(const struct walk *w)
{
	uint64_t slice = UINT64_C(1) << w->slice_bits;
	uint64_t slices = (w->order.domain + slice - 1) >> w->slice_bits;
	uint64_t own, missing;

	if (w->shard_index >= slices)
		return 0;
	own = (slices - w->shard_index - 1) / w->shard_total + 1;
	missing = (slices - 1) % w->shard_total == w->shard_index ? slices * slice - w->order.domain
								  : 0;
	return own * slice - missing;
}

static uint64_t offset_of(const struct walk *w, uint64_t pos)
{
	uint64_t slice = pos >> w->slice_bits;
	uint64_t within = pos & ((UINT64_C(1) << w->slice_bits) - 1);

	if (w->shard_total == 1)
		return pos;
	if (slice % w->shard_total != w->shard_index)
		return WALK_ELSEWHERE;
	return ((slice / w->shard_total) << w->slice_bits) + within;
}

static uint64_t position_of(const struct walk *w, uint64_t offset)
{
	uint64_t slice = offset >> w->slice_bits;
	uint64_t within = offset & ((UINT64_C(1) << w->slice_bits) - 1);

	return ((slice * w->shard_total + w->shard_index) << w->slice_bits) + within;
}

/*
 * Offsets below end that are no target. The order has fewer than one row of them, so asking the
 * inverse for each is quick whatever the size of the space.
 */
static uint64_t gaps_before(const struct walk *w, uint64_t end)
{
	uint64_t index[BURST], pos[BURST], gaps = 0;

	for (uint64_t from = w->order.size; from < w->order.domain; from += BURST) {
		unsigned n = 0;

		while (n < BURST && from + n < w->order.domain) {
			index[n] = from + n;
			n++;
		}
		permute_back(&w->order, index, pos, n);
		for (unsigned i = 0; i < n; i++)
			gaps += offset_of(w, pos[i]) < end;
	}
	return gaps;
}

uint64_t walk_targets_before(const struct walk *w, uint64_t end)
{
	return end - gaps_before(w, end);
}

/* The least length that holds so many targets: grows until the gaps below it are accounted for. */
static uint64_t length_of_targets(const struct walk *w, uint64_t targets)
{
	uint64_t length = targets, grown;

	while ((grown = targets + gaps_before(w, length)) != length)
		length = grown;
	return length;
}

int walk_init(struct walk *w, uint64_t size, uint64_t seed, uint32_t shard_index,
	      uint32_t shard_total, uint64_t max_targets)
{
	int rc = permute_init(&w->order, size, seed);

	if (rc < 0)
		return rc;
	if (shard_index >= shard_total)
		return -EINVAL;
	w->shard_index = shard_index;
	w->shard_total = shard_total;
	w->slice_bits = slice_bits(w->order.domain, shard_total);
	w->length = shard_length(w);
	w->targets = walk_targets_before(w, w->length);
	if (max_targets != 0 && max_targets < w->targets) {
		w->length = length_of_targets(w, max_targets);
		w->targets = max_targets;
	}
	return 0;
}

unsigned walk_next(const struct walk *w, uint64_t *next, uint64_t end, uint64_t *at,
		   uint64_t *index, unsigned n)
{
	uint64_t slice = UINT64_C(1) << w->slice_bits;
	unsigned found = 0;

	while (found < n && *next < end) {
		uint64_t stop = (*next & ~(slice - 1)) + slice;
		uint64_t from = position_of(w, *next), pos = from;
		unsigned got;

		if (stop > end)
			stop = end;
		got = permute_next(&w->order, &pos, from + (stop - *next), at + found,
				   index + found, n - found);
		for (unsigned i = found; from != *next && i < found + got; i++)
			at[i] = *next + (at[i] - from);
		*next += pos - from;
		found += got;
	}
	return found;
}

void walk_find(const struct walk *w, const uint64_t *index, uint64_t *at, unsigned n)
{
	permute_back(&w->order, index, at, n);
	for (unsigned i = 0; i < n; i++) {
		at[i] = offset_of(w, at[i]);
		if (at[i] >= w->length)
			at[i] = WALK_ELSEWHERE;
	}
}
