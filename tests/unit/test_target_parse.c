/* SPDX-License-Identifier: BSD-3-Clause */

#include "target/target_parse.h"

#include <time.h>

#include "addr.h"
#include "target/listing.h"
#include "test.h"

struct parsed {
	struct rangeset addrs;
	struct pairset pairs;
	struct err err;
};

static int parse(struct parsed *out, const char *text, size_t len, enum listing_kind kind)
{
	struct target_words to = {.addrs = &out->addrs, .pairs = &out->pairs};
	struct listing list = {.name = kind == LISTING_FILE ? "list.txt" : "target", .len = len};
	int ret;

	memset(out, 0, sizeof(*out));
	list.text = malloc(len + 1);
	assert_non_null(list.text);
	memcpy(list.text, text, len);
	list.text[len] = '\0';
	ret = target_parse(&list, kind, &to, &out->err);
	free(list.text);
	rangeset_normalise(&out->addrs);
	pairset_normalise(&out->pairs);
	return ret;
}

static void parsed_fini(struct parsed *out)
{
	rangeset_fini(&out->addrs);
	pairset_fini(&out->pairs);
}

/* The sets as text: "first-last first-last addr:port". */
static const char *parsed_text(const struct parsed *out, char *buf, size_t size)
{
	size_t at = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < out->addrs.n; i++) {
		char first[ADDR4_TEXT], last[ADDR4_TEXT];

		addr4_format(first, out->addrs.at[i].first);
		addr4_format(last, out->addrs.at[i].last);
		at += (size_t)snprintf(buf + at, size - at, "%s%s-%s", at ? " " : "", first, last);
	}
	for (size_t i = 0; i < out->pairs.n; i++) {
		char addr[ADDR4_TEXT];

		addr4_format(addr, pair_addr(out->pairs.at[i]));
		at += (size_t)snprintf(buf + at, size - at, "%s%s:%u", at ? " " : "", addr,
				       pair_port(out->pairs.at[i]));
	}
	return buf;
}

static void test_good_lists(void **state)
{
	static const struct {
		enum listing_kind kind;
		const char *text, *sets;
	} cases[] = {
		{LISTING_ARGUMENT, "192.0.2.1", "192.0.2.1-192.0.2.1"},
		{LISTING_ARGUMENT, "192.0.2.0/24", "192.0.2.0-192.0.2.255"},
		{LISTING_ARGUMENT, "198.18.5.5/30", "198.18.5.4-198.18.5.7"},
		{LISTING_ARGUMENT, "1.2.3.4/0", "0.0.0.0-255.255.255.255"},
		{LISTING_ARGUMENT, "1.2.3.4/32", "1.2.3.4-1.2.3.4"},
		{LISTING_ARGUMENT, "1.2.3.4/1", "0.0.0.0-127.255.255.255"},
		{LISTING_ARGUMENT, "1.2.3.4-1.2.3.9", "1.2.3.4-1.2.3.9"},
		{LISTING_ARGUMENT, "0.0.0.0-255.255.255.255", "0.0.0.0-255.255.255.255"},
		{LISTING_ARGUMENT, "1.2.3.4-1.2.3.4", "1.2.3.4-1.2.3.4"},
		{LISTING_ARGUMENT, "1.2.3.4:80", "1.2.3.4:80"},
		{LISTING_ARGUMENT, "1.2.3.4:0,1.2.3.4:65535,1.2.3.4:0", "1.2.3.4:0 1.2.3.4:65535"},
		{LISTING_ARGUMENT, "1.1.1.1,2.2.2.2:22, 1.1.1.1 ", "1.1.1.1-1.1.1.1 2.2.2.2:22"},
		{LISTING_FILE, "", ""},
		{LISTING_FILE, "\n\n\r\n \t \n# nothing\n#\n", ""},
		{LISTING_FILE, "1.1.1.1", "1.1.1.1-1.1.1.1"},
		{LISTING_FILE, "1.1.1.1\r\n2.2.2.2\r\n", "1.1.1.1-1.1.1.1 2.2.2.2-2.2.2.2"},
		{LISTING_FILE, "  1.1.1.1\t# one\n\t2.2.2.2:80#two\n\n",
		 "1.1.1.1-1.1.1.1 2.2.2.2:80"},
		{LISTING_FILE, "1.1.1.0/24\n1.1.2.0-1.1.2.255\n#end", "1.1.1.0-1.1.2.255"},
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct parsed out;

		if (parse(&out, cases[i].text, strlen(cases[i].text), cases[i].kind) < 0)
			fail_msg("%s: %s", cases[i].text, out.err.text);
		assert_string_equal(parsed_text(&out, text, sizeof(text)), cases[i].sets);
		parsed_fini(&out);
	}
}

static void check_bad(const char *text, size_t len, enum listing_kind kind, const char *expected)
{
	struct parsed out;

	if (parse(&out, text, len, kind) == 0)
		fail_msg("\"%s\" was accepted", text);
	if (strncmp(out.err.text, expected, strlen(expected)) != 0)
		fail_msg("\"%s\": %s\ninstead of: %s", text, out.err.text, expected);
	assert_int_equal(out.err.code, kind == LISTING_FILE ? EXIT_INPUT : EXIT_USAGE);
	parsed_fini(&out);
}

static void test_bad_arguments(void **state)
{
	static const char *const cases[][2] = {
		{"", "target: \"\" is not an address"},
		{"1.1.1.1,", "target: \"\" is not an address"},
		{"1.2.3", "target: \"1.2.3\" is not an address"},
		{"1.2.3.4.5", "target: \"1.2.3.4.5\" is not an address"},
		{"256.1.1.1", "target: \"256.1.1.1\" is not an address"},
		{"01.1.1.1", "target: \"01.1.1.1\" is not an address"},
		{"1.1.1.1/33", "target: \"1.1.1.1/33\" has no prefix length 0-32 after the slash"},
		{"1.1.1.1/", "target: \"1.1.1.1/\" has no prefix length"},
		{"1.1.1.1/-1", "target: \"1.1.1.1/-1\" has no prefix length"},
		{"1.1.1.1/024", "target: \"1.1.1.1/024\" has no prefix length"},
		{"1.1.1.1/24/8", "target: \"1.1.1.1/24/8\" has no prefix length"},
		{"1.1.1.1/24:80", "target: \"1.1.1.1/24:80\" has no prefix length"},
		{"2.2.2.2-1.1.1.1", "target: \"2.2.2.2-1.1.1.1\" is a range that runs backwards"},
		{"1.1.1.1-9", "target: \"1.1.1.1-9\" is not an address"},
		{"1.1.1.1-", "target: \"1.1.1.1-\" is not an address"},
		{"1.1.1.1-2.2.2.2/24", "target: \"1.1.1.1-2.2.2.2/24\" goes on behind"},
		{"1.1.1.1:", "target: \"1.1.1.1:\" has no port 0-65535 after the colon"},
		{"1.1.1.1:65536", "target: \"1.1.1.1:65536\" has no port"},
		{"1.1.1.1:http", "target: \"1.1.1.1:http\" has no port"},
		{"1.1.1.1:80:81", "target: \"1.1.1.1:80:81\" has no port"},
		{"1.1.1.1 2.2.2.2", "target: \"1.1.1.1 2.2.2.2\" goes on behind the target"},
		{"1.1.1.1\n", "target: \"1.1.1.1?\" goes on behind the target"},
		{"1.1.1.1#2", "target: \"1.1.1.1#2\" goes on behind the target"},
		{"::1", "target: \"::1\" is IPv6, and IPv6 is not supported by this version"},
		{"2001:db8::/32", "target: \"2001:db8::/32\" is IPv6"},
		{"[2001:db8::1]:80", "target: \"[2001:db8::1]:80\" is IPv6"},
		{"::ffff:1.2.3.4", "target: \"::ffff:1.2.3.4\" is IPv6"},
		{"example.org",
		 "target: \"example.org\" is not an address: names are not looked up"},
		{"1.1.1.1.example.org", "target: \"1.1.1.1.example.org\" is not an address"},
		{"1.1.1.1x", "target: \"1.1.1.1x\" is not an address: names are not looked up"},
		{"\033[31m1.1.1.1", "target: \"?[31m1.1.1.1\" is not an address"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_bad(cases[i][0], strlen(cases[i][0]), LISTING_ARGUMENT, cases[i][1]);
}

/* A bad line is an error with its place, never skipped (peers' defect M4). */
static void test_bad_lines(void **state)
{
	static const char *const cases[][2] = {
		{"foo\n", "list.txt:1:1: \"foo\" is not an address: names"},
		{"1.1.1.1\n\n  foo # bar\n", "list.txt:3:3: \"foo\" is not an address"},
		{"1.1.1.1\r\n2.2.2.2 x\r\n", "list.txt:2:8: \"2.2.2.2 x\" goes on behind"},
		{"1.1.1.1,2.2.2.2\n", "list.txt:1:8: \"1.1.1.1,2.2.2.2\" goes on behind"},
		{"1.1.1.1/33", "list.txt:1:9: \"1.1.1.1/33\" has no prefix length"},
		{"\t1.1.1.1-1.1.1.999", "list.txt:1:10: \"1.1.1.1-1.1.1.999\" is not an address"},
		{"2.2.2.2-1.1.1.1", "list.txt:1:9: \"2.2.2.2-1.1.1.1\" is a range that runs"},
		{"1.1.1.1:99999", "list.txt:1:9: \"1.1.1.1:99999\" has no port"},
		{"# ok\n2001:db8::1\n", "list.txt:2:1: \"2001:db8::1\" is IPv6"},
		{"1.1.1.1\r2.2.2.2\n", "list.txt:1:8: \"1.1.1.1?2.2.2.2\" goes on behind"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_bad(cases[i][0], strlen(cases[i][0]), LISTING_FILE, cases[i][1]);
	check_bad("1.1.1.1\0002.2.2.2\n", 16, LISTING_FILE, "list.txt:1:8: \"1.1.1.1?2.2.2.2\"");
}

static void test_pairs_only_where_wanted(void **state)
{
	struct rangeset addrs = {0};
	struct target_words to = {.addrs = &addrs};
	struct listing list = {.name = "--exclude", .text = "1.1.1.1:80", .len = 10};
	struct err err;

	(void)state;
	assert_true(target_parse(&list, LISTING_ARGUMENT, &to, &err) < 0);
	assert_string_equal(err.text, "--exclude: \"1.1.1.1:80\" names a port, but only addresses "
				      "can be listed here");
	rangeset_fini(&addrs);
}

static void test_strict_prefixes(void **state)
{
	static const char *const cases[][2] = {
		{"198.18.0.0/15", NULL},
		{"198.18.5.5", NULL},
		{"198.18.5.5/32", NULL},
		{"198.18.5.5/30", "has host bits set"},
		{"198.18.0.0-198.18.0.255", "is not a prefix"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rangeset addrs = {0};
		struct target_words to = {.addrs = &addrs, .prefixes_only = true};
		struct listing list = {.name = "x", .text = (char *)cases[i][0]};
		struct err err = {0};

		list.len = strlen(list.text);
		assert_int_equal(target_parse(&list, LISTING_ARGUMENT, &to, &err) < 0,
				 cases[i][1] != NULL);
		if (cases[i][1] != NULL)
			assert_non_null(strstr(err.text, cases[i][1]));
		rangeset_fini(&addrs);
	}
}

/* The promise is one second; processor time, so that a busy machine does not count. */
#if defined(__SANITIZE_ADDRESS__) || defined(__clang__)
#define SECONDS_MAX 10.0
#else
#define SECONDS_MAX 1.0
#endif

static double seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

/* 10^6 lines in random order: read, parsed, sorted. */
static void test_million_lines(void **state)
{
	const size_t lines = 1000000;
	char *text = malloc(lines * 24);

	(void)state;
	assert_non_null(text);
	for (int with_port = 0; with_port < 2; with_port++) {
		uint64_t seed = 9;
		struct parsed out;
		size_t len = 0;
		double start;

		for (size_t i = 0; i < lines; i++) {
			uint64_t r = test_random(&seed);

			len += addr4_format(text + len, (uint32_t)r);
			if (with_port)
				len += (size_t)snprintf(text + len, 8, ":%u", (uint16_t)(r >> 32));
			text[len++] = '\n';
		}
		start = seconds();
		assert_int_equal(parse(&out, text, len, LISTING_FILE), 0);
		start = seconds() - start;
		print_message("# %zu lines%s: %.3f s\n", lines, with_port ? " with ports" : "",
			      start);
		assert_true((with_port ? out.pairs.n : out.addrs.n) > lines * 99 / 100);
		assert_true(start < SECONDS_MAX);
		parsed_fini(&out);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_lists),
		cmocka_unit_test(test_bad_arguments),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_pairs_only_where_wanted),
		cmocka_unit_test(test_strict_prefixes),
		cmocka_unit_test(test_million_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
