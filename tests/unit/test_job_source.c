/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include "job.h"

static int sources(const char *a, const char *b, uint32_t **addr, uint32_t *n, struct err *err)
{
	const char *at[] = {a, b};
	struct job job = {.source_ips = {.at = at, .n = b != NULL ? 2 : 1}};

	return job_source_addrs(&job, NULL, addr, n, err);
}

static void test_lists(void **state)
{
	static const uint32_t want[] = {0x0a000001, 0x0a000002, 0x0a000003, 0xc6120000, 0xc6120001};
	struct job none = {0};
	struct err err;
	uint32_t *addr, n;

	(void)state;
	assert_int_equal(
		sources("198.18.0.0/31,10.0.0.2", "10.0.0.1-10.0.0.3,198.18.0.1", &addr, &n, &err),
		0);
	assert_int_equal(n, ARRAY_LEN(want));
	assert_memory_equal(addr, want, sizeof(want));
	free(addr);
	assert_int_equal(sources("198.18.0.0/16", "198.18.7.7", &addr, &n, &err), -22);
	assert_int_equal(sources("198.18.0.0/16", NULL, &addr, &n, &err), 0);
	assert_int_equal(n, 65536);
	assert_int_equal(addr[65535], 0xc612ffff);
	free(addr);
	assert_int_equal(job_source_addrs(&none, NULL, &addr, &n, &err), 0);
	assert_int_equal(n, 0);
	assert_null(addr);
}

static void test_bad(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{"198.18.0.1/24", "not an address"},
		{"198.18.0", "not an address"},
		{"198.18.0.1,", "not an address"},
		{",198.18.0.1", "not an address"},
		{"198.18.0.2-198.18.0.1", "not an address"},
		{"198.18.0.1-", "not an address"},
		{"-", "not an address"},
		{"198.18.0.0/33", "not an address"},
		{"198.18.0.0/", "not an address"},
		{"eth0", "not an address"},
		{"::1", "not an address"},
		{"198.18.0.0/15", "more than 65536"},
		{"1.0.0.0-200.0.0.0", "more than 65536"},
		{"0.0.0.0/0", "cannot send"},
		{"0.0.0.0", "cannot send"},
		{"224.0.0.1", "cannot send"},
		{"255.255.255.255", "cannot send"},
	};
	struct err err;
	uint32_t *addr, n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (sources("198.18.0.1", bad[i].text, &addr, &n, &err) == 0)
			fail_msg("'%s' was accepted", bad[i].text);
		assert_int_equal(err.code, EXIT_USAGE);
		if (strstr(err.text, bad[i].says) == NULL)
			fail_msg("'%s': \"%s\" lacks \"%s\"", bad[i].text, err.text, bad[i].says);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
