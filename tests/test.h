/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The cmocka preamble, and what table tests need. */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* A small generator with a fixed seed: tests are the same in every run (splitmix64, Steele et al.
 * 2014). */
static inline uint64_t test_random(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/*
 * Leaves the test, and says why: TAP readers take what cmocka 1.1 writes for skip() as a failure,
 * so it is a comment, which scripts/test counts.
 */
#define TEST_SKIP(reason)                                                                          \
	do {                                                                                       \
		printf("# skipped: " reason "\n");                                                 \
		return;                                                                            \
	} while (0)

/* True when the long variant of a test was asked for (scripts/test --long). */
static inline bool test_long(void)
{
	return getenv("PEAL_TEST_LONG") != NULL;
}

/* Sanitizers have ways of their own. */
#if defined(__SANITIZE_ADDRESS__)
#define TEST_SANITIZED 1
#elif defined(__has_feature)
#define TEST_SANITIZED __has_feature(address_sanitizer)
#else
#define TEST_SANITIZED 0
#endif

/* Under them, and in an emulator, a test takes ten times as long; large numbers find no more. */
#if TEST_SANITIZED || defined(TEST_EMULATED)
#define TEST_SLOW 1
#else
#define TEST_SLOW 0
#endif
