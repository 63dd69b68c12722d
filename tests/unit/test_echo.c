/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include "datapath/echo.h"

/* Pings that are answered, and those that are not. Sums are taken here on their own. */

enum { ETHER = 14, IP = 20, ICMP = 8 };

static uint16_t sum(const uint8_t *p, unsigned len)
{
	uint32_t s = 0;

	for (unsigned i = 0; i < len; i++)
		s += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	while (s >> 16 != 0)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)s;
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* A ping from 198.18.0.9 to 198.19.0.1 with so many bytes of data; returns the frame's length. */
static uint16_t request(uint8_t *frame, unsigned data)
{
	static const uint8_t addresses[] = {198, 18, 0, 9, 198, 19, 0, 1};
	uint8_t *ip = frame + ETHER, *icmp = ip + IP;

	memset(frame, 0, ETHER + IP + ICMP + data);
	put16(frame + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, IP + ICMP + data);
	ip[8] = 64;
	ip[9] = 1;
	memcpy(ip + 12, addresses, sizeof(addresses));
	put16(ip + 10, (uint16_t)~sum(ip, IP));
	icmp[0] = 8;
	put16(icmp + 4, 0x1234);
	put16(icmp + 6, 0x0007);
	for (unsigned i = 0; i < data; i++)
		icmp[ICMP + i] = (uint8_t)(i * 7 + 1);
	put16(icmp + 2, (uint16_t)~sum(icmp, ICMP + data));
	return (uint16_t)(ETHER + IP + ICMP + data);
}

static bool answered(uint8_t *frame, uint16_t len, struct echo *echo)
{
	struct pkt_view v;

	return pkt_parse(&v, frame, len) == 0 && echo_read(echo, &v, frame);
}

static void test_a_ping_comes_back_whole(void **state)
{
	const struct pkt_link link = {
		.src_mac = {2, 0, 0, 0, 0, 1}, .dst_mac = {2, 0, 0, 0, 0, 2}, .tagged = false};
	static const uint8_t back[] = {198, 19, 0, 1, 198, 18, 0, 9};
	uint8_t in[256], out[256];
	struct echo echo;

	(void)state;
	for (unsigned data = 0; data <= ECHO_DATA; data++) {
		uint16_t len = request(in, data), n;

		assert_true(answered(in, len, &echo));
		memset(out, 0xaa, sizeof(out));
		n = echo_write(&echo, &link, 77, out);
		assert_int_equal(n, len);
		assert_int_equal(out[n], 0xaa);
		assert_memory_equal(out, link.dst_mac, 6);
		assert_int_equal(out[ETHER + 8], 77);
		assert_memory_equal(out + ETHER + 12, back, sizeof(back));
		assert_int_equal(sum(out + ETHER, IP), 0xffff);
		assert_int_equal(out[ETHER + IP], 0);
		assert_int_equal(sum(out + ETHER + IP, ICMP + data), 0xffff);
		assert_memory_equal(out + ETHER + IP + 4, in + ETHER + IP + 4, 4 + data);
	}
}

static void test_a_tagged_reply_fits(void **state)
{
	const struct pkt_link link = {.tagged = true, .vlan = 7};
	uint8_t in[256], out[256];
	struct echo echo;

	(void)state;
	assert_true(answered(in, request(in, ECHO_DATA), &echo));
	assert_in_range(echo_write(&echo, &link, 64, out), 0, 128);
	assert_int_equal(out[12] << 8 | out[13], 0x8100);
	assert_int_equal(out[14] << 8 | out[15], 7);
}

static void test_others_are_not_answered(void **state)
{
	uint8_t in[256];
	struct echo echo;
	uint16_t len;

	(void)state;
	assert_false(answered(in, request(in, ECHO_DATA + 1), &echo));
	len = request(in, 8);
	in[ETHER + IP + ICMP] ^= 1; /* broken on the way */
	assert_false(answered(in, len, &echo));
	len = request(in, 8);
	in[ETHER + IP] = 0; /* a reply */
	put16(in + ETHER + IP + 2, 0);
	put16(in + ETHER + IP + 2, (uint16_t)~sum(in + ETHER + IP, ICMP + 8));
	assert_false(answered(in, len, &echo));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_ping_comes_back_whole),
		cmocka_unit_test(test_a_tagged_reply_fits),
		cmocka_unit_test(test_others_are_not_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
