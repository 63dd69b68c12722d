/* SPDX-License-Identifier: BSD-3-Clause */

/* --filter: ZMap's expressions, ours, and what is refused. */

#include "test.h"

#include "filter.h"
#include "records.h"

static const struct record synack = {
	.time_ns = UINT64_C(1769860800123456789),
	.saddr = 0xc0000201,
	.sport = 80,
	.dport = 40000,
	.window = 64240,
	.mss = 1460,
	.wscale = 7,
	.ttl = 57,
	.class = CLASS_SYNACK,
	.state = STATE_OPEN,
	.attempt = 1,
	.flags = RECORD_MSS | RECORD_WSCALE,
};

static const struct record rst_repeat = {
	.saddr = 0xc0000202,
	.sport = 443,
	.class = CLASS_RST,
	.state = STATE_CLOSED,
	.attempt = 1,
	.flags = RECORD_REPEAT | RECORD_COOLDOWN,
};

static const struct record unreachable = {
	.saddr = 0xc0000203,
	.sport = 9,
	.responder = 0xcb007101,
	.icmp_type = 3,
	.icmp_code = 1,
	.class = CLASS_ICMP,
	.state = STATE_UNREACHABLE,
	.attempt = 1,
};

static bool passes(const char *text, bool open_only, const struct record *rec)
{
	struct filter *filter;
	struct err err;
	bool match;

	if (filter_create(text, open_only, &filter, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	match = filter_match(filter, rec);
	filter_destroy(filter);
	return match;
}

enum { S = 1, R = 2, U = 4 }; /* synack, rst_repeat, unreachable */

static void test_match(void **state)
{
	static const struct {
		const char *text;
		int matches;
	} rows[] = {
		/* as ZMap's users write them */
		{"success = 1 && repeat = 0", S},
		{"success=1&&repeat=0", S},
		{"success = 1", S},
		{"success = 0", R | U},
		{"repeat != 1", S | U},
		{"classification = synack", S},
		{"classification != synack", R | U},
		{"classification = rst || classification = synack", S | R},
		{"(classification = rst || success = 1) && repeat = 0", S},
		{"sport = 80 || sport = 443 && success = 1", S},
		{"(sport = 80 || sport = 443) && cooldown = 1", R},
		{"ttl > 56 && ttl < 58", S},
		{"ttl >= 57", S},
		{"ttl <= 56", R | U},
		{"ttl > 57", 0},
		{"ttl < 57", R | U},
		{"timestamp_ts = 1769860800 && timestamp_us = 123456", S},
		{"saddr_raw = 16908480", S},
		{"sport < 18446744073709551615", S | R | U},
		/* precedence and grouping */
		{"success = 1 || repeat = 1 && sport = 1", S},
		{"(success = 1 || repeat = 1) && sport = 1", 0},
		{"sport = 1 && repeat = 1 || success = 1", S},
		{"sport = 9 || sport = 80 || sport = 443", S | R | U},
		{"((((sport = 9))))", U},
		{"\t sport\n=\r9 ", U},
		/* ours: quotes, addresses, words for truths */
		{"saddr = \"192.0.2.1\"", S},
		{"saddr = 192.0.2.1", S},
		{"saddr != \"192.0.2.1\"", R | U},
		{"icmp_responder = \"203.0.113.1\"", U},
		{"icmp_unreach_str = \"host unreachable\"", U},
		{"timestamp_str = \"2026-01-31T12:00:00.123+0000\"", S},
		{"state = open", S},
		{"state = \"closed\"", R},
		{"success = true && repeat = false", S},
		{"service = http", S},
		{"port_range = system", S | R | U},
		/* null equals nothing */
		{"window = 0", R},
		{"window != 0", S | U},
		{"window < 100000", S | R},
		{"window >= 0", S | R},
		{"tcpopt_mss = 1460", S},
		{"tcpopt_mss != 1460", R | U},
		{"tcpopt_wscale = 128", S},
		{"icmp_type = 0", 0},
		{"icmp_type != 3", S | R},
		{"icmp_unreach_str != unknown", S | R | U},
		{"icmp_responder != 0.0.0.0", S | R | U},
		{"rtt_us >= 0", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int got = (passes(rows[i].text, false, &synack) ? S : 0) |
			  (passes(rows[i].text, false, &rst_repeat) ? R : 0) |
			  (passes(rows[i].text, false, &unreachable) ? U : 0);

		if (got != rows[i].matches)
			fail_msg("%s: %d, not %d", rows[i].text, got, rows[i].matches);
	}
}

static void test_default_and_open(void **state)
{
	(void)state;
	assert_true(passes(NULL, false, &synack));
	assert_false(passes(NULL, false, &rst_repeat));
	assert_true(passes(NULL, false, &unreachable));
	assert_true(passes(NULL, true, &synack));
	assert_false(passes(NULL, true, &unreachable));
	/* narrows the whole expression, not its last term */
	assert_true(passes("sport = 9 || sport = 80", true, &synack));
	assert_false(passes("sport = 9 || sport = 80", true, &unreachable));
	assert_true(passes("sport = 443", false, &rst_repeat));
}

static void test_wants_repeats(void **state)
{
	static const struct {
		const char *text;
		bool wants;
	} rows[] = {
		{NULL, false},
		{"repeat = 0", false},
		{"repeat = false", false},
		{"repeat != 1", false},
		{"repeat < 1", false},
		{"success = 1 && repeat = 0", false},
		{"(success = 1 || sport = 80) && repeat = 0", false},
		{"repeat = 0 && success = 1 || repeat = 0 && sport = 80", false},
		{"repeat = 1", true},
		{"repeat >= 0", true},
		{"success = 1", true},
		{"success = 1 || repeat = 0", true},
		{"repeat = 0 || repeat = 1", true},
	};
	struct filter *filter;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(filter_create(rows[i].text, false, &filter, &err), 0);
		if (filter_wants_repeats(filter) != rows[i].wants)
			fail_msg("%s", rows[i].text);
		filter_destroy(filter);
	}
}

/* filter_wants_repeats() may say yes too often, but never no to a filter that lets one through. */
static void test_wants_is_safe(void **state)
{
	static const char *const atoms[] = {"repeat = 0", "repeat = 1", "success = 1",
					    "sport < 1000", "repeat != 0"};
	uint64_t seed = 7;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		struct record rec = record_random(&seed);
		struct filter *filter;
		struct err err;
		char text[200];

		snprintf(text, sizeof(text), "(%s %s %s) %s (%s %s %s)",
			 atoms[test_random(&seed) % 5], test_random(&seed) % 2 ? "&&" : "||",
			 atoms[test_random(&seed) % 5], test_random(&seed) % 2 ? "&&" : "||",
			 atoms[test_random(&seed) % 5], test_random(&seed) % 2 ? "&&" : "||",
			 atoms[test_random(&seed) % 5]);
		rec.flags |= RECORD_REPEAT;
		assert_int_equal(filter_create(text, false, &filter, &err), 0);
		if (filter_match(filter, &rec) && !filter_wants_repeats(filter))
			fail_msg("%s", text);
		filter_destroy(filter);
	}
}

static void assert_refused(const char *text, const char *message)
{
	struct filter *filter;
	struct err err;

	if (filter_create(text, false, &filter, &err) == 0)
		fail_msg("%.100s: not refused", text);
	assert_null(filter);
	assert_int_equal(err.code, EXIT_USAGE);
	if (strstr(err.text, message) == NULL)
		fail_msg("%.100s: %s", text, err.text);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"", "--filter: column 1: a field is missing"},
		{"   ", "column 4: a field is missing"},
		{"sucess = 1", "column 1: no field \"sucess\"; did you mean success?"},
		{"success = 1 && reapeat = 0",
		 "column 16: no field \"reapeat\"; did you mean repeat?"},
		{"foo = 1", "column 1: no field \"foo\"; see --list-fields"},
		{"success", "column 8: a comparison is missing"},
		{"success 1", "column 9: a comparison is missing"},
		{"success =", "column 10: a value is missing"},
		{"success == 1", "column 10: a value is missing"},
		{"success = 2", "column 11: success is compared with 0, 1, true or false"},
		{"success = yes", "column 11: success is compared"},
		{"ttl = many", "column 7: ttl is a number"},
		{"ttl = \"64\"", "column 8: ttl is a number"},
		{"ttl = 64x", "column 7: ttl is a number"},
		{"ttl = -1", "column 7: ttl is a number"},
		{"ttl = 18446744073709551616", "column 7: the number is too large"},
		{"state = 1", "column 9: state is a string"},
		{"state < open", "column 9: state is a string, which only = and != compare"},
		{"saddr > \"192.0.2.1\"", "only = and != compare"},
		{"saddr = \"192.0.2.256\"", "saddr is compared with an address"},
		{"saddr = 5", "column 9: saddr is compared with an address"},
		{"saddr = \"192.0.2.1", "column 9: the quote is not closed"},
		{"saddr = \"\"", "a value is missing"},
		{"state = xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		 "column 9: no field has a value this long"},
		{"success = 1 repeat = 0", "column 13: && or || is missing before \"repeat = 0\""},
		{"success = 1 & repeat = 0", "column 13: && or || is missing"},
		{"success = 1 &&", "column 15: a field is missing"},
		{"success = 1 || && repeat = 0", "column 16: a field is missing"},
		{"(success = 1", "column 13: a ) is missing for the ( in column 1"},
		{"success = 1)", "column 12: && or || is missing before \")\""},
		{"()", "column 2: a field is missing"},
		{"1 = success", "column 1: no field \"1\""},
		{"!success = 1", "column 1: a field is missing"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_refused(rows[i].text, rows[i].message);
}

/* Nested so that every level waits with an operand of || and one of &&. */
static void nested(char *text, size_t size, unsigned depth)
{
	size_t len = 0;

	for (unsigned i = 0; i < depth; i++)
		len += (size_t)snprintf(text + len, size - len, "ttl = 57 || ttl = 57 && (");
	len += (size_t)snprintf(text + len, size - len, "sport = 80");
	memset(text + len, ')', depth);
	text[len + depth] = '\0';
}

static void test_bounds(void **state)
{
	char text[5000];

	(void)state;
	nested(text, sizeof(text), 32);
	assert_true(passes(text, false, &synack));
	assert_false(passes(text, false, &rst_repeat));
	nested(text, sizeof(text), 33);
	assert_refused(text, "column 825: more than 32 parentheses within each other");

	memset(text, ' ', sizeof(text));
	memcpy(text, "sport = 80", 10);
	text[4096] = '\0';
	assert_true(passes(text, false, &synack));
	text[4096] = ' ';
	text[4097] = '\0';
	assert_refused(text, "column 4097: longer than 4096 characters");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match),	      cmocka_unit_test(test_default_and_open),
		cmocka_unit_test(test_wants_repeats), cmocka_unit_test(test_wants_is_safe),
		cmocka_unit_test(test_refused),	      cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
