/* SPDX-License-Identifier: BSD-3-Clause */

#include "permute_isa.h"

#include <immintrin.h>

#define TARGET __attribute__((target("avx2")))

enum { LANES = 8, SIDE = 4 };

/* What permute.c calls mix(), but for the last step: cutting the range. */
TARGET static inline __m256i mix(__m256i x, const uint32_t key[2])
{
	x = _mm256_xor_si256(x, _mm256_set1_epi32((int)key[0]));
	x = _mm256_mullo_epi32(x, _mm256_set1_epi32((int)0x85ebca6b));
	x = _mm256_xor_si256(x, _mm256_srli_epi32(x, 15));
	x = _mm256_add_epi32(x, _mm256_set1_epi32((int)key[1]));
	x = _mm256_mullo_epi32(x, _mm256_set1_epi32((int)0xc2b2ae35));
	x = _mm256_xor_si256(x, _mm256_srli_epi32(x, 16));
	return _mm256_mullo_epi32(x, _mm256_set1_epi32((int)0x9e3779b1));
}

/* x * n / 2^32: products of the even and of the odd lanes, their upper halves put together. */
TARGET static inline __m256i scale(__m256i x, __m256i n)
{
	__m256i even = _mm256_srli_epi64(_mm256_mul_epu32(x, n), 32);
	__m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(x, 32), n);

	return _mm256_blend_epi32(even, odd, 0xaa);
}

TARGET static inline __m256i add_mod(__m256i a, __m256i b, __m256i n)
{
	__m256i sum = _mm256_add_epi32(a, b);

	return _mm256_min_epu32(sum, _mm256_sub_epi32(sum, n));
}

TARGET static inline __m256i sub_mod(__m256i a, __m256i b, __m256i n)
{
	__m256i difference = _mm256_sub_epi32(a, b);

	return _mm256_min_epu32(difference, _mm256_add_epi32(difference, n));
}

struct halves {
	__m256i left, right;
};

/* The lower words of eight numbers; low has the first four. */
TARGET static inline __m256i words(__m256i low, __m256i high)
{
	__m256 even = _mm256_shuffle_ps(_mm256_castsi256_ps(low), _mm256_castsi256_ps(high),
					_MM_SHUFFLE(2, 0, 2, 0));

	return _mm256_permute4x64_epi64(_mm256_castps_si256(even), _MM_SHUFFLE(3, 1, 2, 0));
}

TARGET static inline struct halves split(const struct permute *p, const uint64_t *at)
{
	__m256i low = _mm256_loadu_si256((const __m256i *)at);
	__m256i high = _mm256_loadu_si256((const __m256i *)(at + 4));
	__m128i bits = _mm_cvtsi32_si128((int)p->right_bits);
	__m256i column = _mm256_set1_epi32((1 << p->right_bits) - 1);

	return (struct halves){
		.left = words(_mm256_srl_epi64(low, bits), _mm256_srl_epi64(high, bits)),
		.right = _mm256_and_si256(words(low, high), column),
	};
}

TARGET static inline void join(const struct permute *p, struct halves h, uint64_t *to)
{
	__m128i bits = _mm_cvtsi32_si128((int)p->right_bits);
	__m256i *at = (__m256i *)to;

	for (int i = 0; i < 2; i++) {
		__m128i left = i == 0 ? _mm256_castsi256_si128(h.left)
				      : _mm256_extracti128_si256(h.left, 1);
		__m128i right = i == 0 ? _mm256_castsi256_si128(h.right)
				       : _mm256_extracti128_si256(h.right, 1);

		_mm256_storeu_si256(
			at + i, _mm256_or_si256(_mm256_sll_epi64(_mm256_cvtepu32_epi64(left), bits),
						_mm256_cvtepu32_epi64(right)));
	}
}

/* Rounds of several vectors side by side: what one waits for, the others do not. */
TARGET static void forth(const struct permute *p, const uint64_t *pos, uint64_t *index, unsigned n)
{
	__m256i rows = _mm256_set1_epi32((int)p->left);
	__m128i cut = _mm_cvtsi32_si128(32 - (int)p->right_bits); /* to a column: 2^right_bits */
	unsigned whole = n / (SIDE * LANES) * SIDE * LANES;

	for (unsigned at = 0; at < whole; at += SIDE * LANES) {
		struct halves h[SIDE];

		for (unsigned i = 0; i < SIDE; i++)
			h[i] = split(p, pos + at + i * LANES);
		for (int round = 0; round < PERMUTE_ROUNDS; round += 2) {
			for (unsigned i = 0; i < SIDE; i++)
				h[i].left =
					add_mod(h[i].left,
						scale(mix(h[i].right, p->key[round]), rows), rows);
			for (unsigned i = 0; i < SIDE; i++)
				h[i].right = _mm256_xor_si256(
					h[i].right,
					_mm256_srl_epi32(mix(h[i].left, p->key[round + 1]), cut));
		}
		for (unsigned i = 0; i < SIDE; i++)
			join(p, h[i], index + at + i * LANES);
	}
	permute_plain.forth(p, pos + whole, index + whole, n - whole);
}

TARGET static void back(const struct permute *p, const uint64_t *index, uint64_t *pos, unsigned n)
{
	__m256i rows = _mm256_set1_epi32((int)p->left);
	__m128i cut = _mm_cvtsi32_si128(32 - (int)p->right_bits);
	unsigned whole = n / (SIDE * LANES) * SIDE * LANES;

	for (unsigned at = 0; at < whole; at += SIDE * LANES) {
		struct halves h[SIDE];

		for (unsigned i = 0; i < SIDE; i++)
			h[i] = split(p, index + at + i * LANES);
		for (int round = PERMUTE_ROUNDS - 2; round >= 0; round -= 2) {
			for (unsigned i = 0; i < SIDE; i++)
				h[i].right = _mm256_xor_si256(
					h[i].right,
					_mm256_srl_epi32(mix(h[i].left, p->key[round + 1]), cut));
			for (unsigned i = 0; i < SIDE; i++)
				h[i].left =
					sub_mod(h[i].left,
						scale(mix(h[i].right, p->key[round]), rows), rows);
		}
		for (unsigned i = 0; i < SIDE; i++)
			join(p, h[i], pos + at + i * LANES);
	}
	permute_plain.back(p, index + whole, pos + whole, n - whole);
}

TARGET static unsigned next(const struct permute *p, uint64_t *at, uint64_t end, uint64_t *pos,
			    uint64_t *index, unsigned n)
{
	return permute_walk(p, forth, at, end, pos, index, n);
}

const struct permute_isa permute_avx2 = {.forth = forth, .back = back, .next = next};
