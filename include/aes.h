/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

/*
 * AES-128 encryption of many blocks at once (FIPS 197), in constant time: no branch and no address
 * depends on key or data. The implementation is chosen when the key is made: the processor's own
 * rounds where it has them (AES-NI, ARMv8), plain C elsewhere or when the environment says
 * PEAL_ISA=plain. Results are the same. Plain C works on 64 blocks side by side, so that one block
 * costs it as much as 64.
 */

struct aes_isa;

struct aes_key {
	uint8_t round[11][16] __attribute__((aligned(16))); /* the key schedule */
	const struct aes_isa *isa;
};

void aes_key_init(struct aes_key *key, const uint8_t secret[16]);

/* Encrypts n blocks in place, each by itself. Any thread. */
void aes_encrypt(const struct aes_key *key, uint8_t (*block)[16], unsigned n);
