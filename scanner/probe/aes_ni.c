/* SPDX-License-Identifier: BSD-3-Clause */

#include <immintrin.h>

#include "aes_isa.h"

#define TARGET __attribute__((target("aes,sse4.1")))

enum {
	LANES = 8
}; /* blocks in flight: a round takes about four cycles, a new one can start each */

TARGET static void encrypt_lanes(const __m128i *round, __m128i *block)
{
	__m128i x[LANES];
	unsigned r, i;

	for (i = 0; i < LANES; i++)
		x[i] = _mm_xor_si128(_mm_loadu_si128(block + i), round[0]);
	for (r = 1; r < 10; r++)
		for (i = 0; i < LANES; i++)
			x[i] = _mm_aesenc_si128(x[i], round[r]);
	for (i = 0; i < LANES; i++)
		_mm_storeu_si128(block + i, _mm_aesenclast_si128(x[i], round[10]));
}

TARGET static void encrypt_one(const __m128i *round, __m128i *block)
{
	__m128i x = _mm_xor_si128(_mm_loadu_si128(block), round[0]);
	unsigned r;

	for (r = 1; r < 10; r++)
		x = _mm_aesenc_si128(x, round[r]);
	_mm_storeu_si128(block, _mm_aesenclast_si128(x, round[10]));
}

static void encrypt(const struct aes_key *key, uint8_t (*block)[16], unsigned n)
{
	const __m128i *round = (const __m128i *)key->round;
	__m128i *at = (__m128i *)block;

	for (; n >= LANES; n -= LANES, at += LANES)
		encrypt_lanes(round, at);
	for (; n > 0; n--, at++)
		encrypt_one(round, at);
}

const struct aes_isa aes_ni = {.encrypt = encrypt};
