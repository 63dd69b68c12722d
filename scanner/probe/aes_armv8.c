/* SPDX-License-Identifier: BSD-3-Clause */

#include <arm_neon.h>

#include "aes_isa.h"

#define TARGET __attribute__((target("+crypto")))

/* Blocks in flight: a round takes about four cycles, a new one can start each. */
enum { LANES = 8 };

/* One instruction adds the round key, before it substitutes and shifts: so the last key is added by
 * hand. Another mixes the columns; processors fuse the two. */
TARGET static void encrypt_lanes(const uint8_t (*round)[16], uint8_t (*block)[16])
{
	uint8x16_t x[LANES], key;
	unsigned r, i;

	for (i = 0; i < LANES; i++)
		x[i] = vld1q_u8(block[i]);
	for (r = 0; r < 9; r++) {
		key = vld1q_u8(round[r]);
		for (i = 0; i < LANES; i++)
			x[i] = vaesmcq_u8(vaeseq_u8(x[i], key));
	}
	for (i = 0; i < LANES; i++)
		vst1q_u8(block[i],
			 veorq_u8(vaeseq_u8(x[i], vld1q_u8(round[9])), vld1q_u8(round[10])));
}

TARGET static void encrypt_one(const uint8_t (*round)[16], uint8_t *block)
{
	uint8x16_t x = vld1q_u8(block);
	unsigned r;

	for (r = 0; r < 9; r++)
		x = vaesmcq_u8(vaeseq_u8(x, vld1q_u8(round[r])));
	vst1q_u8(block, veorq_u8(vaeseq_u8(x, vld1q_u8(round[9])), vld1q_u8(round[10])));
}

static void encrypt(const struct aes_key *key, uint8_t (*block)[16], unsigned n)
{
	for (; n >= LANES; n -= LANES, block += LANES)
		encrypt_lanes(key->round, block);
	for (; n > 0; n--, block++)
		encrypt_one(key->round, *block);
}

const struct aes_isa aes_armv8 = {.encrypt = encrypt};
