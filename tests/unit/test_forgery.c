/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include "probe.h"

/*
 * Promise 3: no forged result. Whoever forges knows addresses and ports, or saw an earlier scan,
 * but has not the key.
 */

enum { SYN_ACK = 0x12, RST_ACK = 0x14, N = 64 };

static const uint32_t us = 0xc6120002;
static const struct probe probe = {.source = {&us, 1, 32768, 28233}};

struct targets {
	uint32_t addr[N];
	uint16_t port[N];
	struct cookie cookie[N];
};

static void targets_make(struct targets *t, const struct cookie_key *key, uint8_t attempt,
			 uint64_t *seed)
{
	unsigned i;

	for (i = 0; i < N; i++) {
		uint64_t r = test_random(seed);

		t->addr[i] = (uint32_t)r;
		t->port[i] = (uint16_t)(r >> 32);
	}
	cookie_make(key, t->addr, t->port, attempt, t->cookie, N);
}

static bool accepted(const struct pkt_view *v, const struct cookie *cookie)
{
	struct pkt_claims claims;

	claims.n = 0;
	pkt_claims_add(&claims, v);
	return probe_tcp_syn.match(v) == 0 &&
	       probe_tcp_syn.validate(&probe.source, &claims, cookie) == 1;
}

/* The right answer but for flags and acknowledgement. */
static struct pkt_view answer(const struct targets *t, unsigned i, uint8_t flags, uint32_t ack)
{
	return (struct pkt_view){
		.kind = PKT_TCP,
		.flags = flags,
		.local = us,
		.local_port = source_port(&probe.source, &t->cookie[i]),
		.remote = t->addr[i],
		.remote_port = t->port[i],
		.ack = ack,
	};
}

/*
 * The largest count that 999 of 1000 runs stay within: binomial, which with so many tries is
 * Poisson. e^mean comes from its series, as the probability of k is e^-mean * mean^k / k!.
 */
static unsigned bound(double mean)
{
	double term = 1, sum = 1, whole = 1;
	unsigned k;

	for (k = 1; k < 30; k++) {
		term *= mean / k;
		whole += term;
	}
	for (k = 0, term = 1; sum < 0.999 * whole; sum += term)
		term *= mean / ++k;
	return k;
}

/* SYN-ACKs and RSTs to the right address and port with any acknowledgement: one value of 2^32 is
 * right for a SYN-ACK, two are for a RST. */
static void test_random_acknowledgements(void **state)
{
	const unsigned long forgeries = test_long() ? 1000 * 1000 * 1000 : 100 * 1000 * 1000;
	unsigned long sent = 0, believed = 0;
	struct cookie_key key;
	struct targets t;
	uint64_t seed = 6;
	unsigned i;

	(void)state;
	cookie_key_init(&key, (const uint8_t *)"forgeries, all  ");
	while (sent < forgeries) {
		targets_make(&t, &key, 0, &seed);
		for (i = 0; i < N; i++, sent++) {
			uint32_t ack = (uint32_t)test_random(&seed);
			struct pkt_view v = answer(&t, i, i % 2 ? SYN_ACK : RST_ACK, ack);

			believed += accepted(&v, &t.cookie[i]);
		}
	}
	print_message("# %lu of %lu believed\n", believed, sent);
	assert_true(believed <= bound((double)sent * 1.5 / 4294967296.0));
}

/* The count above is small because few values are right, not because none is: of the 2^17 nearest,
 * exactly one is for a SYN-ACK and two are for a RST. */
static void test_neighbouring_acknowledgements(void **state)
{
	struct cookie_key key;
	struct targets t;
	uint64_t seed = 7;
	unsigned i, synacks, rsts;
	uint32_t d;

	(void)state;
	cookie_key_init(&key, (const uint8_t *)"neighbours      ");
	targets_make(&t, &key, 0, &seed);
	for (i = 0; i < N; i++) {
		synacks = rsts = 0;
		for (d = 0; d < 1 << 17; d++) {
			uint32_t ack = t.cookie[i].seq - (1 << 16) + d;
			struct pkt_view v = answer(&t, i, SYN_ACK, ack);

			synacks += accepted(&v, &t.cookie[i]);
			v.flags = RST_ACK;
			rsts += accepted(&v, &t.cookie[i]);
		}
		assert_int_equal(synacks, 1);
		assert_int_equal(rsts, 2);
	}
}

/* A right acknowledgement at one of our other ports: only one of the 28,233 is right. */
static void test_other_source_ports(void **state)
{
	struct cookie_key key;
	struct targets t;
	uint64_t seed = 8;
	unsigned i, port, right;

	(void)state;
	cookie_key_init(&key, (const uint8_t *)"source ports    ");
	targets_make(&t, &key, 0, &seed);
	for (i = 0; i < N; i++) {
		right = 0;
		for (port = 0; port < 65536; port++) {
			struct pkt_view v = answer(&t, i, SYN_ACK, t.cookie[i].seq + 1);

			v.local_port = (uint16_t)port;
			right += accepted(&v, &t.cookie[i]);
		}
		assert_int_equal(right, 1);
	}
}

/* Builds the probe to target i, turns it round into a SYN-ACK as bytes, and parses that. */
static struct pkt_view reply(const struct probe *p, const struct targets *t, unsigned i)
{
	struct pkt_fields f = {
		.saddr = t->addr[i],
		.daddr = source_addr(&p->source, &t->cookie[i]),
		.sport = t->port[i],
		.dport = source_port(&p->source, &t->cookie[i]),
	};
	uint32_t ack = t->cookie[i].seq + 1;
	uint8_t frame[PKT_FRAME_MAX];
	struct pkt_view v;

	pkt_template_write(&p->template, &f, frame);
	frame[p->template.l4 + 8] = (uint8_t)(ack >> 24);
	frame[p->template.l4 + 9] = (uint8_t)(ack >> 16);
	frame[p->template.l4 + 10] = (uint8_t)(ack >> 8);
	frame[p->template.l4 + 11] = (uint8_t)ack;
	frame[p->template.l4 + 13] = SYN_ACK;
	assert_int_equal(pkt_parse(&v, frame, p->template.len), 0);
	return v;
}

/* Answers to the probes of mine (right), believed by a scan that expects those of theirs. */
static unsigned long believed_replies(const struct cookie_key *mine, uint8_t my_attempt,
				      const struct cookie_key *theirs, uint8_t their_attempt)
{
	const struct probe_conf conf = {.look = SYN_LOOK_MSS, .ttl = 64};
	struct probe p = {.source = probe.source};
	unsigned long sent, believed = 0;
	struct cookie expected[N];
	struct targets t;
	uint64_t seed = 9;
	unsigned i;

	probe_tcp_syn.build(&p.template, &conf);
	for (sent = 0; sent < 1000 * 1000; sent += N) {
		targets_make(&t, mine, my_attempt, &seed);
		cookie_make(theirs, t.addr, t.port, their_attempt, expected, N);
		for (i = 0; i < N; i++) {
			struct pkt_view v = reply(&p, &t, i);

			believed += accepted(&v, &expected[i]);
		}
	}
	return believed;
}

static void test_answers_to_another_scan(void **state)
{
	struct cookie_key mine, theirs;

	(void)state;
	cookie_key_init(&mine, (const uint8_t *)"the scan before ");
	cookie_key_init(&theirs, (const uint8_t *)"the scan of now ");
	assert_int_equal(believed_replies(&mine, 0, &theirs, 0), 0);
	assert_in_range(believed_replies(&mine, 0, &mine, 0), 1000 * 1000, 1000 * 1000 + N);
}

/* An answer tells which attempt it answers. */
static void test_answers_to_another_attempt(void **state)
{
	struct cookie_key key;

	(void)state;
	cookie_key_init(&key, (const uint8_t *)"several attempts");
	assert_int_equal(believed_replies(&key, 0, &key, 1), 0);
}

/* A cookie is of one target: replayed from another address or port it is worth nothing. */
static void test_answers_of_other_targets(void **state)
{
	struct cookie_key key;
	struct targets t, other;
	struct cookie expected;
	uint64_t seed = 10, other_seed = 11;
	unsigned round, i;

	(void)state;
	cookie_key_init(&key, (const uint8_t *)"other targets   ");
	for (round = 0; round < 1000; round++) {
		targets_make(&t, &key, 0, &seed);
		targets_make(&other, &key, 0, &other_seed);
		for (i = 0; i < N; i++) {
			struct pkt_view v = answer(&t, i, SYN_ACK, t.cookie[i].seq + 1);

			assert_false(accepted(&v, &other.cookie[i]));
			v.remote_port ^= 1;
			cookie_make(&key, &v.remote, &v.remote_port, 0, &expected, 1);
			assert_false(accepted(&v, &expected));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_acknowledgements),
		cmocka_unit_test(test_neighbouring_acknowledgements),
		cmocka_unit_test(test_other_source_ports),
		cmocka_unit_test(test_answers_to_another_scan),
		cmocka_unit_test(test_answers_to_another_attempt),
		cmocka_unit_test(test_answers_of_other_targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
