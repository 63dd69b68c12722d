/* SPDX-License-Identifier: BSD-3-Clause */

#include "number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	const char *name;
	uint64_t scale;
};

static const struct unit counts[] = {
	{"", 1}, {"k", 1000}, {"K", 1000}, {"M", 1000000}, {"G", 1000000000}, {NULL, 0},
};

static const struct unit durations[] = {
	{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000},
	{"ms", 1},	 {"", 1000},	 {NULL, 0},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t digits(const char *text)
{
	size_t n = 0;

	while (is_digit(text[n]))
		n++;
	return n;
}

int number_plain(const char *text, size_t len, uint64_t max, uint64_t *n)
{
	uint64_t value = 0;

	if (len == 0)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (!is_digit(text[i]) || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
			return -EINVAL;
	}
	if (value > max)
		return -EINVAL;
	*n = value;
	return 0;
}

static const struct unit *unit_find(const struct unit *units, const char *name)
{
	while (units->name != NULL && strcmp(units->name, name) != 0)
		units++;
	return units->name != NULL ? units : NULL;
}

/* The decimals of a number times scale: -EINVAL when that is no whole number. */
static int fraction_scaled(const char *text, size_t len, uint64_t scale, uint64_t *n)
{
	uint64_t value, divisor = 1;

	if (len > 9 || number_plain(text, len, UINT32_MAX, &value) < 0)
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		divisor *= 10;
	if (value * scale % divisor != 0)
		return -EINVAL;
	*n = value * scale / divisor;
	return 0;
}

static int number_scaled(const char *text, const struct unit *units, uint64_t *n)
{
	size_t whole = digits(text), decimals = 0;
	const char *rest = text + whole;
	const struct unit *unit;
	uint64_t value, fraction = 0;

	if (*rest == '.') {
		decimals = digits(rest + 1);
		rest += 1 + decimals;
		if (decimals == 0)
			return -EINVAL;
	}
	unit = unit_find(units, rest);
	if (unit == NULL || number_plain(text, whole, UINT64_MAX, &value) < 0)
		return -EINVAL;
	if (decimals > 0 && fraction_scaled(text + whole + 1, decimals, unit->scale, &fraction) < 0)
		return -EINVAL;
	if (__builtin_mul_overflow(value, unit->scale, &value) ||
	    __builtin_add_overflow(value, fraction, &value))
		return -EINVAL;
	*n = value;
	return 0;
}

int number_count(const char *text, uint64_t *n)
{
	return number_scaled(text, counts, n);
}

int number_duration(const char *text, uint64_t *ms)
{
	return number_scaled(text, durations, ms);
}

int number_percent(const char *text, size_t len, double *percent)
{
	char copy[NUMBER_TEXT];
	size_t whole = digits(text), decimals = 0;
	double value;

	if (whole < len && text[whole] == '.') {
		decimals = digits(text + whole + 1);
		if (whole + 1 + decimals != len || decimals == 0 || decimals > 9)
			return -EINVAL;
	} else if (whole != len) {
		return -EINVAL;
	}
	if (whole == 0 || len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	value = strtod(copy, NULL);
	if (!(value > 0) || value > 100)
		return -EINVAL;
	*percent = value;
	return 0;
}

void number_duration_format(char buf[NUMBER_TEXT], uint64_t ms)
{
	const struct unit *unit = durations;

	while (unit->scale > 1 && (ms == 0 ? unit->scale != 1000 : ms % unit->scale != 0))
		unit++;
	snprintf(buf, NUMBER_TEXT, "%" PRIu64 "%s", ms / unit->scale, unit->name);
}

void number_percent_format(char buf[NUMBER_TEXT], double percent)
{
	size_t len = (size_t)snprintf(buf, NUMBER_TEXT, "%.9f", percent);

	while (buf[len - 1] == '0')
		len--;
	if (buf[len - 1] == '.')
		len--;
	buf[len] = '\0';
}
