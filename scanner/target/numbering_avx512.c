/* SPDX-License-Identifier: BSD-3-Clause */

#include "numbering_isa.h"

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))

enum {
	LANES = 16,
	SIDE = NUMBERING_BLOCK / LANES, /* vectors side by side */
	FEW = 32,			/* ranges */
};

/* The cells of the numbers i, i + 4, i + 8 and i + 12, whose places in bytes are in at[]. */
TARGET static inline __m512i four(const struct numbering *num, const uint32_t *at, unsigned i)
{
	const char *cells = (const char *)num->cell;
	__m512i row = _mm512_castsi128_si512(_mm_load_si128((const void *)(cells + at[i])));

	row = _mm512_inserti32x4(row, _mm_load_si128((const void *)(cells + at[i + 4])), 1);
	row = _mm512_inserti32x4(row, _mm_load_si128((const void *)(cells + at[i + 8])), 2);
	return _mm512_inserti32x4(row, _mm_load_si128((const void *)(cells + at[i + 12])), 3);
}

struct columns {
	__m512i delta, gap[NUMBERING_GAPS];
};

/* The cells of sixteen numbers, word by word. */
TARGET static inline struct columns fetch(const struct numbering *num, __m512i cell)
{
	_Alignas(64) uint32_t at[LANES];
	__m512i low01, high01, low23, high23, row[4];

	_mm512_store_si512(at, _mm512_slli_epi32(cell, 4));
	for (unsigned i = 0; i < 4; i++)
		row[i] = four(num, at, i);
	low01 = _mm512_unpacklo_epi32(row[0], row[1]);
	high01 = _mm512_unpackhi_epi32(row[0], row[1]);
	low23 = _mm512_unpacklo_epi32(row[2], row[3]);
	high23 = _mm512_unpackhi_epi32(row[2], row[3]);
	return (struct columns){
		.delta = _mm512_unpacklo_epi64(low01, low23),
		.gap = {_mm512_unpackhi_epi64(low01, low23), _mm512_unpacklo_epi64(high01, high23),
			_mm512_unpackhi_epi64(high01, high23)},
	};
}

/* Which lanes of the vector at `at` are there, of n numbers? */
static inline __mmask16 there_of(unsigned n, unsigned at)
{
	unsigned left = n > at ? n - at : 0;

	return left < LANES ? (__mmask16)((1u << left) - 1) : 0xffff;
}

/* Few ranges: what each gap leaves out is added to the numbers behind it, without any table. */
TARGET static void add_few(const struct numbering *num, const uint32_t *number, uint32_t *addr,
			   unsigned n)
{
	const struct numbered *range = num->range;
	__m512i x[SIDE], to[SIDE];

	for (unsigned k = 0; k < SIDE; k++) {
		x[k] = _mm512_maskz_loadu_epi32(there_of(n, k * LANES), number + k * LANES);
		to[k] = _mm512_add_epi32(x[k], _mm512_set1_epi32((int)range[0].delta));
	}
	for (uint32_t r = 1; r < num->n_ranges; r++) {
		__m512i last = _mm512_set1_epi32((int)range[r - 1].last);
		__m512i gap = _mm512_set1_epi32((int)(range[r].delta - range[r - 1].delta));

		for (unsigned k = 0; k < SIDE; k++)
			to[k] = _mm512_mask_add_epi32(to[k], _mm512_cmpgt_epu32_mask(x[k], last),
						      to[k], gap);
	}
	for (unsigned k = 0; k < SIDE; k++)
		_mm512_mask_storeu_epi32(addr + k * LANES, there_of(n, k * LANES), to[k]);
}

/* Of the lanes that are not there, 0 is looked up. */
TARGET uint64_t numbering_add_avx512(const struct numbering *num, const uint32_t *number,
				     uint32_t *addr, unsigned n)
{
	const __m128i shift = _mm_cvtsi32_si128((int)num->shift);
	const __m128i size_bits = _mm_cvtsi32_si128((int)num->size_bits);
	const __m512i sizes = _mm512_set1_epi32((int)((UINT32_C(1) << num->size_bits) - 1));
	uint64_t full = 0;

	if (num->n_ranges <= FEW) {
		add_few(num, number, addr, n);
		return 0;
	}
	for (unsigned i = 0; i < n; i += LANES) {
		__mmask16 there = there_of(n, i);
		__m512i x = _mm512_maskz_loadu_epi32(there, number + i);
		__m512i at = _mm512_or_si512(_mm512_sll_epi32(x, size_bits), sizes);
		struct columns c = fetch(num, _mm512_srl_epi32(x, shift));

		x = _mm512_add_epi32(x, c.delta);
		for (int g = 0; g < NUMBERING_GAPS; g++)
			x = _mm512_mask_add_epi32(x, _mm512_cmpge_epu32_mask(at, c.gap[g]), x,
						  _mm512_and_si512(c.gap[g], sizes));
		_mm512_mask_storeu_epi32(addr + i, there, x);
		full |= (uint64_t)_mm512_mask_cmpeq_epi32_mask(there, c.gap[0],
							       _mm512_set1_epi32(CELL_FULL))
			<< i;
	}
	return full;
}
