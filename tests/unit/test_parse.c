/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include "frames/frames.h"
#include "packet.h"

enum { US = 0xc6120002, ROUTER = 0xc6120001, HOST = 0xc6120102, NOBODY = 0xc612014d };
enum { SYN_ACK = 0x12, RST = 0x04, RST_ACK = 0x14 };

static int parse_named(const char *name, struct pkt_view *v)
{
	uint8_t bytes[FRAME_LEN_MAX];
	uint16_t len = frame_read(frame_find(name), bytes);

	return pkt_parse(v, bytes, len);
}

/* The IPv4 header's checksum, after a test changed the header. */
static void fix_ip(uint8_t *ip)
{
	unsigned len = (ip[0] & 15) * 4u, i;
	uint32_t sum = 0;

	ip[10] = ip[11] = 0;
	for (i = 0; i < len; i += 2)
		sum += (uint32_t)ip[i] * 256 + ip[i + 1];
	sum = (sum >> 16) + (sum & 0xffff);
	sum = ~((sum >> 16) + sum);
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

static void test_captured_tcp(void **state)
{
	static const struct {
		const char *name;
		uint16_t local_port, remote_port, window;
		uint8_t flags, options, ttl;
		uint32_t seq, ack;
	} want[] = {
		{"synack", 0xc660, 80, 65160, SYN_ACK, 15, 63, 0x3b7e8c71, 0x16f8d476},
		{"synack_vlan", 0xc660, 80, 65160, SYN_ACK, 15, 63, 0x3b7e8c71, 0x16f8d476},
		{"synack_mss", 40000, 80, 64240, SYN_ACK, PKT_OPT_MSS, 63, 0x334e692a, 0x11223345},
		{"synack_ipopt", 40000, 80, 64240, SYN_ACK, PKT_OPT_MSS, 63, 0x334e692a,
		 0x11223345},
		{"rst_ack", 0xe298, 81, 0, RST_ACK, 0, 63, 0, 0x6dd2d4f7},
		{"rst_padded", 0xe298, 81, 0, RST_ACK, 0, 63, 0, 0x6dd2d4f7},
		{"rst_bare", 40000, 81, 0, RST, 0, 63, 0x55667788, 0},
	};
	struct pkt_view v;
	unsigned i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(want); i++) {
		assert_int_equal(parse_named(want[i].name, &v), 0);
		assert_int_equal(v.kind, PKT_TCP);
		assert_int_equal(v.local, US);
		assert_int_equal(v.remote, HOST);
		assert_int_equal(v.local_port, want[i].local_port);
		assert_int_equal(v.remote_port, want[i].remote_port);
		assert_int_equal(v.window, want[i].window);
		assert_int_equal(v.flags, want[i].flags);
		assert_int_equal(v.options, want[i].options);
		assert_int_equal(v.ttl, want[i].ttl);
		assert_int_equal(v.seq, want[i].seq);
		assert_int_equal(v.ack, want[i].ack);
		assert_int_equal(v.vlan, strcmp(want[i].name, "synack_vlan") == 0 ? 100 : 0);
	}
}

static void test_captured_options(void **state)
{
	struct pkt_view v;

	(void)state;
	assert_int_equal(parse_named("synack", &v), 0);
	assert_int_equal(v.mss, 1460);
	assert_int_equal(v.wscale, 10);
	assert_int_equal(v.ts_val, 0x305f33d0);
	assert_int_equal(v.ts_ecr, 0x4becd22d);
}

static void test_captured_icmp(void **state)
{
	static const struct {
		const char *name;
		uint8_t type, code;
		uint32_t responder, remote;
		uint16_t local_port, remote_port, ipid;
		uint32_t seq;
	} want[] = {
		{"icmp_port", 3, 3, HOST, HOST, 0x86a0, 83, 0xcf37, 0x654a1106},
		{"icmp_quote8", 3, 3, HOST, HOST, 0x86a0, 83, 0xcf37, 0x654a1106},
		{"icmp_quote28", 3, 3, HOST, HOST, 0x86a0, 83, 0xcf37, 0x654a1106},
		{"icmp_admin", 3, 13, HOST, HOST, 0xe1a6, 84, 0xcf38, 0x6471c023},
		{"icmp_host", 3, 1, ROUTER, NOBODY, 0xe6e2, 80, 0x8691, 0xbf08a57f},
		{"icmp_ttl", 11, 0, ROUTER, HOST, 0xc662, 80, 0x855e, 0x0ba7797f},
	};
	struct pkt_view v;
	unsigned i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(want); i++) {
		assert_int_equal(parse_named(want[i].name, &v), 0);
		assert_int_equal(v.kind, PKT_ICMP_ERROR);
		assert_int_equal(v.icmp_type, want[i].type);
		assert_int_equal(v.icmp_code, want[i].code);
		assert_int_equal(v.responder, want[i].responder);
		assert_int_equal(v.local, US);
		assert_int_equal(v.remote, want[i].remote);
		assert_int_equal(v.local_port, want[i].local_port);
		assert_int_equal(v.remote_port, want[i].remote_port);
		assert_int_equal(v.ipid, want[i].ipid);
		assert_int_equal(v.seq, want[i].seq);
	}
}

static void test_captured_arp_and_echo(void **state)
{
	static const uint8_t us[] = {2, 0, 0, 0, 0, 10}, router[] = {2, 0, 0, 0, 0, 1};
	struct pkt_view v;

	(void)state;
	assert_int_equal(parse_named("arp_request", &v), 0);
	assert_int_equal(v.kind, PKT_ARP);
	assert_int_equal(v.arp_op, 1);
	assert_int_equal(v.remote, US);
	assert_int_equal(v.local, ROUTER);
	assert_memory_equal(v.arp_mac, us, 6);
	assert_int_equal(parse_named("arp_reply", &v), 0);
	assert_int_equal(v.arp_op, 2);
	assert_int_equal(v.remote, ROUTER);
	assert_memory_equal(v.arp_mac, router, 6);
	assert_int_equal(parse_named("echo", &v), 0);
	assert_int_equal(v.kind, PKT_ICMP_ECHO);
	assert_int_equal(v.remote, HOST);
	assert_int_equal(v.local, US);
}

/* One byte changed in a good frame, and the reason that must follow. */
static void test_bad_frames(void **state)
{
	static const struct {
		const char *name;
		uint16_t at;
		uint8_t value;
		bool fix; /* so that the IPv4 checksum does not hide the reason */
		int reason;
	} bad[] = {
		{"synack", 12, 0x86, false, REJECT_NOT_IPV4},	   /* no known ethertype */
		{"synack_vlan", 16, 0x81, false, REJECT_NOT_IPV4}, /* a second tag */
		{"synack_vlan", 12, 0x88, false, REJECT_NOT_IPV4},
		{"synack", 14, 0x65, true, REJECT_MALFORMED},  /* version 6 */
		{"synack", 14, 0x44, false, REJECT_MALFORMED}, /* IHL 4 */
		{"synack", 17, 61, true, REJECT_MALFORMED},    /* longer than captured */
		{"synack", 17, 19, true, REJECT_MALFORMED},    /* shorter than its header */
		{"synack", 17, 39, true, REJECT_MALFORMED},    /* shorter than TCP's */
		{"synack", 17, 59, true, REJECT_MALFORMED},    /* shorter than TCP's options */
		{"synack", 22, 62, false, REJECT_CHECKSUM},
		{"synack", 20, 0x20, true, REJECT_FRAGMENT}, /* MF */
		{"synack", 21, 0x01, true, REJECT_FRAGMENT}, /* offset 1 */
		{"synack", 20, 0x1f, true, REJECT_FRAGMENT},
		{"synack", 23, 17, true, REJECT_PROTOCOL},	   /* UDP */
		{"synack", 46, 0x40, false, REJECT_MALFORMED},	   /* data offset 4 */
		{"synack", 46, 0xb0, false, REJECT_MALFORMED},	   /* data offset 11, captured 10 */
		{"rst_padded", 46, 0x60, false, REJECT_MALFORMED}, /* padding is no TCP header */
		{"icmp_port", 34, 0, false, REJECT_ICMP_OTHER},	   /* echo reply */
		{"icmp_port", 34, 4, false, REJECT_ICMP_OTHER},	   /* source quench */
		{"icmp_port", 34, 5, false, REJECT_ICMP_OTHER},	   /* redirect */
		{"icmp_port", 42, 0x65, false, REJECT_MALFORMED},  /* quotes version 6 */
		{"icmp_port", 42, 0x44, false, REJECT_MALFORMED},  /* quoted IHL 4 */
		{"icmp_quote8", 42, 0x46, false, REJECT_MALFORMED}, /* leaves 4 TCP bytes */
		{"icmp_port", 51, 17, false, REJECT_ICMP_OTHER},    /* quotes UDP */
		{"icmp_port", 49, 1, false, REJECT_ICMP_OTHER},	    /* quotes a later fragment */
		{"icmp_quote8", 17, 55, true, REJECT_MALFORMED},    /* 7 TCP bytes */
		{"icmp_quote8", 17, 47, true, REJECT_MALFORMED},    /* 19 bytes of quoted IPv4 */
		{"icmp_quote8", 17, 27, true, REJECT_MALFORMED},    /* 7 bytes of ICMP */
		{"arp_request", 15, 2, false, REJECT_MALFORMED},    /* not Ethernet */
		{"arp_request", 16, 9, false, REJECT_MALFORMED},    /* not IPv4 */
		{"arp_request", 18, 7, false, REJECT_MALFORMED},
		{"arp_request", 19, 5, false, REJECT_MALFORMED},
		{"arp_request", 21, 0, false, REJECT_MALFORMED},
		{"arp_request", 21, 3, false, REJECT_MALFORMED}, /* RARP */
	};
	uint8_t bytes[FRAME_LEN_MAX];
	struct pkt_view v;
	unsigned i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		uint16_t len = frame_read(frame_find(bad[i].name), bytes);
		int got;

		bytes[bad[i].at] = bad[i].value;
		if (bad[i].fix)
			fix_ip(bytes + 14);
		got = pkt_parse(&v, bytes, len);
		if (got == 0 || (int)pkt_reject(got) != bad[i].reason)
			fail_msg("row %u (%s): %d", i, bad[i].name, got);
	}
}

/* A frame cut anywhere is malformed, unless what is missing is only padding. */
static void test_every_truncation(void **state)
{
	uint8_t bytes[FRAME_LEN_MAX];
	struct pkt_view v;
	unsigned i, len, full;

	(void)state;
	for (i = 0; i < FRAMES; i++) {
		full = frame_read(&frames[i], bytes);
		for (len = 0; len < full; len++) {
			int got = pkt_parse(&v, bytes, (uint16_t)len);
			bool padding = strcmp(frames[i].name, "rst_padded") == 0 && len >= 54;

			assert_int_equal(got, padding ? 0 : -1 - REJECT_MALFORMED);
		}
	}
}

/* MTU-sized quotes, as RFC 1812 asks for, with the probe's options and more behind. */
static void test_long_quote(void **state)
{
	uint8_t bytes[1514] = {0};
	struct pkt_view v;

	(void)state;
	frame_read(frame_find("icmp_port"), bytes);
	bytes[16] = 1500 >> 8;
	bytes[17] = 1500 & 0xff;
	fix_ip(bytes + 14);
	assert_int_equal(pkt_parse(&v, bytes, sizeof(bytes)), 0);
	assert_int_equal(v.seq, 0x654a1106);
	assert_int_equal(v.l4_len, 1480);
}

/* A quoted header with options: TCP lies behind them. */
static void test_quote_with_ip_options(void **state)
{
	uint8_t bytes[FRAME_LEN_MAX];
	struct pkt_view v;
	uint16_t len = frame_read(frame_find("icmp_port"), bytes);

	(void)state;
	memmove(bytes + 66, bytes + 62, len - 62u);
	memcpy(bytes + 62, "\x94\x04\0\0", 4);
	bytes[42] = 0x46;
	bytes[17] += 4;
	fix_ip(bytes + 14);
	assert_int_equal(pkt_parse(&v, bytes, len + 4), 0);
	assert_int_equal(v.local_port, 0x86a0);
	assert_int_equal(v.seq, 0x654a1106);
}

/* Parses synack with these TCP options in place of its own 20 bytes. */
static void parse_options(struct pkt_view *v, const char *options, unsigned len)
{
	uint8_t bytes[FRAME_LEN_MAX];
	uint16_t frame_len = frame_read(frame_find("synack"), bytes);

	memset(bytes + 54, 0, 20);
	memcpy(bytes + 54, options, len);
	assert_int_equal(pkt_parse(v, bytes, frame_len), 0);
}

#define OPTIONS(v, bytes) parse_options(v, bytes, sizeof(bytes) - 1)

static void test_odd_options(void **state)
{
	struct pkt_view v;

	(void)state;
	OPTIONS(&v, "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\2\4\1\2");
	assert_int_equal(v.mss, 0x0102);
	OPTIONS(&v, "\3\3\377"); /* a shift beyond RFC 7323 counts as 14 */
	assert_int_equal(v.wscale, 14);
	OPTIONS(&v, "\0\2\4\1\2"); /* nothing counts behind the end of the list */
	assert_int_equal(v.options, 0);
	OPTIONS(&v, "\2\5\1\2\3\4\2"); /* an MSS of wrong length is skipped as unknown */
	assert_int_equal(v.options, PKT_OPT_SACK);
	OPTIONS(&v, "\4\2\2\0\2\4\1\2"); /* length 0: no further, what came before counts */
	assert_int_equal(v.options, PKT_OPT_SACK);
	OPTIONS(&v, "\4\2\2\1\2\4\1\2");
	assert_int_equal(v.options, PKT_OPT_SACK);
	OPTIONS(&v, "\4\2\10\23\1\2\3\4\5\6\7\10"); /* longer than what is left */
	assert_int_equal(v.options, PKT_OPT_SACK);
	OPTIONS(&v, "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\2"); /* a kind at the very end */
	assert_int_equal(v.options, 0);
	OPTIONS(&v, "\2\4\1\2\2\4\3\4"); /* twice: the last, as Linux has it */
	assert_int_equal(v.mss, 0x0304);
}

/* The same at every alignment. */
static void test_alignment(void **state)
{
	uint8_t bytes[FRAME_LEN_MAX + 8], plain[FRAME_LEN_MAX];
	struct pkt_view v, want;
	unsigned shift;
	uint16_t len = frame_read(frame_find("synack"), plain);

	(void)state;
	assert_int_equal(pkt_parse(&want, plain, len), 0);
	for (shift = 0; shift < 8; shift++) {
		memcpy(bytes + shift, plain, len);
		assert_int_equal(pkt_parse(&v, bytes + shift, len), 0);
		assert_memory_equal(&v, &want, sizeof(v));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_captured_tcp),  cmocka_unit_test(test_captured_options),
		cmocka_unit_test(test_captured_icmp), cmocka_unit_test(test_captured_arp_and_echo),
		cmocka_unit_test(test_bad_frames),    cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_long_quote),    cmocka_unit_test(test_quote_with_ip_options),
		cmocka_unit_test(test_odd_options),   cmocka_unit_test(test_alignment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
