/* SPDX-License-Identifier: BSD-3-Clause */

#include "gate_isa.h"

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))

enum { LANES = 16 };

TARGET uint64_t gate_bits_avx512(const uint64_t *bits, unsigned shift, const uint32_t *addr,
				 unsigned n)
{
	const __m128i by = _mm_cvtsi32_si128((int)shift);
	const __m512i one = _mm512_set1_epi32(1), low = _mm512_set1_epi32(31);
	uint64_t near = 0;

	for (unsigned i = 0; i < n; i += LANES) {
		__mmask16 there = n - i < LANES ? (__mmask16)((1u << (n - i)) - 1) : 0xffff;
		__m512i at = _mm512_srl_epi32(_mm512_maskz_loadu_epi32(there, addr + i), by);
		__m512i bit = _mm512_sllv_epi32(one, _mm512_and_si512(at, low));
		__m512i word = _mm512_i32gather_epi32(_mm512_srli_epi32(at, 5), bits, 4);

		near |= (uint64_t)_mm512_mask_test_epi32_mask(there, word, bit) << i;
	}
	return near;
}
