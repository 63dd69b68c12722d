/* SPDX-License-Identifier: BSD-3-Clause */

#include "target/portset.h"

#include "test.h"

static void test_good_lists(void **state)
{
	static const struct {
		const char *text;
		uint32_t count;
		uint16_t in[4], out[2];
	} cases[] = {
		{"80", 1, {80, 80, 80, 80}, {79, 81}},
		{"0", 1, {0, 0, 0, 0}, {1, 65535}},
		{"65535", 1, {65535, 65535, 65535, 65535}, {0, 65534}},
		{"80,443", 2, {80, 443, 80, 443}, {79, 444}},
		{"80,80,80-80,http", 1, {80, 80, 80, 80}, {79, 81}},
		{"8000-8100,443,22", 103, {8000, 8100, 443, 22}, {7999, 8101}},
		{"*", 65536, {0, 1, 65535, 80}, {0, 0}},
		{"0-65535,80", 65536, {0, 1, 65535, 80}, {0, 0}}, /* peers' defect Z3 */
		{"http,HTTPS,ssh,http-alt", 4, {80, 443, 22, 8080}, {81, 8081}},
		{"T:80,t:443,T:http-alt", 3, {80, 443, 8080, 80}, {81, 444}},
		{" 80 , 443 ", 2, {80, 443, 80, 443}, {81, 444}},
		{"00080", 1, {80, 80, 80, 80}, {79, 81}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct portset set = {0};
		struct err err = {0};

		if (portset_parse(&set, cases[i].text, &err) < 0)
			fail_msg("%s: %s", cases[i].text, err.text);
		assert_int_equal(portset_count(&set), cases[i].count);
		for (int k = 0; k < 4; k++)
			assert_true(portset_contains(&set, cases[i].in[k]));
		for (int k = 0; k < 2 && cases[i].count < PORTS; k++)
			assert_false(portset_contains(&set, cases[i].out[k]));
	}
}

/* ZMap reads "http" as 0, "80abc" as 80, "-80" as 0-80 (peers' defect Z2): here each is an error
 * that names the item. */
static void test_bad_lists(void **state)
{
	static const char not_a_port[] = "is not a port (a number 0-65535, a range like 8000-8100, "
					 "a service name or *)";
	static const char not_tcp[] = "is not a TCP port: this version probes TCP ports only";
	static const char backwards[] =
		"is a range that runs backwards: the lower port comes first";
	static const struct {
		const char *text, *item, *why;
	} cases[] = {
		{"80abc", "80abc", not_a_port},
		{"-80", "-80", not_a_port},
		{"1024-", "1024-", not_a_port},
		{"-", "-", not_a_port},
		{"", "", not_a_port},
		{",", "", not_a_port},
		{"80,", "", not_a_port},
		{"80,,443", "", not_a_port},
		{"65536", "65536", not_a_port},
		{"0-65536", "0-65536", not_a_port},
		{"100000", "100000", not_a_port},
		{"99999999999999999999", "99999999999999999999", not_a_port},
		{"80-90-100", "80-90-100", not_a_port},
		{"80,8100-8000", "8100-8000", backwards},
		{"0x50", "0x50", not_a_port},
		{"+80", "+80", not_a_port},
		{"80 443", "80 443", not_a_port},
		{"nosuchservice", "nosuchservice", not_a_port},
		{"**", "**", not_a_port},
		{"*-80", "*-80", not_a_port},
		{"U:53", "U:53", not_tcp},
		{"80,u:53", "u:53", not_tcp},
		{"S:80", "S:80", not_tcp},
		{"icmp", "icmp", not_tcp},
		{"ICMP", "ICMP", not_tcp},
		{"T:", "", not_a_port},
		{"T:T:80", "T:80", not_a_port},
		{"T:-80", "-80", not_a_port},
		{"80;443", "80;443", not_a_port},
		{"\033[31m", "?[31m", not_a_port},
	};
	char expected[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct portset set = {0};
		struct err err = {0};

		if (portset_parse(&set, cases[i].text, &err) == 0)
			fail_msg("\"%s\" was accepted", cases[i].text);
		snprintf(expected, sizeof(expected), "--ports: \"%s\" %s", cases[i].item,
			 cases[i].why);
		assert_string_equal(err.text, expected);
		assert_int_equal(err.code, EXIT_USAGE);
	}
}

static void test_long_items_are_cut(void **state)
{
	struct portset set = {0};
	struct err err = {0};
	char text[4096];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_true(portset_parse(&set, text, &err) < 0);
	assert_non_null(strstr(err.text, "xxx...\" is not a port"));
	assert_true(strlen(err.text) < 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_lists),
		cmocka_unit_test(test_bad_lists),
		cmocka_unit_test(test_long_items_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
