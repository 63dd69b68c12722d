/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "isa.h"
#include "rangeset.h"

/*
 * Numbers the addresses of a set in ascending order, 0 to 2^32 - 1: which address has a number?
 *
 * A number lies below its address by what is left out before it. A table cuts the numbers into
 * equal cells, and a cell has all that a number in it needs, in one place: what was left out before
 * its first number, and up to three gaps, each with where it is and how many addresses it leaves
 * out. For the few cells with more gaps, or too large a one, a search of the ranges goes on.
 */
struct numbering {
	enum isa isa;
	uint32_t n_ranges;
	struct numbered *range;
	struct numbering_cell *cell;
	uint32_t shift;	    /* number x is in cell x >> shift */
	uint32_t size_bits; /* 32 - shift: the lower bits of a gap */
};

struct numbered {
	uint32_t last;	/* number */
	uint32_t delta; /* address - number, modulo 2^32 */
};

enum { NUMBERING_GAPS = 3, NUMBERING_BLOCK = 64 };

struct numbering_cell {
	uint32_t delta; /* of its first number */
	/*
	 * Where in the cell, and from there on in the lower bits, how many addresses are left out.
	 * Or CELL_FULL, and its first and its last range.
	 */
	uint32_t gap[NUMBERING_GAPS];
};

#define CELL_FULL 0 /* no gap is in front of all the cell's numbers */

/* addrs is normal and not empty. 0 or -ENOMEM: then numbering_fini() is still due. */
int numbering_init(struct numbering *num, const struct rangeset *addrs);
void numbering_fini(struct numbering *num);

/* Numbers whose addresses will soon be asked for. */
static inline void numbering_prefetch(const struct numbering *num, const uint32_t *number,
				      unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		__builtin_prefetch(&num->cell[number[i] >> num->shift], 0, 2);
}

/* n numbers (all below the count of the set; n <= NUMBERING_BLOCK) to addresses. */
void numbering_pick(const struct numbering *num, const uint32_t *number, uint32_t *addr,
		    unsigned n);
