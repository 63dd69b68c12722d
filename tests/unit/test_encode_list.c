/* SPDX-License-Identifier: BSD-3-Clause */

/* The list, and the digits that all encoders share. */

#include "test.h"

#include <arpa/inet.h>
#include <inttypes.h>

#include "encode.h"
#include "fieldset.h"
#include "records.h"
#include "text.h"

static void test_lines(void **state)
{
	struct record rec = {.saddr = 0xc0000207, .sport = 80, .state = STATE_OPEN};
	struct fieldset *set;
	char buf[ENCODED_MAX];
	struct err err;

	(void)state;
	assert_int_equal(fieldset_create(NULL, &set, &err), 0);
	assert_int_equal(encode_list.begin(set, buf), 0);
	buf[encode_list.record(set, &rec, buf)] = '\0';
	assert_string_equal(buf, "192.0.2.7:80\topen\n");
	rec.saddr = UINT32_MAX;
	rec.sport = UINT16_MAX;
	rec.state = STATE_UNREACHABLE;
	buf[encode_list.record(set, &rec, buf)] = '\0';
	assert_string_equal(buf, "255.255.255.255:65535\tunreachable\n");
	fieldset_destroy(set);
}

static void assert_uint(uint64_t n)
{
	char buf[TEXT_UINT_MAX + 1], expected[TEXT_UINT_MAX + 1];

	*text_uint(buf, n) = '\0';
	snprintf(expected, sizeof(expected), "%" PRIu64, n);
	assert_string_equal(buf, expected);
}

static void test_uint(void **state)
{
	uint64_t seed = 4;

	(void)state;
	for (uint64_t n = 0; n < 100000; n++)
		assert_uint(n);
	for (uint64_t power = 1; power <= UINT64_MAX / 10; power *= 10) {
		assert_uint(power - 1);
		assert_uint(power);
		assert_uint(power * 10 - 1);
		assert_uint(power * 10);
	}
	assert_uint(UINT64_MAX);
	for (unsigned i = 0; i < 100000; i++)
		assert_uint(test_random(&seed) >> (i % 64));
}

static void assert_addr(uint32_t addr)
{
	struct in_addr in = {.s_addr = htonl(addr)};
	char buf[TEXT_ADDR4_MAX + 1], expected[INET_ADDRSTRLEN];

	*text_addr4(buf, addr) = '\0';
	inet_ntop(AF_INET, &in, expected, sizeof(expected));
	assert_string_equal(buf, expected);
}

static void test_addr4(void **state)
{
	uint64_t seed = 5;

	(void)state;
	for (uint32_t octet = 0; octet < 256; octet++)
		for (unsigned shift = 0; shift < 32; shift += 8)
			assert_addr(octet << shift | octet);
	for (unsigned i = 0; i < 100000; i++)
		assert_addr((uint32_t)test_random(&seed));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_uint),
		cmocka_unit_test(test_addr4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
