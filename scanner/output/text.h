/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>
#include <string.h>

/*
 * Numbers, addresses and words as text, fast: every record passes here. Each function writes at p,
 * without a NUL, and returns where it ended.
 */

enum { TEXT_UINT_MAX = 20, TEXT_ADDR4_MAX = 15 };

/* "00", "01", ... "99" */
extern const char text_pairs[100][2];
/* "0.", "1.", ... "255." */
extern const char text_octets[256][4];

static inline unsigned text_digits(uint64_t n)
{
	unsigned digits = 1;

	for (; n >= 10000; n /= 10000)
		digits += 4;
	return digits + (n >= 10) + (n >= 100) + (n >= 1000);
}

static inline char *text_uint(char *p, uint64_t n)
{
	char *end = p + text_digits(n), *at = end;

	for (; n >= 100; n /= 100) {
		at -= 2;
		memcpy(at, text_pairs[n % 100], 2);
	}
	if (n >= 10)
		memcpy(at - 2, text_pairs[n % 100], 2);
	else
		at[-1] = (char)('0' + n);
	return end;
}

/* Exactly that many digits, zeros in front; n must fit. */
static inline char *text_fixed(char *p, uint32_t n, unsigned digits)
{
	for (unsigned i = digits; i-- != 0; n /= 10)
		p[i] = (char)('0' + n % 10);
	return p + digits;
}

/* Needs room for one character more than the address has. */
static inline char *text_addr4(char *p, uint32_t addr)
{
	for (int shift = 24; shift >= 0; shift -= 8) {
		uint8_t octet = (uint8_t)(addr >> shift);

		memcpy(p, text_octets[octet], 4);
		p += 2 + (octet >= 10) + (octet >= 100);
	}
	return p - 1;
}

static inline char *text_word(char *p, const char *word)
{
	size_t len = strlen(word);

	memcpy(p, word, len);
	return p + len;
}
