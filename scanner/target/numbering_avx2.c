/* SPDX-License-Identifier: BSD-3-Clause */

#include "numbering_isa.h"

#include <immintrin.h>

#define TARGET __attribute__((target("avx2")))

enum {
	LANES = 8,
	SIDE = 4, /* vectors side by side */
	FEW = 24, /* ranges */
};

/* Vectors compare signed words. */
TARGET static inline __m256i comparable(__m256i x)
{
	return _mm256_xor_si256(x, _mm256_set1_epi32(INT32_MIN));
}

/* Few ranges: what each gap leaves out is added to the numbers behind it, without any table. */
TARGET static void add_few(const struct numbering *num, const uint32_t *number, uint32_t *addr)
{
	const struct numbered *range = num->range;
	__m256i x[SIDE], to[SIDE];

	for (unsigned k = 0; k < SIDE; k++) {
		x[k] = _mm256_loadu_si256((const __m256i *)number + k);
		to[k] = _mm256_add_epi32(x[k], _mm256_set1_epi32((int)range[0].delta));
		x[k] = comparable(x[k]);
	}
	for (uint32_t r = 1; r < num->n_ranges; r++) {
		__m256i last = comparable(_mm256_set1_epi32((int)range[r - 1].last));
		__m256i gap = _mm256_set1_epi32((int)(range[r].delta - range[r - 1].delta));

		for (unsigned k = 0; k < SIDE; k++)
			to[k] = _mm256_add_epi32(
				to[k], _mm256_and_si256(_mm256_cmpgt_epi32(x[k], last), gap));
	}
	for (unsigned k = 0; k < SIDE; k++)
		_mm256_storeu_si256((__m256i *)addr + k, to[k]);
}

uint64_t numbering_add_avx2(const struct numbering *num, const uint32_t *number, uint32_t *addr,
			    unsigned n)
{
	unsigned done = num->n_ranges <= FEW ? n / (SIDE * LANES) * SIDE * LANES : 0;

	for (unsigned at = 0; at < done; at += SIDE * LANES)
		add_few(num, number + at, addr + at);
	if (done == n)
		return 0;
	return numbering_add_plain(num, number + done, addr + done, n - done) << done;
}
