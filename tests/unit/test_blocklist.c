/* SPDX-License-Identifier: BSD-3-Clause */

/* What may never be probed is never in the space: random lists against a naive oracle. */

#include "target.h"

#include <unistd.h>

#include "addr.h"
#include "test.h"

/* The prefixes of the registry, written down a second time. */
static const char *const prefixes[] = {
	"0.0.0.0/8",	   "10.0.0.0/8",      "100.64.0.0/10",	    "127.0.0.0/8",
	"169.254.0.0/16",  "172.16.0.0/12",   "192.0.0.0/24",	    "192.0.2.0/24",
	"192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",	    "192.168.0.0/16",
	"192.175.48.0/24", "198.18.0.0/15",   "198.51.100.0/24",    "203.0.113.0/24",
	"224.0.0.0/4",	   "240.0.0.0/4",     "255.255.255.255/32",
};

static uint32_t prefix_read(const char *cidr, uint32_t *last)
{
	const char *slash = strchr(cidr, '/');
	uint32_t first;
	int len = (int)strtol(slash + 1, NULL, 10);

	assert_int_equal(addr4_parse(cidr, (size_t)(slash - cidr), &first), 0);
	*last = first;
	for (int bit = 0; bit < 32 - len; bit++)
		*last |= UINT32_C(1) << bit;
	return first;
}

static void test_table_is_the_registry(void **state)
{
	(void)state;
	assert_int_equal(n_special_purpose, ARRAY_LEN(prefixes));
	assert_int_equal(strlen(special_purpose_date), 10);
	assert_true(strcmp(special_purpose_date, "2013") > 0); /* peers' defect Z20 */
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		bool found = false;

		for (size_t k = 0; k < n_special_purpose; k++) {
			const struct special_purpose *s = &special_purpose[k];
			uint32_t last, first = prefix_read(s->cidr, &last);

			assert_int_equal(s->first, first);
			assert_int_equal(s->last, last);
			assert_int_equal(strncmp(s->source, "RFC ", 4), 0);
			found |= strcmp(s->cidr, prefixes[i]) == 0;
		}
		assert_true(found);
	}
}

static struct {
	uint32_t first, last;
} ranges[ARRAY_LEN(prefixes)];

static void special_fill(void)
{
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		ranges[i].first = prefix_read(prefixes[i], &ranges[i].last);
}

static bool special(uint32_t addr)
{
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (addr >= ranges[i].first && addr <= ranges[i].last)
			return true;
	return false;
}

/*
 * The universe of the random lists: 4,096 addresses around the edge of a special-purpose range. The
 * oracle keeps a flag per address and list, and knows nothing of ranges.
 */
enum { UNIVERSE = 4096, WORDS = 12, TEXT = 64 * WORDS };

struct lists {
	char targets[TEXT], deny[TEXT], scope[TEXT], lift[TEXT];
	bool named[UNIVERSE], denied[UNIVERSE], scoped[UNIVERSE], lifted[UNIVERSE];
	bool special[UNIVERSE];
};

/* Appends a random word to text, and marks what it means in flag. */
static void word_random(char *text, bool *flag, uint32_t base, uint64_t *seed)
{
	uint32_t first = base + test_random(seed) % UNIVERSE, last;
	uint32_t end = base + UNIVERSE - 1;
	char a[ADDR4_TEXT], b[ADDR4_TEXT];
	size_t at = strlen(text);

	addr4_format(a, first);
	if (test_random(seed) % 2) {
		int len = 22 + (int)(test_random(seed) % 11);
		uint32_t host = (uint32_t)(UINT64_C(0xffffffff) >> len);

		snprintf(text + at, TEXT - at, "%s%s/%d", at ? "," : "", a, len);
		first &= ~host;
		last = first | host;
	} else {
		last = first + test_random(seed) % 200;
		last = last < end ? last : end;
		addr4_format(b, last);
		snprintf(text + at, TEXT - at, "%s%s-%s", at ? "," : "", a, b);
	}
	memset(flag + (first - base), true, last - first + 1);
}

static void words_random(char *text, bool *flag, uint32_t base, uint64_t *seed)
{
	for (uint64_t n = test_random(seed) % WORDS; n > 0; n--)
		word_random(text, flag, base, seed);
}

/* A list as a file: a line for each word. */
static void file_write(char *path, const char *words)
{
	size_t len = strlen(words);
	FILE *file;
	int fd;

	memcpy(path, "/tmp/peal-test-XXXXXX", 22);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	file = fdopen(fd, "w");
	assert_non_null(file);
	for (size_t i = 0; i < len; i++)
		fputc(words[i] == ',' ? '\n' : words[i], file);
	fclose(file);
}

/* Counts what should be left, and compares each address. */
static void check_space(const struct lists *l, uint32_t base, const struct target_space *space,
			const struct target_counts *counts)
{
	uint64_t allowed = 0, named = 0, by_special = 0;

	for (uint32_t i = 0; i < UNIVERSE; i++) {
		bool listed = l->named[i] && !l->denied[i] && l->scoped[i];
		bool free = listed && (!l->special[i] || l->lifted[i]);
		uint32_t addr[2] = {base + i, base + i};
		uint16_t port[2] = {80, 443};
		uint64_t index[2];

		named += l->named[i];
		allowed += free;
		by_special += listed && !free;
		if (space == NULL)
			continue;
		target_space_rank(space, addr, port, index, 2);
		assert_int_equal(index[0] != TARGET_ABSENT, free);
		assert_true(index[1] == TARGET_ABSENT);
	}
	assert_int_equal(space != NULL, allowed > 0);
	assert_int_equal(counts->addrs, allowed);
	assert_int_equal(counts->targets, 2 * allowed);
	assert_int_equal(counts->excluded, 2 * (named - allowed));
	assert_int_equal(counts->special, 2 * by_special);
}

/* With the right number of targets, all of them in the universe, none is anything else. */
static void check_picks(const struct lists *l, uint32_t base, const struct target_space *space,
			const struct target_counts *counts)
{
	assert_int_equal(target_space_size(space), counts->targets);
	for (uint64_t index = 0; index < counts->targets; index++) {
		uint32_t addr;
		uint16_t port;

		target_space_pick(space, &index, &addr, &port, 1);
		assert_true(addr - base < UNIVERSE && l->named[addr - base]);
		assert_true(port == 22 || port == 80);
	}
}

/* Nothing is left: refused when the targets are to blame, else the lists are. */
static void check_refusal(const struct lists *l, const struct err *err)
{
	bool ordinary = false;

	for (uint32_t i = 0; i < UNIVERSE; i++)
		ordinary |= l->named[i] && (!l->special[i] || l->lifted[i]);
	assert_int_equal(err->code, ordinary ? EXIT_USAGE : EXIT_REFUSED);
	assert_non_null(strstr(err->text, ordinary ? "--blocklist-file" : "--allow-special"));
}

/* Every second round has an allowlist too, around each of the four bases. */
static bool has_scope(unsigned round)
{
	return round / 4 % 2 == 0;
}

static void lists_random(struct lists *l, uint32_t base, unsigned round, uint64_t *seed)
{
	memset(l, 0, sizeof(*l));
	word_random(l->targets, l->named, base, seed);
	words_random(l->targets, l->named, base, seed);
	words_random(l->deny, l->denied, base, seed);
	if (has_scope(round))
		words_random(l->scope, l->scoped, base, seed);
	else
		memset(l->scoped, true, UNIVERSE);
	if (round % 3 == 0)
		snprintf(l->lift, TEXT, "198.18.0.0/15");
	else if (round % 3 == 1)
		snprintf(l->lift, TEXT, "198.18.0.0/22,203.0.113.7");
	for (uint32_t i = 0; i < UNIVERSE; i++) {
		uint32_t addr = base + i;

		l->special[i] = special(addr);
		l->lifted[i] = (round % 3 == 0 && addr >= 0xc6120000 && addr <= 0xc613ffff) ||
			       (round % 3 == 1 &&
				((addr >= 0xc6120000 && addr <= 0xc61203ff) || addr == 0xcb007107));
	}
}

static void check_random_lists(unsigned round, uint64_t *seed)
{
	/* around both ends of 198.18.0.0/15, around 203.0.113.0/24, and far from both */
	static const uint32_t bases[] = {0xc611f800, 0xc613f800, 0xcb006800, 0x08080000};
	static struct lists l;
	const char *targets = l.targets, *deny = l.deny, *lift = l.lift, *scope;
	uint32_t base = bases[round % ARRAY_LEN(bases)];
	struct target_conf conf = {.targets = {&targets, 1, 1}, .ports = "22,80"};
	struct target_counts counts;
	struct target_space *space;
	struct exclusion excl;
	char path[32];
	struct err err;

	lists_random(&l, base, round, seed);
	if (l.deny[0] != '\0')
		conf.exclude = (struct strlist){&deny, 1, 1};
	if (l.lift[0] != '\0')
		conf.allow_special = (struct strlist){&lift, 1, 1};
	if (has_scope(round)) {
		file_write(path, l.scope);
		scope = path;
		conf.scope_files = (struct strlist){&scope, 1, 1};
	}
	if (target_load(&conf, &space, &excl, &counts, &err) == 0)
		check_picks(&l, base, space, &counts);
	else
		check_refusal(&l, &err);
	check_space(&l, base, space, &counts);
	target_space_destroy(space);
	exclusion_fini(&excl);
	if (has_scope(round))
		unlink(path);
}

static void test_random_lists(void **state)
{
	uint64_t seed = 14;

	(void)state;
	special_fill();
	for (unsigned round = 0; round < 10000; round++)
		check_random_lists(round, &seed);
}

/* All of IPv4 in place of a small universe: sizes, and each edge of each list. */
static void test_whole_internet(void **state)
{
	static const char *const deny = "1.1.1.1,8.0.0.0/8,9.0.0.0-10.255.255.255,255.0.0.0/8";
	const char *all = "0.0.0.0/0";
	struct target_conf conf = {
		.targets = {&all, 1, 1}, .ports = "*", .exclude = {(const char **)&deny, 1, 1}};
	uint64_t allowed = UINT64_C(1) << 32, index;
	struct target_counts counts;
	struct target_space *space;
	struct exclusion excl;
	struct err err;
	uint16_t port = 0;

	(void)state;
	special_fill();
	for (size_t i = 0; i < ARRAY_LEN(prefixes) - 1; i++) /* the last is in the one before */
		allowed -= (uint64_t)ranges[i].last - ranges[i].first + 1;
	assert_int_equal(target_load(&conf, &space, &excl, &counts, &err), 0);
	assert_int_equal(counts.addrs, allowed - 1 - 2 * (UINT64_C(1) << 24));
	assert_int_equal(counts.targets, counts.addrs * 65536);
	assert_int_equal(counts.excluded, (UINT64_C(1) << 48) - counts.targets);
	assert_int_equal(counts.special,
			 ((UINT64_C(1) << 32) - allowed - (UINT64_C(1) << 25)) * 65536);
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		uint32_t edge[4] = {ranges[i].first - 1, ranges[i].first, ranges[i].last,
				    ranges[i].last + 1};

		for (int k = 0; k < 4; k++) {
			bool denied = edge[k] >> 24 >= 8 && edge[k] >> 24 <= 10;

			target_space_rank(space, &edge[k], &port, &index, 1);
			assert_int_equal(index == TARGET_ABSENT, denied || special(edge[k]));
		}
	}
	target_space_destroy(space);
	exclusion_fini(&excl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_is_the_registry),
		cmocka_unit_test(test_random_lists),
		cmocka_unit_test(test_whole_internet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
