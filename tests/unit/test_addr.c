/* SPDX-License-Identifier: BSD-3-Clause */

#include "addr.h"

#include <errno.h>

#include "test.h"

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		int64_t addr; /* -1: not an address */
	} cases[] = {
		{"0.0.0.0", 0},
		{"255.255.255.255", 0xffffffff},
		{"192.0.2.1", 0xc0000201},
		{"1.20.255.9", 0x0114ff09},
		{"", -1},
		{"1", -1},
		{"1.2.3", -1},
		{"1.2.3.", -1},
		{".1.2.3", -1},
		{"1..2.3", -1},
		{"1.2.3.4.", -1},
		{"1.2.3.4.5", -1},
		{"256.1.1.1", -1},
		{"1.1.1.256", -1},
		{"1.1.1.999", -1},
		{"1.1.1.1000", -1},
		{"01.1.1.1", -1},
		{"1.1.1.00", -1},
		{"1.1.1.1 ", -1},
		{" 1.1.1.1", -1},
		{"+1.1.1.1", -1},
		{"-1.1.1.1", -1},
		{"0x1.1.1.1", -1},
		{"1.1.1.a", -1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint32_t addr = 0xdeadbeef;
		int ret = addr4_parse(cases[i].text, strlen(cases[i].text), &addr);

		if (ret != (cases[i].addr < 0 ? -EINVAL : 0))
			fail_msg("\"%s\" gave %d", cases[i].text, ret);
		assert_int_equal(addr, cases[i].addr < 0 ? 0xdeadbeef : (uint32_t)cases[i].addr);
	}
}

static void test_length_is_obeyed(void **state)
{
	uint32_t addr;

	(void)state;
	assert_int_equal(addr4_parse("1.2.3.45", 7, &addr), 0);
	assert_int_equal(addr, 0x01020304);
	assert_int_equal(addr4_parse("1.2.3.4/8", 9, &addr), -EINVAL);
	assert_int_equal(addr4_parse("1.2.3.4\0", 8, &addr), -EINVAL);
}

static void test_format_reads_back(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 1000000; i++) {
		uint32_t addr = (uint32_t)test_random(&seed), back;
		char text[ADDR4_TEXT], expected[32];
		size_t len = addr4_format(text, addr);

		assert_int_equal(len, strlen(text));
		assert_int_equal(addr4_parse(text, len, &back), 0);
		assert_int_equal(back, addr);
		if (i % 1000 != 0)
			continue;
		snprintf(expected, sizeof(expected), "%u.%u.%u.%u", addr >> 24, addr >> 16 & 0xff,
			 addr >> 8 & 0xff, addr & 0xff);
		assert_string_equal(text, expected);
	}
}

static void test_every_octet(void **state)
{
	(void)state;
	for (uint32_t octet = 0; octet < 256; octet++) {
		uint32_t addr = octet * 0x01010101;
		char text[ADDR4_TEXT], expected[32];

		snprintf(expected, sizeof(expected), "%u.%u.%u.%u", octet, octet, octet, octet);
		assert_int_equal(addr4_format(text, addr), strlen(expected));
		assert_string_equal(text, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_length_is_obeyed),
		cmocka_unit_test(test_format_reads_back),
		cmocka_unit_test(test_every_octet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
