/* SPDX-License-Identifier: BSD-3-Clause */

#include "human.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

const char *human_count(char buf[HUMAN_TEXT], uint64_t value)
{
	if (value >= 100000)
		return human_si(buf, (double)value, "");
	snprintf(buf, HUMAN_TEXT, "%" PRIu64, value);
	return buf;
}

const char *human_si(char buf[HUMAN_TEXT], double value, const char *unit)
{
	static const char *const prefixes[] = {"", "k", "M", "G", "T", "P", "E"};
	unsigned p = 0;
	int digits;

	/* what would be rounded up to 1000 goes on to the next prefix */
	while (value >= 999.5 && p + 1 < sizeof(prefixes) / sizeof(*prefixes)) {
		value /= 1000;
		p++;
	}
	digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
	snprintf(buf, HUMAN_TEXT, "%.*f%s%s%s", digits, value, *unit ? " " : "", prefixes[p], unit);
	return buf;
}

const char *human_duration(char buf[HUMAN_TEXT], double seconds)
{
	unsigned s;

	if (!(seconds >= 0 && seconds < 1000 * 86400.0)) {
		snprintf(buf, HUMAN_TEXT, "--");
		return buf;
	}
	s = (unsigned)(seconds + 0.5);
	if (s < 60)
		snprintf(buf, HUMAN_TEXT, "%us", s);
	else if (s < 3600)
		snprintf(buf, HUMAN_TEXT, "%um%02us", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buf, HUMAN_TEXT, "%uh%02um", s / 3600, s / 60 % 60);
	else
		snprintf(buf, HUMAN_TEXT, "%ud%02uh", s / 86400, s / 3600 % 24);
	return buf;
}

const char *human_utc(char buf[HUMAN_TEXT], double seconds)
{
	int64_t ms = (int64_t)(seconds * 1000);
	time_t whole = ms / 1000;
	struct tm utc;
	char date[24];

	gmtime_r(&whole, &utc);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(buf, HUMAN_TEXT, "%s.%03dZ", date, (int)(ms % 1000));
	return buf;
}
