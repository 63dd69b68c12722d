/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include "monitor/human.h"

static void test_count(void **state)
{
	static const struct {
		uint64_t value;
		const char *text;
	} cases[] = {
		{0, "0"},	    {99999, "99999"},	   {100000, "100k"},
		{123456, "123k"},   {999499, "999k"},	   {999500, "1.00M"},
		{1234567, "1.23M"}, {9994999, "9.99M"},	   {9995000, "10.0M"},
		{99950000, "100M"}, {4294967296, "4.29G"}, {UINT64_MAX, "18.4E"},
	};
	char buf[HUMAN_TEXT];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(human_count(buf, cases[i].value), cases[i].text);
}

static void test_si(void **state)
{
	char buf[HUMAN_TEXT];

	(void)state;
	assert_string_equal(human_si(buf, 0, "pps"), "0.00 pps");
	assert_string_equal(human_si(buf, 9980, "pps"), "9.98 kpps");
	assert_string_equal(human_si(buf, 14880952, "pps"), "14.9 Mpps");
	assert_string_equal(human_si(buf, 999.6, "pps"), "1.00 kpps");
}

static void test_duration(void **state)
{
	static const struct {
		double seconds;
		const char *text;
	} cases[] = {
		{0, "0s"},
		{59.4, "59s"},
		{59.6, "1m00s"},
		{754, "12m34s"},
		{3599.7, "1h00m"},
		{3723, "1h02m"},
		{86400 * 3 + 3600 * 4, "3d04h"},
		{-1, "--"},
		{86400.0 * 1000, "--"},
		{1e300, "--"},
	};
	char buf[HUMAN_TEXT];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(human_duration(buf, cases[i].seconds), cases[i].text);
}

static void test_utc(void **state)
{
	char buf[HUMAN_TEXT];

	(void)state;
	assert_string_equal(human_utc(buf, 0), "1970-01-01T00:00:00.000Z");
	assert_string_equal(human_utc(buf, 1790000000.5), "2026-09-21T14:13:20.500Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_si),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_utc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
