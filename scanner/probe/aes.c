/* SPDX-License-Identifier: BSD-3-Clause */

#include "aes.h"

#include <string.h>

#include "aes_isa.h"
#include "isa.h"

static const struct aes_isa *choose(void)
{
#if defined(__x86_64__)
	if (isa_choose() >= ISA_AES)
		return &aes_ni;
#elif defined(__aarch64__)
	if (isa_choose() >= ISA_AES)
		return &aes_armv8;
#endif
	return &aes_plain;
}

/* FIPS 197, 5.2: each word is the one four before it, plus the one before it, which is rotated,
 * substituted and given a round constant wherever a new round key begins. */
void aes_key_init(struct aes_key *key, const uint8_t secret[16])
{
	uint8_t *word = key->round[0], next[4], constant = 1;
	unsigned i, j;

	memcpy(word, secret, 16);
	for (i = 4; i < 44; i++, word += 4) {
		memcpy(next, word + 12, 4);
		if (i % 4 == 0) {
			memcpy(next, word + 13, 3);
			next[3] = word[12];
			aes_plain_sub_word(next);
			next[0] ^= constant;
			constant = (uint8_t)(constant << 1 ^ (constant >> 7) * 0x1b);
		}
		for (j = 0; j < 4; j++)
			word[16 + j] = word[j] ^ next[j];
	}
	key->isa = choose();
}

void aes_encrypt(const struct aes_key *key, uint8_t (*block)[16], unsigned n)
{
	key->isa->encrypt(key, block, n);
}
