/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include "frames/frames.h"
#include "packet.h"

/* Parses the named frame, which must be acceptable. */
static uint16_t load(const char *name, uint8_t *bytes, struct pkt_view *v)
{
	uint16_t len = frame_read(frame_find(name), bytes);

	assert_int_equal(pkt_parse(v, bytes, len), 0);
	return len;
}

static void test_captured_frames_are_right(void **state)
{
	uint8_t bytes[FRAME_LEN_MAX];
	struct pkt_view v;
	unsigned i;

	(void)state;
	for (i = 0; i < FRAMES; i++) {
		load(frames[i].name, bytes, &v);
		assert_true(pkt_checksum_ok(&v, bytes));
	}
}

/* One's-complement sums see every single damaged bit: of TCP and its pseudo-header, of ICMP. */
static void test_every_flipped_bit_is_seen(void **state)
{
	uint8_t bytes[FRAME_LEN_MAX];
	struct pkt_view v;
	unsigned i, bit, end;

	(void)state;
	for (i = 0; i < FRAMES; i++) {
		load(frames[i].name, bytes, &v);
		if (v.kind == PKT_ARP)
			continue;
		end = (v.l4 + v.l4_len) * 8u;
		for (bit = v.kind == PKT_TCP ? (v.l3 + 12) * 8u : v.l4 * 8u; bit < end; bit++) {
			/* options of IPv4 are no part of the pseudo-header */
			if (bit / 8 >= v.l3 + 20u && bit / 8 < v.l4)
				continue;
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (pkt_checksum_ok(&v, bytes))
				fail_msg("%s: bit %u", frames[i].name, bit);
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

/* What a veth device delivers: the field holds the pseudo-header's sum, not complemented. */
static void test_partial_checksum_of_virtual_devices(void **state)
{
	uint8_t bytes[FRAME_LEN_MAX];
	struct pkt_view v;
	uint32_t sum = 0;
	unsigned i;

	(void)state;
	load("synack", bytes, &v);
	for (i = v.l3 + 12; i < v.l3 + 20u; i += 2)
		sum += (uint32_t)bytes[i] * 256 + bytes[i + 1];
	sum += 6 + v.l4_len;
	sum = (sum >> 16) + (sum & 0xffff);
	bytes[v.l4 + 16] = (uint8_t)(sum >> 8);
	bytes[v.l4 + 17] = (uint8_t)sum;
	assert_true(pkt_checksum_ok(&v, bytes));
	bytes[v.l4 + 17] ^= 1;
	assert_false(pkt_checksum_ok(&v, bytes));
}

/* The last byte of an odd length counts as the upper half of a word; padding does not count. */
static void test_odd_length_and_padding(void **state)
{
	uint8_t bytes[FRAME_LEN_MAX];
	struct pkt_view v;
	uint16_t sum;

	(void)state;
	load("rst_padded", bytes, &v);
	bytes[v.l4 + v.l4_len] = 0x55;
	assert_true(pkt_checksum_ok(&v, bytes));

	/* one byte of data: the length in the pseudo-header grows by one, the sum by 0x5501 */
	v.l4_len++;
	assert_false(pkt_checksum_ok(&v, bytes));
	sum = (uint16_t)(bytes[v.l4 + 16] << 8 | bytes[v.l4 + 17]);
	sum -= 0x5501;
	bytes[v.l4 + 16] = (uint8_t)(sum >> 8);
	bytes[v.l4 + 17] = (uint8_t)sum;
	assert_true(pkt_checksum_ok(&v, bytes));
}

/* The sum of the longest packet does not overflow. */
static void test_longest_packet(void **state)
{
	static uint8_t bytes[65535 + 14];
	struct pkt_view v = {.kind = PKT_ICMP_ECHO, .l3 = 14, .l4 = 34, .l4_len = 65535 - 20};

	(void)state;
	memset(bytes, 0xff, sizeof(bytes));
	bytes[v.l4 + v.l4_len - 1] = 0; /* the odd byte */
	assert_true(pkt_checksum_ok(&v, bytes));
	bytes[v.l4 + 1000] = 0xfe;
	assert_false(pkt_checksum_ok(&v, bytes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_captured_frames_are_right),
		cmocka_unit_test(test_every_flipped_bit_is_seen),
		cmocka_unit_test(test_partial_checksum_of_virtual_devices),
		cmocka_unit_test(test_odd_length_and_padding),
		cmocka_unit_test(test_longest_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
