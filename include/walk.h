/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

#include "permute.h"

/*
 * One pass of a scan: the part of the order that belongs to this shard, within the limit of
 * targets, as consecutive offsets 0 ... length - 1.
 *
 * The order's positions are cut into slices; shard i of n owns slices i, i + n, i + 2n, ... So the
 * shards are disjoint, together they are the whole, and each is spread over the whole order.
 * Pure; const once made.
 */

#define WALK_ELSEWHERE UINT64_MAX

struct walk {
	struct permute order;
	uint32_t shard_index, shard_total;
	uint32_t slice_bits; /* a slice is 2^slice_bits positions */
	uint64_t length;     /* offsets of one pass */
	uint64_t targets;    /* targets among them */
};

/*
 * size targets in the order of seed; max_targets 0 is all of them, else the first so many of this
 * shard. -EINVAL for a size that permute_init() refuses, or a shard that is none.
 */
int walk_init(struct walk *w, uint64_t size, uint64_t seed, uint32_t shard_index,
	      uint32_t shard_total, uint64_t max_targets);

/*
 * Goes on from *next towards end (<= length) until n targets are found or end is reached: at[] gets
 * their offsets, index[] their indices in the target space. Returns how many; *next is where the
 * next call goes on.
 */
unsigned walk_next(const struct walk *w, uint64_t *next, uint64_t end, uint64_t *at,
		   uint64_t *index, unsigned n);

/* The inverse: n indices (< size) to offsets, WALK_ELSEWHERE where this walk does not come by. */
void walk_find(const struct walk *w, const uint64_t *index, uint64_t *at, unsigned n);

/* How many targets lie at offsets below end. */
uint64_t walk_targets_before(const struct walk *w, uint64_t end);
