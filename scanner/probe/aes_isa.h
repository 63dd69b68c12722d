/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "aes.h"

/* An implementation of AES-128. Add yours to the table in aes.c. */
struct aes_isa {
	const char *name;
	bool (*usable)(void); /* on this processor */
	void (*encrypt)(const struct aes_key *key, uint8_t (*block)[16], unsigned n);
};

extern const struct aes_isa aes_ni, aes_plain;

/* The S-box applied to four bytes, in constant time: for the key schedule. */
void aes_plain_sub_word(uint8_t word[4]);
