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

/*
 * A text that ends in its own digest: DIGEST_HEX digits between `before` and `after`. The caller
 * frees what digest_sign() returns; NULL when out of memory. digest_signed() is how long the text
 * is that it was given, or 0 when these len bytes are not of its making.
 */
char *digest_sign(const char *text, const char *before, const char *after);
size_t digest_signed(const char *text, size_t len, const char *before, const char *after);

/* Bytes as lower-case hexadecimal digits and a NUL, and back: false for anything else. */
void hex_write(const uint8_t *byte, size_t n, char *text);
bool hex_read(const char *text, uint8_t *byte, size_t n);
