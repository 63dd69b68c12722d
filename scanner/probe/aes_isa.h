/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

#include "aes.h"

/* An implementation of AES-128; aes.c chooses. */
struct aes_isa {
	void (*encrypt)(const struct aes_key *key, uint8_t (*block)[16], unsigned n);
};

extern const struct aes_isa aes_armv8, aes_ni, aes_plain;

/* The S-box applied to four bytes, in constant time: for the key schedule. */
void aes_plain_sub_word(uint8_t word[4]);
