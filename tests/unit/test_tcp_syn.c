/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include "frames/frames.h"
#include "probe.h"

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32, ECE = 64, CWR = 128 };
enum { N = 64 };

static const uint32_t addresses[] = {0xc6120002, 0xc6120003, 0xc6120004};
static const uint8_t secret[16] = {8, 1, 5};

/* A burst of probes as they leave, and their cookies. */
struct burst {
	struct probe probe;
	uint32_t addr[N];
	uint16_t port[N];
	struct cookie cookie[N];
	uint8_t bytes[N][PKT_FRAME_MAX];
	uint8_t *frame[N];
};

static void burst_make(struct burst *b, enum syn_look look, bool tagged)
{
	const struct probe_conf conf = {
		.link = {.dst_mac = {2, 0, 0, 0, 0, 1}, .tagged = tagged, .vlan = 100},
		.look = look,
		.ttl = 77,
	};
	struct cookie_key key;
	uint64_t seed = look;
	unsigned i;

	b->probe.ops = probe_find("tcp_syn");
	b->probe.source = (struct source){addresses, ARRAY_LEN(addresses), 32768, 28233};
	b->probe.ops->build(&b->probe.template, &conf);
	for (i = 0; i < N; i++) {
		b->addr[i] = (uint32_t)test_random(&seed);
		b->port[i] = (uint16_t)test_random(&seed);
		b->frame[i] = b->bytes[i];
	}
	cookie_key_init(&key, secret);
	cookie_make(&key, b->addr, b->port, 0, b->cookie, N);
	b->probe.ops->write(&b->probe, b->addr, b->port, b->cookie, b->frame, N);
}

/* The right answer to probe i, as a view. */
static struct pkt_view answer(const struct burst *b, unsigned i, uint8_t flags)
{
	return (struct pkt_view){
		.kind = PKT_TCP,
		.flags = flags,
		.local = source_addr(&b->probe.source, &b->cookie[i]),
		.local_port = source_port(&b->probe.source, &b->cookie[i]),
		.remote = b->addr[i],
		.remote_port = b->port[i],
		.ack = b->cookie[i].seq + 1,
	};
}

static bool valid(const struct burst *b, const struct pkt_view *v, unsigned i)
{
	struct pkt_claims claims;

	claims.n = 0;
	pkt_claims_add(&claims, v);
	return b->probe.ops->validate(&b->probe.source, &claims, &b->cookie[i]) == 1;
}

static void test_burst_of_each_look(void **state)
{
	unsigned look, i;

	(void)state;
	for (look = SYN_LOOK_MSS; look <= SYN_LOOK_NONE; look++) {
		struct burst b;

		burst_make(&b, look, look % 2);
		for (i = 0; i < N; i++) {
			struct pkt_view v;

			assert_int_equal(pkt_parse(&v, b.frame[i], b.probe.template.len), 0);
			assert_true(pkt_checksum_ok(&v, b.frame[i]));
			assert_int_equal(v.local, b.addr[i]);
			assert_int_equal(v.local_port, b.port[i]);
			assert_int_equal(v.remote, source_addr(&b.probe.source, &b.cookie[i]));
			assert_int_equal(v.remote_port, source_port(&b.probe.source, &b.cookie[i]));
			assert_int_equal(v.seq, b.cookie[i].seq);
			assert_int_equal(v.ack, 0);
			assert_int_equal(v.flags, SYN);
			assert_int_equal(v.ttl, 77);
			assert_int_equal(v.ts_ecr, 0);
		}
	}
}

/* What the cookie chooses lies within what the user gave, and reaches both ends. */
static void test_sources(void **state)
{
	const struct source s = {addresses, ARRAY_LEN(addresses), 32768, 28233};
	const struct source one = {addresses, 1, 65535, 1}, all = {addresses, 1, 0, 65536};
	const struct cookie low = {0}, high = {.port = 65535, .source = 65535};

	(void)state;
	assert_int_equal(source_port(&s, &low), 32768);
	assert_int_equal(source_port(&s, &high), 61000);
	assert_int_equal(source_addr(&s, &low), addresses[0]);
	assert_int_equal(source_addr(&s, &high), addresses[2]);
	assert_int_equal(source_port(&one, &high), 65535);
	assert_int_equal(source_addr(&one, &high), addresses[0]);
	assert_int_equal(source_port(&all, &low), 0);
	assert_int_equal(source_port(&all, &high), 65535);
}

/* All 256 combinations: those with SYN-ACK or RST-ACK, whatever ECN, PSH and URG say. */
static void test_match_of_all_flags(void **state)
{
	unsigned flags;

	(void)state;
	for (flags = 0; flags < 256; flags++) {
		const struct pkt_view v = {.kind = PKT_TCP, .flags = (uint8_t)flags};
		unsigned core = flags & ~(unsigned)(PSH | URG | ECE | CWR);
		int got = probe_tcp_syn.match(&v);

		if (core == (SYN | ACK) || core == (RST | ACK))
			assert_int_equal(got, 0);
		else
			assert_int_equal(pkt_reject(got),
					 core == RST ? REJECT_BARE_RST : REJECT_FLAGS);
	}
}

static void test_match_of_all_kinds(void **state)
{
	const struct pkt_view error = {.kind = PKT_ICMP_ERROR}, echo = {.kind = PKT_ICMP_ECHO},
			      arp = {.kind = PKT_ARP};

	(void)state;
	assert_int_equal(probe_tcp_syn.match(&error), 0);
	assert_int_equal(pkt_reject(probe_tcp_syn.match(&echo)), REJECT_ICMP_OTHER);
	assert_int_equal(pkt_reject(probe_tcp_syn.match(&arp)), REJECT_ARP);
}

static void test_validate(void **state)
{
	struct burst b;
	struct pkt_view v;
	unsigned i;

	(void)state;
	burst_make(&b, SYN_LOOK_MSS, false);
	for (i = 0; i < N; i++) {
		v = answer(&b, i, SYN | ACK);
		assert_true(valid(&b, &v, i));
		assert_false(valid(&b, &v, (i + 1) % N));
		v.ack--; /* the cookie itself: right for a RST alone */
		assert_false(valid(&b, &v, i));
		v.flags = RST | ACK;
		assert_true(valid(&b, &v, i));
		v.ack++;
		assert_true(valid(&b, &v, i));
		v.ack++;
		assert_false(valid(&b, &v, i));
		v = answer(&b, i, SYN | ACK);
		v.local_port ^= 1;
		assert_false(valid(&b, &v, i));
		v = answer(&b, i, SYN | ACK);
		v.local ^= 1;
		assert_false(valid(&b, &v, i));
	}
}

/* An acknowledgement that wraps around. */
static void test_validate_at_the_wrap(void **state)
{
	struct burst b;
	struct pkt_view v;

	(void)state;
	burst_make(&b, SYN_LOOK_MSS, false);
	b.cookie[0].seq = UINT32_MAX;
	v = answer(&b, 0, SYN | ACK);
	assert_int_equal(v.ack, 0);
	assert_true(valid(&b, &v, 0));
}

/* An ICMP error about probe i that quotes the first tcp_len bytes behind its IPv4 header. */
static int icmp_parse(const struct burst *b, unsigned i, unsigned tcp_len, struct pkt_view *v)
{
	uint8_t frame[FRAME_LEN_MAX];
	const uint8_t *probe = b->frame[i] + b->probe.template.l3;
	uint32_t sum = 0;
	unsigned len = 20 + 8 + 20 + tcp_len, at;

	frame_read(frame_find("icmp_port"), frame);
	memcpy(frame + 42, probe, 20 + tcp_len);
	frame[17] = (uint8_t)len;
	frame[24] = frame[25] = 0;
	for (at = 14; at < 34; at += 2)
		sum += (uint32_t)frame[at] * 256 + frame[at + 1];
	sum = 0xffff - sum % 0xffff;
	frame[24] = (uint8_t)(sum >> 8);
	frame[25] = (uint8_t)sum;
	return pkt_parse(v, frame, (uint16_t)(14 + len));
}

/* peers.md Z5: RFC 792 guarantees 8 quoted bytes, so 8 suffice. */
static void test_z5_quote_of_eight_bytes(void **state)
{
	struct burst b;
	struct pkt_view v;
	unsigned i, len;

	(void)state;
	burst_make(&b, SYN_LOOK_LINUX, false);
	for (i = 0; i < N; i++) {
		for (len = 8; len <= 40; len++) {
			assert_int_equal(icmp_parse(&b, i, len, &v), 0);
			assert_int_equal(b.probe.ops->match(&v), 0);
			assert_true(valid(&b, &v, i));
		}
		assert_int_equal(pkt_reject(icmp_parse(&b, i, 7, &v)), REJECT_MALFORMED);
	}
}

/* peers.md Z6: the quoted sequence number has to be the cookie, all 32 bits of it. */
static void test_z6_quoted_sequence_number_is_checked(void **state)
{
	struct burst b;
	struct pkt_view v;
	unsigned i, bit;

	(void)state;
	burst_make(&b, SYN_LOOK_MSS, false);
	for (i = 0; i < N; i++) {
		assert_int_equal(icmp_parse(&b, i, 8, &v), 0);
		for (bit = 0; bit < 32; bit++) {
			v.seq ^= UINT32_C(1) << bit;
			assert_false(valid(&b, &v, i));
			v.seq ^= UINT32_C(1) << bit;
		}
		v.seq++; /* nothing is added in a quote */
		assert_false(valid(&b, &v, i));
		v.seq--;
		v.local_port ^= 1;
		assert_false(valid(&b, &v, i));
		v.local_port ^= 1;
		v.local ^= 1;
		assert_false(valid(&b, &v, i));
	}
}

/* peers.md Z7: codes of types 11 and 12 do not mean what those of type 3 mean. */
static void test_z7_codes_belong_to_their_type(void **state)
{
	static const uint8_t types[] = {11, 12};
	struct record rec = {0};
	unsigned i, code;

	(void)state;
	for (i = 0; i < ARRAY_LEN(types); i++) {
		for (code = 0; code < 256; code++) {
			const struct pkt_view v = {.kind = PKT_ICMP_ERROR,
						   .icmp_type = types[i],
						   .icmp_code = (uint8_t)code};

			probe_tcp_syn.classify(&v, &rec);
			assert_int_equal(rec.state, STATE_UNREACHABLE);
			assert_int_equal(rec.icmp_type, types[i]);
			assert_int_equal(rec.icmp_code, code);
		}
	}
}

/* peers.md M8: a port unreachable with right addresses and ports, but no cookie, is not believed;
 * other codes than 3 are. */
static void test_m8_port_unreachable_without_cookie(void **state)
{
	struct burst b;
	struct pkt_view v;
	uint64_t seed = 8;
	unsigned i;

	(void)state;
	burst_make(&b, SYN_LOOK_MSS, false);
	for (i = 0; i < 1000 * 1000; i++) {
		v = answer(&b, i % N, 0);
		v.kind = PKT_ICMP_ERROR;
		v.icmp_type = 3;
		v.icmp_code = 3;
		v.seq = (uint32_t)test_random(&seed);
		assert_false(valid(&b, &v, i % N));
	}
	v.seq = b.cookie[(i - 1) % N].seq;
	for (i = 0; i < 16; i++) {
		v.icmp_code = (uint8_t)i;
		assert_true(valid(&b, &v, N - 1));
	}
}

static void test_states_of_unreachable_codes(void **state)
{
	static const uint8_t filtered[] = {2, 3, 9, 10, 13};
	struct record rec = {0};
	unsigned code;

	(void)state;
	for (code = 0; code < 256; code++) {
		const struct pkt_view v = {
			.kind = PKT_ICMP_ERROR, .icmp_type = 3, .icmp_code = (uint8_t)code};

		probe_tcp_syn.classify(&v, &rec);
		assert_int_equal(rec.class, CLASS_ICMP);
		assert_int_equal(rec.state, memchr(filtered, (int)code, sizeof(filtered)) != NULL
						    ? STATE_FILTERED
						    : STATE_UNREACHABLE);
	}
}

static void classify_named(const char *name, struct record *rec)
{
	uint8_t bytes[FRAME_LEN_MAX];
	uint16_t len = frame_read(frame_find(name), bytes);
	struct pkt_view v;

	memset(rec, 0x55, sizeof(*rec)); /* whatever was there before must not show */
	rec->time_ns = 1;
	rec->rtt_us = 2;
	rec->attempt = 3;
	assert_int_equal(pkt_parse(&v, bytes, len), 0);
	assert_int_equal(probe_tcp_syn.match(&v), 0);
	probe_tcp_syn.classify(&v, rec);
}

static void test_record_of_a_synack(void **state)
{
	const struct record want = {
		.time_ns = 1,
		.rtt_us = 2,
		.attempt = 3,
		.saddr = 0xc6120102,
		.sport = 80,
		.daddr = 0xc6120002,
		.dport = 0xc660,
		.seq = 0x3b7e8c71,
		.ack = 0x16f8d476,
		.window = 65160,
		.mss = 1460,
		.wscale = 10,
		.ts_val = 0x305f33d0,
		.ts_ecr = 0x4becd22d,
		.ttl = 63,
		.class = CLASS_SYNACK,
		.state = STATE_OPEN,
		.flags = RECORD_MSS | RECORD_WSCALE | RECORD_SACK | RECORD_TS,
	};
	struct record rec;

	(void)state;
	classify_named("synack", &rec);
	assert_memory_equal(&rec, &want, sizeof(rec));
	classify_named("synack_mss", &rec);
	assert_int_equal(rec.flags, RECORD_MSS);
}

static void test_record_of_a_rst(void **state)
{
	const struct record want = {
		.time_ns = 1,
		.rtt_us = 2,
		.attempt = 3,
		.saddr = 0xc6120102,
		.sport = 81,
		.daddr = 0xc6120002,
		.dport = 0xe298,
		.ack = 0x6dd2d4f7,
		.ttl = 63,
		.class = CLASS_RST,
		.state = STATE_CLOSED,
	};
	struct record rec;

	(void)state;
	classify_named("rst_ack", &rec);
	assert_memory_equal(&rec, &want, sizeof(rec));
}

static void test_record_of_an_icmp_error(void **state)
{
	const struct record want = {
		.time_ns = 1,
		.rtt_us = 2,
		.attempt = 3,
		.saddr = 0xc612014d,
		.sport = 80,
		.daddr = 0xc6120002,
		.dport = 0xe6e2,
		.responder = 0xc6120001,
		.icmp_type = 3,
		.icmp_code = 1,
		.ttl = 64,
		.ipid = 0x8691,
		.class = CLASS_ICMP,
		.state = STATE_UNREACHABLE,
	};
	struct record rec;

	(void)state;
	classify_named("icmp_host", &rec);
	assert_memory_equal(&rec, &want, sizeof(rec));
	classify_named("icmp_admin", &rec);
	assert_int_equal(rec.state, STATE_FILTERED);
	classify_named("icmp_ttl", &rec);
	assert_int_equal(rec.state, STATE_UNREACHABLE);
}

static void test_find(void **state)
{
	(void)state;
	assert_ptr_equal(probe_find("tcp_syn"), &probe_tcp_syn);
	assert_null(probe_find("tcp"));
	assert_null(probe_find(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_burst_of_each_look),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_match_of_all_flags),
		cmocka_unit_test(test_match_of_all_kinds),
		cmocka_unit_test(test_validate),
		cmocka_unit_test(test_validate_at_the_wrap),
		cmocka_unit_test(test_z5_quote_of_eight_bytes),
		cmocka_unit_test(test_z6_quoted_sequence_number_is_checked),
		cmocka_unit_test(test_z7_codes_belong_to_their_type),
		cmocka_unit_test(test_m8_port_unreachable_without_cookie),
		cmocka_unit_test(test_states_of_unreachable_codes),
		cmocka_unit_test(test_record_of_a_synack),
		cmocka_unit_test(test_record_of_a_rst),
		cmocka_unit_test(test_record_of_an_icmp_error),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
