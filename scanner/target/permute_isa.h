/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "permute.h"

/* An implementation of the order, in both directions and in a row: the front door's functions of
 * these names. permute.c has the plain one and the table. */
struct permute_isa {
	void (*forth)(const struct permute *p, const uint64_t *pos, uint64_t *index, unsigned n);
	void (*back)(const struct permute *p, const uint64_t *index, uint64_t *pos, unsigned n);
	unsigned (*next)(const struct permute *p, uint64_t *next, uint64_t end, uint64_t *pos,
			 uint64_t *index, unsigned n);
};

extern const struct permute_isa permute_plain, permute_avx2, permute_avx512;

/* --- in a row: written once, compiled for each instruction set --- */

/* Drops what is not in the space; mostly there is nothing to drop, which is quick to see. */
static inline unsigned permute_keep(const struct permute *p, uint64_t *pos, uint64_t *index,
				    unsigned n)
{
	uint64_t outside = 0;
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++)
		outside |= p->size - 1 - index[i]; /* wraps: the top bit tells */
	if (outside >> 63 == 0)
		return n;
	for (unsigned i = 0; i < n; i++) {
		pos[kept] = pos[i];
		index[kept] = index[i];
		kept += index[i] < p->size;
	}
	return kept;
}

/* permute_next() by the forth of an instruction set. */
static inline __attribute__((always_inline)) unsigned
permute_walk(const struct permute *p,
	     void (*forth)(const struct permute *, const uint64_t *, uint64_t *, unsigned),
	     uint64_t *next, uint64_t end, uint64_t *pos, uint64_t *index, unsigned n)
{
	uint64_t at = *next; /* which may be among pos[], as far as the compiler knows */
	unsigned found = 0;

	while (found < n && at < end) {
		uint64_t *some = pos + found;
		unsigned take = n - found;

		if (take > end - at)
			take = (unsigned)(end - at);
		for (unsigned i = 0; i < take; i++)
			some[i] = at + i;
		forth(p, some, index + found, take);
		found += permute_keep(p, some, index + found, take);
		at += take;
	}
	*next = at;
	return found;
}
