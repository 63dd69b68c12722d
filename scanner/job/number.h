/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Numbers as people write them. Pure. All readers take the whole text, or return -EINVAL. */

/* Digits, perhaps a fraction, perhaps k, M or G: "10000", "10k", "1.5M". What it means must be
 * whole and fit. */
int number_count(const char *text, uint64_t *n);

/* The same with ms, s, m, h, d; without one it is seconds. In milliseconds. */
int number_duration(const char *text, uint64_t *ms);

/* Digits alone, len of them, up to max. */
int number_plain(const char *text, size_t len, uint64_t max, uint64_t *n);

/* Digits, perhaps up to 9 decimals: above 0, up to 100. */
int number_percent(const char *text, size_t len, double *percent);

enum { NUMBER_TEXT = 32 };

/* Writes a duration as number_duration() reads it, in the largest unit that leaves it whole. */
void number_duration_format(char buf[NUMBER_TEXT], uint64_t ms);

/* Writes a percentage as number_percent() reads it, without needless zeros. */
void number_percent_format(char buf[NUMBER_TEXT], double percent);
