/* SPDX-License-Identifier: BSD-3-Clause */

#include "service.h"

#include "test.h"

static void test_known_ports(void **state)
{
	static const struct service known[] = {
		{21, "ftp"},
		{22, "ssh"},
		{23, "telnet"},
		{25, "smtp"},
		{53, "domain"},
		{80, "http"},
		{110, "pop3"},
		{143, "imap"},
		{443, "https"},
		{445, "microsoft-ds"},
		{993, "imaps"},
		{3306, "mysql"},
		{3389, "ms-wbt-server"},
		{5432, "postgresql"},
		{6379, "redis"},
		{8080, "http-alt"},
		{27017, "mongodb"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		assert_string_equal(service_name(known[i].port), known[i].name);
		assert_int_equal(service_port(known[i].name), known[i].port);
	}
	assert_null(service_name(0));
	assert_null(service_name(65535));
	assert_null(service_name(4));
	assert_int_equal(service_port("nosuchservice"), -1);
	assert_int_equal(service_port(""), -1);
	assert_int_equal(service_port("http "), -1);
}

static void test_aliases_and_case(void **state)
{
	(void)state;
	assert_int_equal(service_port("www"), 80);
	assert_int_equal(service_port("HTTP"), 80);
	assert_int_equal(service_port("Http-Alt"), 8080);
	assert_int_equal(service_port("postgres"), 5432);
	assert_int_equal(service_port("rdp"), 3389);
}

/* Names go into JSON and CSV as they are. */
static void test_table_is_sound(void **state)
{
	(void)state;
	assert_true(n_services >= 300);
	for (size_t i = 0; i < n_services; i++) {
		const char *name = services[i].name;

		assert_true(i == 0 || services[i - 1].port <= services[i].port);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-"),
				 strlen(name));
		assert_int_equal(service_port(name), services[i].port);
		assert_non_null(service_name(services[i].port));
	}
}

static void test_port_ranges(void **state)
{
	(void)state;
	assert_string_equal(service_port_range(0), "system");
	assert_string_equal(service_port_range(1023), "system");
	assert_string_equal(service_port_range(1024), "user");
	assert_string_equal(service_port_range(49151), "user");
	assert_string_equal(service_port_range(49152), "dynamic");
	assert_string_equal(service_port_range(65535), "dynamic");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_ports),
		cmocka_unit_test(test_aliases_and_case),
		cmocka_unit_test(test_table_is_sound),
		cmocka_unit_test(test_port_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
