/* SPDX-License-Identifier: BSD-3-Clause */

#include "permute_isa.h"

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl")))

enum { LANES = 16, SIDE = 4 };

/* Of so many from a vector on, how many are there for the i-th? */
static inline unsigned left_of(unsigned left, unsigned i)
{
	return left > i * LANES ? left - i * LANES : 0;
}

/* What permute.c calls mix(), but for the last step: cutting the range. */
TARGET static inline __m512i mix(__m512i x, const uint32_t key[2])
{
	x = _mm512_xor_si512(x, _mm512_set1_epi32((int)key[0]));
	x = _mm512_mullo_epi32(x, _mm512_set1_epi32((int)0x85ebca6b));
	x = _mm512_xor_si512(x, _mm512_srli_epi32(x, 15));
	x = _mm512_add_epi32(x, _mm512_set1_epi32((int)key[1]));
	x = _mm512_mullo_epi32(x, _mm512_set1_epi32((int)0xc2b2ae35));
	x = _mm512_xor_si512(x, _mm512_srli_epi32(x, 16));
	return _mm512_mullo_epi32(x, _mm512_set1_epi32((int)0x9e3779b1));
}

/* x * n / 2^32: products of the even and of the odd lanes, their upper halves put together. */
TARGET static inline __m512i scale(__m512i x, __m512i n)
{
	__m512i even = _mm512_srli_epi64(_mm512_mul_epu32(x, n), 32);
	__m512i odd = _mm512_mul_epu32(_mm512_srli_epi64(x, 32), n);

	return _mm512_mask_blend_epi32(0xaaaa, even, odd);
}

TARGET static inline __m512i add_mod(__m512i a, __m512i b, __m512i n)
{
	__m512i sum = _mm512_add_epi32(a, b);

	return _mm512_min_epu32(sum, _mm512_sub_epi32(sum, n));
}

TARGET static inline __m512i sub_mod(__m512i a, __m512i b, __m512i n)
{
	__m512i difference = _mm512_sub_epi32(a, b);

	return _mm512_min_epu32(difference, _mm512_add_epi32(difference, n));
}

struct halves {
	__m512i left, right;
};

/* 16 numbers of 64 bits, of which the first n are there, to rows and columns. */
TARGET static inline struct halves split(const struct permute *p, const uint64_t *at, unsigned n)
{
	__mmask16 there = n < LANES ? (__mmask16)((1u << n) - 1) : 0xffff;
	__m512i low = _mm512_maskz_loadu_epi64((__mmask8)there, at);
	__m512i high = _mm512_maskz_loadu_epi64((__mmask8)(there >> 8), at + 8);
	__m128i bits = _mm_cvtsi32_si128((int)p->right_bits);
	__m512i column = _mm512_set1_epi32((1 << p->right_bits) - 1);
	__m512i right = _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi64_epi32(low)),
					   _mm512_cvtepi64_epi32(high), 1);

	low = _mm512_srl_epi64(low, bits);
	high = _mm512_srl_epi64(high, bits);
	return (struct halves){
		.left = _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi64_epi32(low)),
					   _mm512_cvtepi64_epi32(high), 1),
		.right = _mm512_and_si512(right, column),
	};
}

TARGET static inline __m512i joined(__m256i left, __m256i right, __m128i bits)
{
	return _mm512_or_si512(_mm512_sll_epi64(_mm512_cvtepu32_epi64(left), bits),
			       _mm512_cvtepu32_epi64(right));
}

TARGET static inline void join(const struct permute *p, struct halves h, uint64_t *to, unsigned n)
{
	__mmask16 there = n < LANES ? (__mmask16)((1u << n) - 1) : 0xffff;
	__m128i bits = _mm_cvtsi32_si128((int)p->right_bits);

	_mm512_mask_storeu_epi64(
		to, (__mmask8)there,
		joined(_mm512_castsi512_si256(h.left), _mm512_castsi512_si256(h.right), bits));
	_mm512_mask_storeu_epi64(to + 8, (__mmask8)(there >> 8),
				 joined(_mm512_extracti64x4_epi64(h.left, 1),
					_mm512_extracti64x4_epi64(h.right, 1), bits));
}

/* Rounds of several vectors side by side: what one waits for, the others do not. */
TARGET static void forth(const struct permute *p, const uint64_t *pos, uint64_t *index, unsigned n)
{
	__m512i rows = _mm512_set1_epi32((int)p->left);
	__m128i cut = _mm_cvtsi32_si128(32 - (int)p->right_bits); /* to a column: 2^right_bits */

	for (unsigned at = 0; at < n; at += SIDE * LANES) {
		struct halves h[SIDE];

		for (unsigned i = 0; i < SIDE; i++)
			h[i] = split(p, pos + at + i * LANES, left_of(n - at, i));
		for (int round = 0; round < PERMUTE_ROUNDS; round += 2) {
			for (unsigned i = 0; i < SIDE; i++)
				h[i].left =
					add_mod(h[i].left,
						scale(mix(h[i].right, p->key[round]), rows), rows);
			for (unsigned i = 0; i < SIDE; i++)
				h[i].right = _mm512_xor_si512(
					h[i].right,
					_mm512_srl_epi32(mix(h[i].left, p->key[round + 1]), cut));
		}
		for (unsigned i = 0; i < SIDE; i++)
			join(p, h[i], index + at + i * LANES, left_of(n - at, i));
	}
}

TARGET static void back(const struct permute *p, const uint64_t *index, uint64_t *pos, unsigned n)
{
	__m512i rows = _mm512_set1_epi32((int)p->left);
	__m128i cut = _mm_cvtsi32_si128(32 - (int)p->right_bits);

	for (unsigned at = 0; at < n; at += SIDE * LANES) {
		struct halves h[SIDE];

		for (unsigned i = 0; i < SIDE; i++)
			h[i] = split(p, index + at + i * LANES, left_of(n - at, i));
		for (int round = PERMUTE_ROUNDS - 2; round >= 0; round -= 2) {
			for (unsigned i = 0; i < SIDE; i++)
				h[i].right = _mm512_xor_si512(
					h[i].right,
					_mm512_srl_epi32(mix(h[i].left, p->key[round + 1]), cut));
			for (unsigned i = 0; i < SIDE; i++)
				h[i].left =
					sub_mod(h[i].left,
						scale(mix(h[i].right, p->key[round]), rows), rows);
		}
		for (unsigned i = 0; i < SIDE; i++)
			join(p, h[i], pos + at + i * LANES, left_of(n - at, i));
	}
}

TARGET static unsigned next(const struct permute *p, uint64_t *at, uint64_t end, uint64_t *pos,
			    uint64_t *index, unsigned n)
{
	return permute_walk(p, forth, at, end, pos, index, n);
}

const struct permute_isa permute_avx512 = {.forth = forth, .back = back, .next = next};
