/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include "packet.h"
#include "reject.h"

/* The names are keys of the summary: words of their own, and these stay. */
static void test_names_are_distinct_keys(void **state)
{
	int i, j;

	(void)state;
	for (i = 0; i < REJECT_COUNT; i++) {
		const char *name = reject_name((enum reject)i);

		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_"),
				 strlen(name));
		assert_true(strlen(name) > 0);
		for (j = 0; j < i; j++)
			assert_string_not_equal(name, reject_name((enum reject)j));
	}
	assert_string_equal(reject_name(REJECT_BARE_RST), "bare_rst");
	assert_string_equal(reject_name(REJECT_COOKIE), "wrong_cookie");
}

static void test_reasons_of_parse_results(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < REJECT_COUNT; i++)
		assert_int_equal(pkt_reject(-1 - i), i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_are_distinct_keys),
		cmocka_unit_test(test_reasons_of_parse_results),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
