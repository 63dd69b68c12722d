/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include "monitor.h"

static char text[2048];

static const char *plan_of(const struct job *job, const struct target_counts *counts,
			   uint64_t targets, uint64_t rate)
{
	FILE *file = fmemopen(text, sizeof(text), "w");

	assert_non_null(file);
	plan_print(file, job, counts, targets, 58, rate);
	fclose(file);
	return text;
}

static void test_internet(void **state)
{
	const struct job job = {.attempts = 1, .cooldown_ns = UINT64_C(8000000000)};
	const struct target_counts counts = {
		.addrs = 3702258432,
		.ports = 2,
		.targets = 7404516864,
		.excluded = 1185417728,
	};

	(void)state;
	assert_string_equal(
		plan_of(&job, &counts, counts.targets, 10000),
		"plan\n"
		"  targets   7404516864 (3702258432 addresses, 2 ports), 1185417728 excluded\n"
		"  probes    7404516864, 58 bytes each, 622 GB on the wire\n"
		"  rate      10.0 kpps, 6.72 Mbit/s on the wire: 8d13h of sending, then 8s of "
		"listening\n"
		"  one /24   gets at most a probe every 24m06s on average\n");
}

static void test_small_part(void **state)
{
	const struct job job = {.attempts = 3, .cooldown_ns = UINT64_C(90000000000)};
	const struct target_counts counts = {
		.addrs = 1024, .ports = 4, .pairs = 10, .targets = 4106, .excluded = 0};

	(void)state;
	assert_string_equal(
		plan_of(&job, &counts, 2053, 100),
		"plan\n"
		"  targets   2053 of 4106 (1024 addresses, 4 ports, 10 pairs), 0 excluded\n"
		"  probes    6159 in 3 passes, 58 bytes each, 517 kB on the wire\n"
		"  rate      100 pps, 67.2 kbit/s on the wire: 1m02s of sending, then 1m30s of "
		"listening\n"
		"  one /24   gets at most 25.2 pps on average\n");
}

static void test_no_limit(void **state)
{
	const struct job job = {.attempts = 1, .cooldown_ns = UINT64_C(8000000000)};
	const struct target_counts counts = {.pairs = 10, .targets = 10};

	(void)state;
	assert_string_equal(plan_of(&job, &counts, 10, RATE_MAX),
			    "plan\n"
			    "  targets   10 (0 addresses, 0 ports, 10 pairs), 0 excluded\n"
			    "  probes    10, 58 bytes each, 840 B on the wire\n"
			    "  rate      as fast as the device takes them, then 8s of listening\n");
	assert_non_null(strstr(plan_of(&job, &counts, 10, 5), "at most 5.00 pps"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_internet),
		cmocka_unit_test(test_small_part),
		cmocka_unit_test(test_no_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
