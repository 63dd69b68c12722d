/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nettle/sha2.h>

/*
 * SHA-256 (FIPS 180-4), to tell whether a file is still what it was. Pure; any thread.
 */

enum { DIGEST_SIZE = SHA256_DIGEST_SIZE, DIGEST_HEX = 2 * SHA256_DIGEST_SIZE };

struct digest {
	uint8_t byte[DIGEST_SIZE];
};

struct digest_state {
	struct sha256_ctx sha;
};

/* In parts ... */
void digest_begin(struct digest_state *state);
void digest_add(struct digest_state *state, const void *data, size_t len);
void digest_end(struct digest_state *state, struct digest *digest);

/* ... or at once. */
void digest_of(const void *data, size_t len, struct digest *digest);

bool digest_equal(const struct digest *a, const struct digest *b);

/* Bytes as lower-case hexadecimal digits and a NUL, and back: false for anything else. */
void hex_write(const uint8_t *byte, size_t n, char *text);
bool hex_read(const char *text, uint8_t *byte, size_t n);
