/* SPDX-License-Identifier: BSD-3-Clause */

#include "batch.h"

#include "first_bits.h"

static void batch_move(struct batch *b, unsigned to, unsigned from)
{
	b->step[to] = b->step[from];
	b->daddr[to] = b->daddr[from];
	b->dport[to] = b->dport[from];
	b->cookie[to] = b->cookie[from];
}

/* Those of the first ones that stay take the places of those that go. */
unsigned batch_keep(struct batch *b, uint64_t mask, unsigned n)
{
	unsigned first = b->first, gone = n - (unsigned)__builtin_popcountll(mask);
	uint64_t early = mask & first_bits(gone), free = first_bits(n) & ~mask & ~first_bits(gone);

	for (; free != 0; free &= free - 1, early &= early - 1)
		batch_move(b, first + (unsigned)__builtin_ctzll(free),
			   first + (unsigned)__builtin_ctzll(early));
	b->suspects = UINT64_MAX; /* they are elsewhere */
	b->first += gone;
	return n - gone;
}
