/* SPDX-License-Identifier: BSD-3-Clause */

#include "value.h"

#include <time.h>

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

static void word_set(struct word *word, const char *text)
{
	word->len = (uint32_t)(text_word(word->text, text) - word->text);
}

void memo_init(struct memo *memo)
{
	memset(memo, 0, sizeof(*memo));
	memo->ms = memo->second = UINT64_MAX;
	for (unsigned i = 0; i <= STATE_COUNT; i++)
		word_set(&memo->state[i], record_state_name((enum record_state)i));
	for (unsigned i = 0; i <= CLASS_COUNT; i++)
		word_set(&memo->class[i], record_class_name((enum record_class)i));
	for (unsigned i = 0; i < MEMO_SERVICES; i++)
		memo->service[i].port = UINT32_MAX;
}

/* Day and time, without the fraction; where it ends. */
static char *write_second(char *p, time_t second)
{
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
	return text_fixed(p, (uint32_t)utc.tm_sec, 2);
}

void memo_set_time(struct memo *memo, uint64_t ms)
{
	const size_t fraction = sizeof("2026-01-31T12:00:00") - 1;

	if (ms / 1000 != memo->second) {
		memo->second = ms / 1000;
		write_second(memo->time, (time_t)memo->second);
	}
	memo->time[fraction] = '.';
	text_word(text_fixed(memo->time + fraction + 1, (uint32_t)(ms % 1000), 3), "+0000");
	memo->ms = ms;
}

void memo_set_service(struct memo *memo, uint16_t port)
{
	const char *name = service_name(port);
	unsigned i = port % MEMO_SERVICES;

	memo->service[i].port = port;
	word_set(&memo->service[i].name, name != NULL ? name : "");
}
