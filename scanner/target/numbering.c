/* SPDX-License-Identifier: BSD-3-Clause */

#include "numbering_isa.h"

#include <errno.h>
#include <stdlib.h>

enum {
	CELLS_PER_RANGE = 2,  /* at least, and less than twice as many: hardly one is full */
	CELLS_MIN = 512,      /* likewise: 8 to 16 KiB stay in the first cache */
	CELLS_MOST = 1 << 19, /* up to 16 MiB: then cells are full sooner */
};

static void numbering_set_ranges(struct numbering *num, const struct rangeset *addrs)
{
	uint32_t number = 0;

	for (uint32_t i = 0; i < num->n_ranges; i++) {
		struct range r = addrs->at[i];

		num->range[i].delta = r.first - number;
		num->range[i].last = number + (r.last - r.first);
		number = num->range[i].last + 1;
	}
}

/* The cell of the numbers first ... last, of which `from` is the first range. */
static struct numbering_cell numbering_cell(const struct numbering *num, uint32_t first,
					    uint32_t last, uint32_t from)
{
	const struct numbered *range = num->range;
	uint32_t nowhere = UINT32_MAX << num->size_bits, r = from, gaps = 0;
	struct numbering_cell cell = {range[from].delta, {nowhere, nowhere, nowhere}};
	bool fits = true;

	for (; range[r].last < last && r + 1 < num->n_ranges; r++, gaps++) {
		uint32_t at = range[r].last + 1 - first, size = range[r + 1].delta - range[r].delta;

		fits = fits && gaps < NUMBERING_GAPS && size >> num->size_bits == 0;
		if (fits)
			cell.gap[gaps] = at << num->size_bits | size;
	}
	return fits ? cell : (struct numbering_cell){0, {CELL_FULL, from, r}};
}

static void numbering_set_cells(struct numbering *num, uint64_t cells)
{
	uint64_t size = UINT64_C(1) << num->shift;
	uint32_t r = 0;

	for (uint64_t c = 0; c < cells; c++) {
		while (num->range[r].last < c * size)
			r++;
		num->cell[c] = numbering_cell(num, (uint32_t)(c * size),
					      (uint32_t)(c * size + size - 1), r);
	}
}

int numbering_init(struct numbering *num, const struct rangeset *addrs)
{
	uint64_t wanted = (uint64_t)addrs->n * CELLS_PER_RANGE, cells;
	uint32_t last;

	if (wanted < CELLS_MIN)
		wanted = CELLS_MIN;
	if (wanted > CELLS_MOST)
		wanted = CELLS_MOST;
	*num = (struct numbering){.isa = isa_choose(), .n_ranges = (uint32_t)addrs->n, .shift = 1};
	num->range = calloc(addrs->n, sizeof(*num->range));
	if (num->range == NULL)
		return -ENOMEM;
	numbering_set_ranges(num, addrs);
	last = num->range[num->n_ranges - 1].last;
	while (last >> num->shift >= 2 * wanted)
		num->shift++;
	num->size_bits = 32 - num->shift;
	cells = (uint64_t)(last >> num->shift) + 1;
	num->cell = aligned_alloc(sizeof(*num->cell), cells * sizeof(*num->cell));
	if (num->cell == NULL)
		return -ENOMEM;
	numbering_set_cells(num, cells);
	return 0;
}

void numbering_fini(struct numbering *num)
{
	free(num->cell);
	free(num->range);
	*num = (struct numbering){0};
}

/* The address of a number whose cell is full: the first range whose last number is not below it. */
static uint32_t numbering_search(const struct numbering *num, const struct numbering_cell *cell,
				 uint32_t x)
{
	uint32_t low = cell->gap[1], high = cell->gap[2];

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (num->range[mid].last < x)
			low = mid + 1;
		else
			high = mid;
	}
	return x + num->range[low].delta;
}

/*
 * What a gap leaves out counts for numbers from its place on. The upper bits are compared with the
 * lower ones set, so that these do not count, and by a sign, not by a branch: nobody could foretell
 * it.
 */
static inline uint32_t numbering_left_out(uint32_t at, uint32_t gap, uint32_t sizes)
{
	return gap & sizes & -(uint32_t)(((uint64_t)gap - 1 - at) >> 63);
}

/* The address of any number. */
static uint32_t numbering_find(const struct numbering *num, uint32_t x)
{
	const struct numbering_cell *cell = &num->cell[x >> num->shift];
	uint32_t sizes = (UINT32_C(1) << num->size_bits) - 1, at = x << num->size_bits | sizes;
	uint32_t addr = x + cell->delta;

	if (cell->gap[0] == CELL_FULL)
		return numbering_search(num, cell, x);
	for (int g = 0; g < NUMBERING_GAPS; g++)
		addr += numbering_left_out(at, cell->gap[g], sizes);
	return addr;
}

/* For most numbers of most sets, what their cell's first one has is right: it has no gaps. */
uint64_t numbering_add_plain(const struct numbering *num, const uint32_t *number, uint32_t *addr,
			     unsigned n)
{
	const struct numbering_cell *cells = num->cell;
	const uint32_t shift = num->shift, nowhere = UINT32_MAX << num->size_bits;
	uint64_t gaps = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct numbering_cell *cell = &cells[number[i] >> shift];

		addr[i] = number[i] + cell->delta;
		gaps |= (uint64_t)(cell->gap[0] != nowhere) << i;
	}
	return gaps;
}

static numbering_add *const adds[] = {
	[ISA_PLAIN] = numbering_add_plain,
	[ISA_AES] = numbering_add_plain,
#ifdef __x86_64__
	[ISA_AVX2] = numbering_add_avx2,
	[ISA_AVX512] = numbering_add_avx512,
#endif
};

void numbering_pick(const struct numbering *num, const uint32_t *number, uint32_t *addr, unsigned n)
{
	uint64_t left = adds[num->isa](num, number, addr, n);

	for (; left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);

		addr[i] = numbering_find(num, number[i]);
	}
}
