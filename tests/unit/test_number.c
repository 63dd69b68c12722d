/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include "job/number.h"

static void test_count(void **state)
{
	static const struct {
		const char *text;
		uint64_t n;
	} good[] = {
		{"0", 0},
		{"10", 10},
		{"007", 7},
		{"10k", 10000},
		{"10K", 10000},
		{"1.5M", 1500000},
		{"0.001k", 1},
		{"2G", 2000000000},
		{"18446744073709551615", UINT64_MAX},
		{"18446744073.709551615G", UINT64_MAX},
	};
	static const char *const bad[] = {
		"",
		"-1",
		"+1",
		" 1",
		"1 ",
		"k",
		".5k",
		"1.k",
		"1.5",
		"1..5k",
		"0x10",
		"1e3",
		"1kk",
		"10m",
		"10g",
		"1,000",
		"ten",
		"\xff",
		"0.0001k",
		"18446744073709551616",
		"18446744073709551615k",
		"18446744073.709551616G",
		"1.1234567890G",
	};
	uint64_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(number_count(good[i].text, &n), 0);
		assert_true(n == good[i].n);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_true(number_count(bad[i], &n) < 0);
}

static void test_duration(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
		const char *written;
	} good[] = {
		{"0", 0, "0s"},		 {"8", 8000, "8s"},	 {"8s", 8000, "8s"},
		{"500ms", 500, "500ms"}, {"0.5s", 500, "500ms"}, {"1.5h", 5400000, "90m"},
		{"90m", 5400000, "90m"}, {"60m", 3600000, "1h"}, {"48h", 172800000, "2d"},
	};
	static const char *const bad[] = {"",	 "s",	    "-8s", "8 s",   "8sec",
					  "1us", "0.0001s", "8S",  "1h30m", "213503982335d"};
	char text[NUMBER_TEXT];
	uint64_t ms;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(number_duration(good[i].text, &ms), 0);
		assert_true(ms == good[i].ms);
		number_duration_format(text, ms);
		assert_string_equal(text, good[i].written);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_true(number_duration(bad[i], &ms) < 0);
}

static void test_duration_reads_back(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		uint64_t ms = test_random(&random) >> (20 + test_random(&random) % 44), back;
		char text[NUMBER_TEXT];

		number_duration_format(text, ms);
		assert_int_equal(number_duration(text, &back), 0);
		assert_true(back == ms);
	}
}

static void test_percent(void **state)
{
	static const char *const good[] = {"1", "0.5", "99.9", "100", "0.000000001"};
	static const char *const bad[] = {"",	"0",   "0.0", "100.1", "-1",  "1.",
					  ".5", "1e1", "nan", "1.2.3", "0x1", "0.0000000001"};
	char text[NUMBER_TEXT];
	double percent;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(number_percent(good[i], strlen(good[i]), &percent), 0);
		number_percent_format(text, percent);
		assert_string_equal(text, good[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_true(number_percent(bad[i], strlen(bad[i]), &percent) < 0);
}

static void test_plain(void **state)
{
	uint64_t n;

	(void)state;
	assert_int_equal(number_plain("443,80", 3, UINT16_MAX, &n), 0);
	assert_true(n == 443);
	assert_true(number_plain("443,80", 4, UINT16_MAX, &n) < 0);
	assert_true(number_plain("65536", 5, UINT16_MAX, &n) < 0);
	assert_true(number_plain("", 0, UINT16_MAX, &n) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count),	cmocka_unit_test(test_duration),
		cmocka_unit_test(test_percent), cmocka_unit_test(test_duration_reads_back),
		cmocka_unit_test(test_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
