/* SPDX-License-Identifier: BSD-3-Clause */

#include "value.h"

static const char *const unreach_texts[] = {
	"network unreachable",	    "host unreachable",
	"protocol unreachable",	    "port unreachable",
	"fragments required",	    "source route failed",
	"network unknown",	    "host unknown",
	"source host isolated",	    "network admin. prohibited",
	"host admin. prohibited",   "network unreachable TOS",
	"host unreachable TOS",	    "communication admin. prohibited",
	"host presdence violation", /* as ZMap spells it */
	"precedence cutoff",
};

const char *value_unreach(uint8_t code)
{
	size_t n = sizeof(unreach_texts) / sizeof(unreach_texts[0]);

	return code < n ? unreach_texts[code] : "unknown";
}

void stamp_set(struct stamp *stamp, time_t second)
{
	char *p = stamp->text;
	struct tm utc;

	gmtime_r(&second, &utc); /* 64 bits of nanoseconds end in 2554: four digits of year */
	p = text_fixed(p, (uint32_t)utc.tm_year + 1900, 4);
	*p++ = '-';
	p = text_fixed(p, (uint32_t)utc.tm_mon + 1, 2);
	*p++ = '-';
	p = text_fixed(p, (uint32_t)utc.tm_mday, 2);
	*p++ = 'T';
	p = text_fixed(p, (uint32_t)utc.tm_hour, 2);
	*p++ = ':';
	p = text_fixed(p, (uint32_t)utc.tm_min, 2);
	*p++ = ':';
	p = text_fixed(p, (uint32_t)utc.tm_sec, 2);
	*p = '.';
	stamp->second = second;
}
