/* SPDX-License-Identifier: BSD-3-Clause */

#include "target_parse.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "addr.h"
#include "listing.h"
#include "portset.h"
#include "quote.h"

/* Part of a text, and where in it reading is. */
struct word {
	const char *text;
	size_t len, at;
};

/* Why a word is not what it should be: what word_*() return, and word.at then says where. NULL is
 * success. */
static const char no_address[] =
	"is not an address (four numbers 0-255 without leading zeros, like 192.0.2.1)";
static const char no_name[] = "is not an address: names are not looked up, give the address itself";
static const char no_ipv6[] = "is IPv6, and IPv6 is not supported by this version";
static const char no_prefix[] = "has no prefix length 0-32 after the slash";
static const char no_port[] = "has no port 0-65535 after the colon";
static const char backwards[] = "is a range that runs backwards: the lower address comes first";
static const char left_over[] = "goes on behind the target: one a line in files (# begins a "
				"comment), commas between them in arguments";
static const char no_pairs[] = "names a port, but only addresses can be listed here";
static const char host_bits[] = "has host bits set: write the prefix itself";
static const char only_prefixes[] = "is not a prefix: write it as ADDRESS/LENGTH";

static const char *word_blame(const struct word *w)
{
	bool letters = false;
	size_t colons = 0;

	for (size_t i = w->at; i < w->len; i++) {
		letters |= isalpha((unsigned char)w->text[i]) != 0;
		colons += w->text[i] == ':';
	}
	if (colons >= 2)
		return no_ipv6;
	return letters ? no_name : no_address;
}

static const char *word_addr(struct word *w, uint32_t *addr)
{
	const char *text = w->text + w->at;
	size_t len = 0;

	while (w->at + len < w->len && (text[len] == '.' || (text[len] >= '0' && text[len] <= '9')))
		len++;
	if (addr4_parse(text, len, addr) < 0)
		return word_blame(w);
	w->at += len;
	return NULL;
}

/* Decimal digits up to the word's end: one or two for a prefix's length. */
static const char *word_prefix(struct word *w, struct range *range, bool strict)
{
	uint32_t host;
	uint16_t len;

	if (w->len - w->at > 2 || port_parse(w->text + w->at, w->len - w->at, &len) < 0 || len > 32)
		return no_prefix;
	host = len == 0 ? UINT32_MAX : (UINT32_C(1) << (32 - len)) - 1;
	if (strict && (range->first & host) != 0)
		return host_bits;
	range->first &= ~host;
	range->last = range->first | host;
	w->at = w->len;
	return NULL;
}

static const char *word_range(struct word *w, struct range *range)
{
	size_t start = w->at;
	const char *why = word_addr(w, &range->last);

	if (why != NULL)
		return why;
	if (range->last < range->first) {
		w->at = start;
		return backwards;
	}
	return NULL;
}

/* Reads one word. If it is a pair, *port is its port, else -1. */
static const char *word_parse(struct word *w, const struct target_words *to, struct range *range,
			      int32_t *port)
{
	const char *why = word_addr(w, &range->first);
	uint16_t number;

	*port = -1;
	range->last = range->first;
	if (why != NULL || w->at == w->len)
		return why;

	switch (w->text[w->at++]) {
	case '/':
		return word_prefix(w, range, to->prefixes_only);
	case '-':
		if (to->prefixes_only)
			return only_prefixes;
		why = word_range(w, range);
		return why == NULL && w->at < w->len ? left_over : why;
	case ':':
		if (to->pairs == NULL)
			return no_pairs;
		if (port_parse(w->text + w->at, w->len - w->at, &number) < 0)
			return no_port;
		*port = number;
		return NULL;
	default:
		w->at--;
		return isalpha((unsigned char)w->text[w->at]) ? word_blame(w) : left_over;
	}
}

static int word_add(struct word *w, struct target_words *to, const char **why)
{
	struct range range;
	int32_t port;

	*why = word_parse(w, to, &range, &port);
	if (*why != NULL)
		return -EINVAL;
	if (port >= 0)
		return pairset_add(to->pairs, pair_make(range.first, (uint16_t)port));
	return rangeset_add(to->addrs, range.first, range.last);
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The text from `from` to `to` without blanks around. */
static struct word word_trim(const char *from, const char *to)
{
	while (from < to && blank(*from))
		from++;
	while (from < to && blank(to[-1]))
		to--;
	return (struct word){from, (size_t)(to - from), 0};
}

static int argument_parse(const struct listing *list, struct target_words *to, struct err *err)
{
	const char *text = list->text, *end = text + list->len;
	char quoted[QUOTE_MAX];
	const char *why;

	for (;;) {
		const char *comma = memchr(text, ',', (size_t)(end - text));
		struct word w = word_trim(text, comma ? comma : end);

		if (word_add(&w, to, &why) < 0)
			return why == NULL ? out_of_memory(err)
					   : err_set(err, EXIT_USAGE, "%s: \"%s\" %s", list->name,
						     quote(quoted, w.text, w.len), why);
		if (comma == NULL)
			return 0;
		text = comma + 1;
	}
}

static int file_parse(const struct listing *list, struct target_words *to, struct err *err)
{
	const char *line = list->text, *end = line + list->len;
	char quoted[QUOTE_MAX];
	const char *why;

	for (size_t number = 1; line < end; number++) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *stop = newline ? newline : end;
		const char *hash = memchr(line, '#', (size_t)(stop - line));
		struct word w = word_trim(line, hash ? hash : stop);

		if (w.len > 0 && word_add(&w, to, &why) < 0)
			return why == NULL ? out_of_memory(err)
					   : err_set(err, EXIT_INPUT, "%s:%zu:%zu: \"%s\" %s",
						     list->name, number,
						     (size_t)(w.text + w.at - line) + 1,
						     quote(quoted, w.text, w.len), why);
		line = newline ? newline + 1 : end;
	}
	return 0;
}

int target_parse(const struct listing *list, enum listing_kind kind, struct target_words *to,
		 struct err *err)
{
	return kind == LISTING_FILE ? file_parse(list, to, err) : argument_parse(list, to, err);
}
