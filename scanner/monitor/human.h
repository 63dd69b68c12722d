/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

/* Numbers for people to read: each function fills buf and returns it. */

enum { HUMAN_TEXT = 32 };

/* "65536", "1.23M": exact below 100000, three digits beyond. */
const char *human_count(char buf[HUMAN_TEXT], uint64_t value);

/* "9.98 kpps", "622 GB": three digits, and a prefix before the unit; "1.23M" if that is "". */
const char *human_si(char buf[HUMAN_TEXT], double value, const char *unit);

/* "0s", "59s", "12m34s", "1h02m", "3d04h"; "--" when not known (negative or beyond 1000 days). */
const char *human_duration(char buf[HUMAN_TEXT], double seconds);

/* "2026-01-31T23:59:59.123Z": UTC, of seconds since 1970. */
const char *human_utc(char buf[HUMAN_TEXT], double seconds);
