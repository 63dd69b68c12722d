/* SPDX-License-Identifier: BSD-3-Clause */

#include "cookie_isa.h"

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,vaes")))

enum {
	VECTORS = 8, /* of four blocks: so many rounds are under way at once */
	BLOCKS = 4 * VECTORS,
};

/* Element 4j + k of a vector to place 4k + j: unpacking four vectors' lanes undoes it. */
TARGET static inline __m512i transpose4(__m512i x)
{
	return _mm512_permutexvar_epi32(
		_mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), x);
}

TARGET static inline __m512i big_endian(__m512i x)
{
	return _mm512_shuffle_epi8(x,
				   _mm512_broadcast_i32x4(_mm_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11,
									10, 9, 8, 15, 14, 13, 12)));
}

/* The blocks of 16 targets, of which the first n are there, as cookie.c writes them. */
TARGET static inline void write_blocks(const uint32_t *addr, const uint16_t *port, uint8_t attempt,
				       unsigned n, __m512i block[4])
{
	__mmask16 there = n < 16 ? (__mmask16)((1u << n) - 1) : 0xffff;
	__m512i high = _mm512_maskz_loadu_epi32(there, addr);
	__m512i low = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(there, port));
	__m512i purpose = _mm512_set1_epi64((long long)COOKIE_PURPOSE);

	low = _mm512_or_si512(_mm512_slli_epi32(low, 16), _mm512_set1_epi32(attempt));
	high = big_endian(transpose4(high));
	low = big_endian(transpose4(low));
	for (int i = 0; i < 4; i += 2) {
		__m512i targets = i == 0 ? _mm512_unpacklo_epi32(high, low)
					 : _mm512_unpackhi_epi32(high, low);

		block[i] = _mm512_unpacklo_epi64(targets, purpose);
		block[i + 1] = _mm512_unpackhi_epi64(targets, purpose);
	}
}

TARGET static inline void encrypt(const struct aes_key *key, __m512i block[VECTORS])
{
	__m512i round = _mm512_broadcast_i32x4(_mm_load_si128((const __m128i *)key->round[0]));

	for (int i = 0; i < VECTORS; i++)
		block[i] = _mm512_xor_si512(block[i], round);
	for (int r = 1; r < 10; r++) {
		round = _mm512_broadcast_i32x4(_mm_load_si128((const __m128i *)key->round[r]));
		for (int i = 0; i < VECTORS; i++)
			block[i] = _mm512_aesenc_epi128(block[i], round);
	}
	round = _mm512_broadcast_i32x4(_mm_load_si128((const __m128i *)key->round[10]));
	for (int i = 0; i < VECTORS; i++)
		block[i] = _mm512_aesenclast_epi128(block[i], round);
}

/* Two words a cookie: a mask of as many as are left. */
TARGET static inline __mmask8 words_left(unsigned cookies)
{
	return cookies < 4 ? (__mmask8)((1u << 2 * cookies) - 1) : 0xff;
}

TARGET void cookie_make_avx512(const struct aes_key *key, const uint32_t *addr,
			       const uint16_t *port, uint8_t attempt, struct cookie *cookie,
			       unsigned n)
{
	for (unsigned at = 0; at < n; at += BLOCKS) {
		unsigned left = n - at;
		__m512i block[VECTORS];

		write_blocks(addr + at, port + at, attempt, left, block);
		write_blocks(addr + at + 16, port + at + 16, attempt, left > 16 ? left - 16 : 0,
			     block + 4);
		encrypt(key, block);
		for (unsigned i = 0; i < VECTORS && 4 * i < left; i++)
			_mm512_mask_storeu_epi64(cookie + at + 4 * i, words_left(left - 4 * i),
						 block[i]);
	}
}
