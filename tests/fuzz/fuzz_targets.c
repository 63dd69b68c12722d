/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Any bytes as a file of targets, as an argument, and as an argument of prefixes. Besides memory
 * errors: an error has the exit code of its kind and is one printable line; what is accepted gives
 * sound sets, and written out as a list reads back as the same sets. Whatever is in an argument and
 * has no comma, comment or blank means the same in a file.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "check.h"
#include "reach.h"
#include "target/target_parse.h"

enum { RANGE, PAIR, ARGUMENT, PREFIX, REFUSED };
struct reach reached[] = {
	[RANGE] = {"range", 0},	  [PAIR] = {"pair", 0},	      [ARGUMENT] = {"argument", 0},
	[PREFIX] = {"prefix", 0}, [REFUSED] = {"refused", 0}, {NULL, 0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sets {
	struct rangeset addrs;
	struct pairset pairs;
};

static int sets_parse(struct sets *s, const struct listing *list, enum listing_kind kind)
{
	struct target_words to = {.addrs = &s->addrs, .pairs = &s->pairs};
	struct err err = {0};
	int ret;

	*s = (struct sets){0};
	ret = target_parse(list, kind, &to, &err);
	rangeset_normalise(&s->addrs);
	pairset_normalise(&s->pairs);
	if (ret == 0) {
		reached[RANGE].n += s->addrs.n > 0;
		reached[PAIR].n += s->pairs.n > 0;
		reached[ARGUMENT].n += kind == LISTING_ARGUMENT && s->addrs.n > 0;
		return 0;
	}
	reached[REFUSED].n++;
	CHECK(err.code == (kind == LISTING_FILE ? EXIT_INPUT : EXIT_USAGE));
	CHECK(strncmp(err.text, "list:", 5) == 0);
	for (const char *c = err.text; *c != '\0'; c++)
		CHECK(*c >= ' ' && *c <= '~');
	return ret;
}

static void sets_fini(struct sets *s)
{
	rangeset_fini(&s->addrs);
	pairset_fini(&s->pairs);
}

static bool sets_equal(const struct sets *a, const struct sets *b)
{
	return a->addrs.n == b->addrs.n && a->pairs.n == b->pairs.n &&
	       (a->addrs.n == 0 ||
		memcmp(a->addrs.at, b->addrs.at, a->addrs.n * sizeof(*a->addrs.at)) == 0) &&
	       (a->pairs.n == 0 ||
		memcmp(a->pairs.at, b->pairs.at, a->pairs.n * sizeof(*a->pairs.at)) == 0);
}

static void check_sound(const struct sets *s)
{
	for (size_t i = 0; i < s->addrs.n; i++) {
		CHECK(s->addrs.at[i].first <= s->addrs.at[i].last);
		CHECK(i == 0 || s->addrs.at[i - 1].last < s->addrs.at[i].first);
		CHECK(rangeset_contains(&s->addrs, s->addrs.at[i].first));
	}
	for (size_t i = 1; i < s->pairs.n; i++)
		CHECK(s->pairs.at[i - 1] < s->pairs.at[i]);
}

static void check_reads_back(const struct sets *s)
{
	size_t lines = s->addrs.n + s->pairs.n, at = 0;
	struct listing list = {.name = "list", .text = malloc(lines * 33 + 1)};
	char first[ADDR4_TEXT], last[ADDR4_TEXT];
	struct sets again;

	CHECK(list.text != NULL);
	for (size_t i = 0; i < s->addrs.n; i++) {
		addr4_format(first, s->addrs.at[i].first);
		addr4_format(last, s->addrs.at[i].last);
		at += (size_t)snprintf(list.text + at, 34, "%s-%s\n", first, last);
	}
	for (size_t i = 0; i < s->pairs.n; i++) {
		addr4_format(first, pair_addr(s->pairs.at[i]));
		at += (size_t)snprintf(list.text + at, 34, "%s:%u\n", first,
				       pair_port(s->pairs.at[i]));
	}
	list.len = at;
	CHECK(sets_parse(&again, &list, LISTING_FILE) == 0);
	CHECK(sets_equal(s, &again));
	sets_fini(&again);
	free(list.text);
}

static void check_prefixes(const struct listing *list)
{
	struct rangeset addrs = {0};
	struct target_words to = {.addrs = &addrs, .prefixes_only = true};
	struct err err;

	if (target_parse(list, LISTING_ARGUMENT, &to, &err) == 0)
		for (size_t i = 0; i < addrs.n; i++) {
			uint64_t size = (uint64_t)addrs.at[i].last - addrs.at[i].first + 1;

			reached[PREFIX].n++;
			CHECK((size & (size - 1)) == 0 && addrs.at[i].first % size == 0);
		}
	rangeset_fini(&addrs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* exact, so that one byte too many is seen; the NUL is not part of the contract in a file
	 */
	struct listing list = {.name = "list", .text = malloc(size ? size : 1), .len = size};
	struct sets file, argument;
	int in_file, in_argument;

	CHECK(list.text != NULL);
	if (size > 0)
		memcpy(list.text, data, size);
	in_file = sets_parse(&file, &list, LISTING_FILE);
	in_argument = sets_parse(&argument, &list, LISTING_ARGUMENT);
	if (in_file == 0) {
		check_sound(&file);
		check_reads_back(&file);
	}
	if (in_argument == 0 && memchr(list.text, ',', size) == NULL) {
		CHECK(in_file == 0);
		CHECK(sets_equal(&file, &argument));
	}
	check_prefixes(&list);
	sets_fini(&argument);
	sets_fini(&file);
	free(list.text);
	return 0;
}
