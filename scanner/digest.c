/* SPDX-License-Identifier: BSD-3-Clause */

#include "digest.h"

#include <stdio.h>
#include <string.h>

void digest_begin(struct digest_state *state)
{
	sha256_init(&state->sha);
}

void digest_add(struct digest_state *state, const void *data, size_t len)
{
	sha256_update(&state->sha, len, data);
}

void digest_end(struct digest_state *state, struct digest *digest)
{
	sha256_digest(&state->sha, sizeof(digest->byte), digest->byte);
}

void digest_of(const void *data, size_t len, struct digest *digest)
{
	struct digest_state state;

	digest_begin(&state);
	digest_add(&state, data, len);
	digest_end(&state, digest);
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->byte, b->byte, sizeof(a->byte)) == 0;
}

static const char digits[] = "0123456789abcdef";

void hex_write(const uint8_t *byte, size_t n, char *text)
{
	for (size_t i = 0; i < n; i++) {
		*text++ = digits[byte[i] >> 4];
		*text++ = digits[byte[i] & 15];
	}
	*text = '\0';
}

bool hex_read(const char *text, uint8_t *byte, size_t n)
{
	if (strlen(text) != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		const char *high = strchr(digits, text[2 * i]);
		const char *low = strchr(digits, text[2 * i + 1]);

		if (high == NULL || low == NULL)
			return false;
		byte[i] = (uint8_t)((high - digits) << 4 | (low - digits));
	}
	return true;
}

static void digest_digits(const char *text, size_t len, char hex[DIGEST_HEX + 1])
{
	struct digest digest;

	digest_of(text, len, &digest);
	hex_write(digest.byte, sizeof(digest.byte), hex);
}

char *digest_sign(const char *text, const char *before, const char *after)
{
	char hex[DIGEST_HEX + 1], *out;

	digest_digits(text, strlen(text), hex);
	return asprintf(&out, "%s%s%s%s", text, before, hex, after) < 0 ? NULL : out;
}

size_t digest_signed(const char *text, size_t len, const char *before, const char *after)
{
	const size_t ahead = strlen(before), behind = strlen(after);
	const size_t tail = ahead + DIGEST_HEX + behind;
	const char *at;
	char hex[DIGEST_HEX + 1];

	if (len <= tail)
		return 0;
	at = text + len - tail;
	digest_digits(text, len - tail, hex);
	if (memcmp(at, before, ahead) != 0 || memcmp(at + ahead, hex, DIGEST_HEX) != 0 ||
	    memcmp(at + ahead + DIGEST_HEX, after, behind) != 0)
		return 0;
	return len - tail;
}
