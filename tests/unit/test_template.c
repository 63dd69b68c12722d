/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include <stdbool.h>

#include "packet.h"

static const struct pkt_link plain = {
	.src_mac = {2, 0, 0, 0, 0, 0x0a},
	.dst_mac = {2, 0, 0, 0, 0, 1},
};
static const struct pkt_link tagged = {
	.src_mac = {2, 0, 0, 0, 0, 0x0a},
	.dst_mac = {2, 0, 0, 0, 0, 1},
	.tagged = true,
	.vlan = 4094,
};

static const uint16_t look_options[] = {
	[SYN_LOOK_MSS] = 4,  [SYN_LOOK_LINUX] = 20, [SYN_LOOK_WINDOWS] = 12,
	[SYN_LOOK_BSD] = 20, [SYN_LOOK_NONE] = 0,
};

/* RFC 1071 as slowly as it can be said: one word after the other, each carry at once. */
static uint16_t slow_sum(uint16_t sum, const uint8_t *data, unsigned len)
{
	unsigned i;

	for (i = 0; i < len; i += 2) {
		unsigned word = (unsigned)data[i] * 256 + (i + 1 < len ? data[i + 1] : 0);
		unsigned added = sum + word;

		sum = (uint16_t)(added > 0xffff ? added - 0xffff : added);
	}
	return sum;
}

/* With the checksum field included, a right sum is all ones. */
static bool checksums_right(const uint8_t *ip, unsigned len)
{
	uint8_t pseudo[12] = {0};
	unsigned tcp_len = len - 20;

	memcpy(pseudo, ip + 12, 8);
	pseudo[9] = 6;
	pseudo[10] = (uint8_t)(tcp_len >> 8);
	pseudo[11] = (uint8_t)tcp_len;
	return slow_sum(0, ip, 20) == 0xffff &&
	       slow_sum(slow_sum(0, pseudo, sizeof(pseudo)), ip + 20, tcp_len) == 0xffff;
}

static struct pkt_fields random_fields(uint64_t *state)
{
	uint64_t a = test_random(state), b = test_random(state), c = test_random(state);

	return (struct pkt_fields){
		.saddr = (uint32_t)a,
		.daddr = (uint32_t)(a >> 32),
		.sport = (uint16_t)b,
		.dport = (uint16_t)(b >> 16),
		.seq = (uint32_t)(b >> 32),
		.ipid = (uint16_t)c,
		.ts = (uint32_t)(c >> 32),
	};
}

static void check_fields(const struct pkt_template *t, const struct pkt_fields *f,
			 const uint8_t *frame)
{
	uint8_t want[PKT_FRAME_MAX];
	const uint8_t sub[] = {
		(uint8_t)(f->saddr >> 24), (uint8_t)(f->saddr >> 16), (uint8_t)(f->saddr >> 8),
		(uint8_t)f->saddr,	   (uint8_t)(f->daddr >> 24), (uint8_t)(f->daddr >> 16),
		(uint8_t)(f->daddr >> 8),  (uint8_t)f->daddr,	      (uint8_t)(f->sport >> 8),
		(uint8_t)f->sport,	   (uint8_t)(f->dport >> 8),  (uint8_t)f->dport,
		(uint8_t)(f->seq >> 24),   (uint8_t)(f->seq >> 16),   (uint8_t)(f->seq >> 8),
		(uint8_t)f->seq,
	};

	/* the template with the fields put in; checksums were proven right by themselves */
	memcpy(want, t->frame, t->len);
	memcpy(want + t->l3 + 12, sub, sizeof(sub));
	want[t->l3 + 4] = (uint8_t)(f->ipid >> 8);
	want[t->l3 + 5] = (uint8_t)f->ipid;
	memcpy(want + t->l3 + 10, frame + t->l3 + 10, 2);
	memcpy(want + t->l4 + 16, frame + t->l4 + 16, 2);
	if (t->ts_offset != 0) {
		want[t->ts_offset] = (uint8_t)(f->ts >> 24);
		want[t->ts_offset + 1] = (uint8_t)(f->ts >> 16);
		want[t->ts_offset + 2] = (uint8_t)(f->ts >> 8);
		want[t->ts_offset + 3] = (uint8_t)f->ts;
	}
	assert_memory_equal(frame, want, t->len);
}

static void many_frames(const struct pkt_template *t, unsigned n, uint64_t seed)
{
	uint8_t frame[PKT_FRAME_MAX];
	struct pkt_fields f;

	while (n-- > 0) {
		f = random_fields(&seed);
		pkt_template_write(t, &f, frame);
		if (!checksums_right(frame + t->l3, (unsigned)t->len - t->l3))
			fail_msg("wrong checksum for seq %08x", f.seq);
		check_fields(t, &f, frame);
	}
}

static void test_checksums_of_a_million_frames(void **state)
{
	const struct pkt_link *links[] = {&plain, &tagged};
	struct pkt_template t;
	unsigned look, link;

	(void)state;
	for (look = SYN_LOOK_MSS; look <= SYN_LOOK_NONE; look++) {
		for (link = 0; link < ARRAY_LEN(links); link++) {
			pkt_template_syn(&t, links[link], look, 255);
			many_frames(&t, 100 * 1000, look * 2 + link);
		}
	}
	pkt_template_rst(&t, &tagged, 64);
	many_frames(&t, 10 * 1000, 99);
}

/* Field values whose sums carry in every way, among them those that yield 0 and 0xffff. */
static void test_checksum_edges(void **state)
{
	static const uint32_t edge[] = {0,	    1,		0x7fff,	   0x8000,
					0xfffe,	    0xffff,	0x10000,   0xffff0000,
					0x80008000, 0xfffffffe, 0xffffffff};
	struct pkt_template t;
	uint8_t frame[PKT_FRAME_MAX];
	unsigned i, n = ARRAY_LEN(edge), look;

	(void)state;
	for (look = SYN_LOOK_MSS; look <= SYN_LOOK_NONE; look++) {
		pkt_template_syn(&t, &plain, look, 1);
		for (i = 0; i < n * n * n * n; i++) {
			struct pkt_fields f = {
				.saddr = edge[i % n],
				.daddr = edge[i / n % n],
				.seq = edge[i / n / n % n],
				.ts = edge[i / n / n / n],
				.sport = (uint16_t)edge[i % n],
				.dport = (uint16_t)edge[i / n % n],
				.ipid = (uint16_t)edge[i / n / n % n],
			};

			pkt_template_write(&t, &f, frame);
			assert_true(checksums_right(frame + t.l3, (unsigned)t.len - t.l3));
		}
	}
}

static void test_lengths(void **state)
{
	struct pkt_template t;
	unsigned look;

	(void)state;
	for (look = SYN_LOOK_MSS; look <= SYN_LOOK_NONE; look++) {
		pkt_template_syn(&t, &plain, look, 255);
		assert_int_equal(t.len, 54 + look_options[look]);
		assert_int_equal(t.l3, 14);
		pkt_template_syn(&t, &tagged, look, 255);
		assert_int_equal(t.len, 58 + look_options[look]);
		assert_in_range(t.len, 58, PKT_FRAME_MAX);
		assert_int_equal(t.l3, 18);
		assert_int_equal(t.l4, 38);
	}
}

/*
 * A captured SYN of Linux 6, but for the window scale, which follows the host's buffers: 10 there,
 * 7 with the kernel's defaults (and 3 more in the checksum).
 */
static void test_linux_look_is_linux(void **state)
{
	static const uint8_t captured[] = {
		0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x0a, 0x08,
		0x00, 0x45, 0x00, 0x00, 0x3c, 0xcf, 0xee, 0x40, 0x00, 0x40, 0x06, 0xdd, 0xa4,
		0xc6, 0x12, 0x00, 0x02, 0xc6, 0x12, 0x01, 0x02, 0xc6, 0x60, 0x00, 0x50, 0x16,
		0xf8, 0xd4, 0x75, 0x00, 0x00, 0x00, 0x00, 0xa0, 0x02, 0xfa, 0xf0, 0xef, 0xad,
		0x00, 0x00, 0x02, 0x04, 0x05, 0xb4, 0x04, 0x02, 0x08, 0x0a, 0x4b, 0xec, 0xd2,
		0x2d, 0x00, 0x00, 0x00, 0x00, 0x01, 0x03, 0x03, 0x07,
	};
	const struct pkt_fields f = {
		.saddr = 0xc6120002,
		.daddr = 0xc6120102,
		.sport = 0xc660,
		.dport = 80,
		.seq = 0x16f8d475,
		.ipid = 0xcfee,
		.ts = 0x4becd22d,
	};
	struct pkt_template t;
	uint8_t frame[PKT_FRAME_MAX];

	(void)state;
	pkt_template_syn(&t, &plain, SYN_LOOK_LINUX, 64);
	pkt_template_write(&t, &f, frame);
	assert_int_equal(t.len, sizeof(captured));
	assert_memory_equal(frame, captured, sizeof(captured));
}

/* The TCP header from the data offset on, with window and options as these systems send them. */
static void check_tcp(enum syn_look look, const uint8_t *window, const uint8_t *options)
{
	uint16_t len = look_options[look];
	struct pkt_template t;
	const uint8_t *tcp;

	pkt_template_syn(&t, &plain, look, 128);
	tcp = t.frame + t.l4;
	assert_int_equal(tcp[12], (20 + len) / 4 << 4);
	assert_int_equal(tcp[13], 0x02); /* SYN, nothing else */
	assert_memory_equal(tcp + 14, window, 2);
	assert_int_equal(tcp[18] | tcp[19], 0); /* no urgent data */
	assert_memory_equal(tcp + 20, options, len);
	assert_int_equal(t.frame[t.l3], 0x45);
	assert_int_equal(t.frame[t.l3 + 1], 0);	   /* no type of service */
	assert_int_equal(t.frame[t.l3 + 6], 0x40); /* DF */
	assert_int_equal(t.frame[t.l3 + 8], 128);
}

static void test_options_of_each_look(void **state)
{
	static const uint8_t mss[] = {2, 4, 0x05, 0xb4};
	static const uint8_t windows[] = {2, 4, 0x05, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2};
	static const uint8_t bsd[] = {2, 4,  0x05, 0xb4, 1, 3, 3, 6, 4, 2,
				      8, 10, 0,	   0,	 0, 0, 0, 0, 0, 0};
	static const uint8_t linux_options[] = {2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0,
						0, 0, 0,    0,	  0, 0, 1, 3,  3, 7};

	(void)state;
	check_tcp(SYN_LOOK_MSS, (const uint8_t *)"\xff\xff", mss);
	check_tcp(SYN_LOOK_LINUX, (const uint8_t *)"\xfa\xf0", linux_options);
	check_tcp(SYN_LOOK_WINDOWS, (const uint8_t *)"\xfa\xf0", windows);
	check_tcp(SYN_LOOK_BSD, (const uint8_t *)"\xff\xff", bsd);
	check_tcp(SYN_LOOK_NONE, (const uint8_t *)"\xff\xff", mss);
}

static void test_rst(void **state)
{
	const struct pkt_fields f = {.seq = 7, .saddr = 1, .daddr = 2, .sport = 3, .dport = 4};
	struct pkt_template t;
	struct pkt_view v;
	uint8_t frame[PKT_FRAME_MAX];

	(void)state;
	pkt_template_rst(&t, &plain, 64);
	pkt_template_write(&t, &f, frame);
	assert_int_equal(t.len, 54);
	assert_int_equal(pkt_parse(&v, frame, t.len), 0);
	assert_true(pkt_checksum_ok(&v, frame));
	assert_int_equal(v.flags, 4);
	assert_int_equal(v.window, 0);
	assert_int_equal(v.seq, 7);
	assert_int_equal(v.ack, 0);
	assert_int_equal(v.options, 0);
}

static void test_vlan_header(void **state)
{
	static const uint8_t header[] = {2, 0, 0,  0,	 0, 1,	  2,	0, 0,
					 0, 0, 10, 0x81, 0, 0x0f, 0xfe, 8, 0};
	struct pkt_template t;

	(void)state;
	pkt_template_syn(&t, &tagged, SYN_LOOK_MSS, 255);
	assert_memory_equal(t.frame, header, sizeof(header));
}

static void test_arp(void **state)
{
	const struct pkt_link *links[] = {&plain, &tagged};
	static const uint8_t mac[6] = {2, 1, 2, 3, 4, 5};
	uint8_t frame[PKT_FRAME_MAX];
	struct pkt_view v;
	unsigned i, op;

	(void)state;
	for (i = 0; i < ARRAY_LEN(links); i++) {
		for (op = 1; op <= 2; op++) {
			uint16_t len = pkt_arp_write(frame, links[i], (uint16_t)op, 5, 6, mac);

			assert_int_equal(len, links[i]->tagged ? 64 : 60);
			assert_int_equal(pkt_parse(&v, frame, len), 0);
			assert_int_equal(v.kind, PKT_ARP);
			assert_int_equal(v.arp_op, op);
			assert_int_equal(v.remote, 5);
			assert_int_equal(v.local, 6);
			assert_memory_equal(v.arp_mac, links[i]->src_mac, 6);
			assert_memory_equal(frame, links[i]->dst_mac, 6);
			assert_memory_equal(frame + len - 60 + 14 + 18, mac, 6);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_checksums_of_a_million_frames),
		cmocka_unit_test(test_checksum_edges),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_linux_look_is_linux),
		cmocka_unit_test(test_options_of_each_look),
		cmocka_unit_test(test_rst),
		cmocka_unit_test(test_vlan_header),
		cmocka_unit_test(test_arp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
