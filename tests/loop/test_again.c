/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Repeats on two lcores, against a list of all that left: each step is sent once, and once more for
 * each time that it was asked for again, and the books know which is which.
 */

#include "answer.h"

#include "datapath/gate.h"

#define LIFT "198.18.0.0/15"

/* All that left: when, and how often. */
struct history {
	struct rig *rig;
	uint64_t *last; /* of each step, in microseconds of the rig's clock; 0: never */
	unsigned *count, *wanted;
	uint64_t repeats; /* wanted */
};

static uint64_t now_us(const struct rig *r)
{
	return clock_ns(&r->clock, r->now) / 1000;
}

static void history_init(struct history *h, struct rig *r)
{
	*h = (struct history){
		.rig = r,
		.last = calloc(r->stream.steps, sizeof(*h->last)),
		.count = calloc(r->stream.steps, sizeof(*h->count)),
		.wanted = calloc(r->stream.steps, sizeof(*h->wanted)),
	};
	assert_true(h->last != NULL && h->count != NULL && h->wanted != NULL);
}

static void history_fini(struct history *h)
{
	free(h->last);
	free(h->count);
	free(h->wanted);
}

/* Which probe it is: by its target, and by the attempt whose cookie it carries. */
static uint64_t history_step(const struct history *h, const struct sent *s)
{
	const struct stream *stream = &h->rig->stream;
	uint64_t index, offset;
	uint32_t attempt = 0;

	target_space_rank(h->rig->space, &s->daddr, &s->dport, &index, 1);
	walk_find(&stream->walk, &index, &offset, 1);
	while (answer_probe(h->rig, s->daddr, s->dport, (uint8_t)attempt).seq != s->seq)
		assert_in_range(++attempt, 0, stream->attempts - 1);
	return stream_step(stream, attempt, offset);
}

/* An lcore has its turn; what it sends is on record. */
static void history_turn(struct history *h, unsigned lcore)
{
	struct rig *r = h->rig;
	struct sent sent[64];
	unsigned n;

	r->now += 1000000;
	tx_step(&r->tx[lcore], r->now);
	while ((n = rig_take(r, lcore, sent, 64)) != 0) {
		for (unsigned i = 0; i < n; i++) {
			uint64_t step = history_step(h, &sent[i]);

			h->count[step]++;
			h->last[step] = now_us(r);
		}
	}
}

static bool is_target(const struct history *h, uint64_t step)
{
	const struct walk *w = &h->rig->stream.walk;
	uint64_t offset = step % w->length;

	return walk_targets_before(w, offset + 1) != walk_targets_before(w, offset);
}

static void history_ask(struct history *h, const struct spans *spans)
{
	uint64_t cursor = stream_cursor(&h->rig->stream);

	assert_int_equal(stream_again(&h->rig->stream, spans), 0);
	for (size_t i = 0; i < spans->n; i++) {
		for (uint64_t s = spans->at[i].first; s < RTE_MIN(spans->at[i].end, cursor); s++) {
			h->wanted[s]++;
			h->repeats += is_target(h, s);
		}
	}
}

/* What workers_mark() tells checkpoints: pieces below have been sent. */
static uint64_t repeated(const struct rig *r)
{
	uint64_t below = stream_again_claimed(&r->stream);

	for (unsigned i = 0; i < r->lcores; i++)
		below = RTE_MIN(below, r->tx[i].repeated);
	return below;
}

/* All that is claimed, but not known to be sent, is still to be sent or was. */
static void history_repeats_known(const struct history *h)
{
	const struct stream *s = &h->rig->stream;
	uint64_t below = repeated(h->rig), at = 0, missing = 0;
	struct spans left = {0};

	assert_int_equal(stream_again_from(s, below, &left), 0);
	spans_settle(&left);
	for (uint64_t step = 0; step < stream_cursor(s); step++) {
		while (at < left.n && left.at[at].end <= step)
			at++;
		if (at < left.n && step >= left.at[at].first)
			continue;
		missing += is_target(h, step) && h->count[step] < h->wanted[step];
	}
	assert_int_equal(missing, 0);
	spans_fini(&left);
}

static bool all_done(const struct rig *r)
{
	bool done = !stream_again_waits(&r->stream);

	for (unsigned i = 0; i < r->lcores; i++)
		done &= r->tx[i].done;
	return done;
}

/* Steps below the cursor, or a little beyond, in up to eight spans; if not too many wait. */
static void ask_at_random(struct history *h, uint64_t *random)
{
	const struct stream *s = &h->rig->stream;
	uint64_t cursor = stream_cursor(s);
	struct spans spans = {0};

	if (stream_again_asked(s) - stream_again_claimed(s) > 50)
		return;

	for (uint64_t n = test_random(random) % 8; n > 0; n--) {
		uint64_t first = test_random(random) % (cursor + 10);

		spans_add(&spans, first, first + test_random(random) % 300);
	}
	history_ask(h, &spans);
	spans_fini(&spans);
}

static void history_is_right(const struct history *h)
{
	const struct rig *r = h->rig;
	uint64_t sent = 0, resent = 0, wrong = 0;

	for (uint64_t step = 0; step < r->stream.steps; step++)
		wrong += h->count[step] != (is_target(h, step) ? 1 + h->wanted[step] : 0);
	assert_int_equal(wrong, 0);
	for (unsigned i = 0; i < r->lcores; i++) {
		sent += r->tx[i].stats.sent;
		resent += r->tx[i].stats.resent;
		assert_int_equal(tx_leftover(&r->tx[i]), 0);
	}
	assert_int_equal(sent, rig_probes(r));
	assert_int_equal(resent, h->repeats);
	assert_int_equal(repeated(r), stream_again_asked(&r->stream));
}

/* Asked for at random, while sending and after: never lost, never twice. */
static void repeats_are_sent(uint64_t prefix_rate, uint64_t random)
{
	struct rig_conf conf = {
		.targets = "198.18.0.0/23,198.18.9.0/26",
		.ports = "80,443",
		.lift = LIFT,
		.lcores = 2,
		.attempts = 2,
		.run = 50,
		.prefix_rate = prefix_rate,
	};
	struct history h;
	struct rig r;

	rig_open(&r, &conf);
	history_init(&h, &r);
	for (unsigned late = 0; late < 20;) {
		bool over = all_done(&r);

		if (test_random(&random) % 32 == 0 || over)
			ask_at_random(&h, &random);
		late += over;
		for (unsigned turn = (unsigned)(test_random(&random) % 8); turn > 0; turn--)
			history_turn(&h, (unsigned)(test_random(&random) % 2));
		if (test_random(&random) % 8 == 0)
			history_repeats_known(&h);
		if (test_random(&random) % 64 == 0)
			stream_forget_again(&r.stream, repeated(&r));
	}
	while (!all_done(&r))
		for (unsigned i = 0; i < 2; i++)
			history_turn(&h, i);
	for (unsigned i = 0; i < 2; i++)
		history_turn(&h, i);
	history_is_right(&h);
	history_fini(&h);
	rig_close(&r);
}

static void test_repeats_are_sent(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++)
		repeats_are_sent(0, seed);
}

/* Repeats are put off for their prefix like any probe. */
static void test_repeats_below_a_ceiling(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 2; seed++)
		repeats_are_sent(5000, seed);
}

/* What was sent between two instants goes out again, and nothing else. */
static void test_by_time(void **state)
{
	struct rig_conf conf = {
		.targets = "198.18.0.0/22", .ports = "80", .lift = LIFT, .lcores = 2, .run = 30};
	uint64_t random = 7, steps = 0;
	struct history h;
	struct rig r;

	(void)state;
	rig_open(&r, &conf);
	history_init(&h, &r);
	for (unsigned round = 0; round < 60; round++) {
		uint64_t from = now_us(&r) + 1, to;
		struct spans sent = {0};

		for (unsigned turn = 0; turn < 5; turn++)
			history_turn(&h, (unsigned)(test_random(&random) % 2));
		to = now_us(&r) - 1000; /* all turns but the last */
		assert_int_equal(stream_sent_between(&r.stream, from, to, &sent), 0);
		assert_in_range(sent.n, 0, AGAIN_SPANS);
		for (uint64_t s = 0, at = 0; s < r.stream.steps; s++) {
			while (at < sent.n && sent.at[at].end <= s)
				at++;
			assert_int_equal(h.last[s] >= from && h.last[s] <= to,
					 at < sent.n && s >= sent.at[at].first);
			steps += at < sent.n && s >= sent.at[at].first;
		}
		history_ask(&h, &sent);
		spans_fini(&sent);
	}
	assert_true(steps > 1000);
	while (!all_done(&r))
		for (unsigned i = 0; i < 2; i++)
			history_turn(&h, i);
	history_is_right(&h);
	history_fini(&h);
	rig_close(&r);
}

/* All probes of a /24 are out, the probe to 198.18.0.xy among them. */
static void rig_open_sent(struct rig *r, struct history *h)
{
	rig_open(r, &(struct rig_conf){.targets = "198.18.0.0/24", .ports = "80", .lift = LIFT});
	history_init(h, r);
	while (!all_done(r))
		history_turn(h, 0);
}

static void ask_for_all(struct history *h)
{
	struct spans all = {0};

	spans_add(&all, 0, h->rig->stream.steps);
	history_ask(h, &all);
	spans_fini(&all);
}

static void one_answers(struct rig *r, uint32_t addr, uint64_t after_us, struct record *rec)
{
	struct sent probe = answer_probe(r, addr, 80, 0);
	struct answer a = answer_synack(&probe);

	r->now += after_us * 1000;
	answer_deliver(r, &a);
	assert_int_equal(ring_take(r->results[0], rec, 1), 1);
}

/* An answer to a repeat counts, once, and its round trip is that of the repeat. */
static void test_answers(void **state)
{
	struct record rec;
	struct history h;
	struct sent probe;
	struct answer a;
	struct rig r;

	(void)state;
	rig_open_sent(&r, &h);
	one_answers(&r, 0xc6120001, 777, &rec);
	assert_in_range(rec.rtt_us, 777, 777 + 10000);
	r.now += 5 * RIG_HZ;
	ask_for_all(&h);
	while (!all_done(&r))
		history_turn(&h, 0);
	one_answers(&r, 0xc6120002, 555, &rec);
	assert_int_equal(rec.saddr, 0xc6120002);
	assert_int_equal(rec.rtt_us,
			 now_us(&r) -
				 h.last[history_step(
					 &h, &(struct sent){
						     .daddr = 0xc6120002,
						     .dport = 80,
						     .seq = answer_probe(&r, 0xc6120002, 80, 0).seq,
					     })]);
	assert_in_range(rec.rtt_us, 555, 20000);

	probe = answer_probe(&r, 0xc6120001, 80, 0);
	a = answer_synack(&probe);
	answer_deliver(&r, &a); /* it has answered before */
	assert_int_equal(ring_take(r.results[0], &rec, 1), 0);
	assert_int_equal(r.rx[0].stats.repeats, 1);
	assert_int_equal(r.rx[0].stats.first[STATE_OPEN], 2);
	history_fini(&h);
	rig_close(&r);
}

/* Who has opted out gets no repeat, and the books hold: the probe was sent. */
static void test_opted_out(void **state)
{
	struct listing more = {(char *)(uintptr_t) "test", (char *)(uintptr_t) "198.18.0.0/28", 13};
	struct exclusion deny = {.deny = &more, .n_deny = 1};
	struct history h;
	struct rig r;
	struct err err;

	(void)state;
	rig_open_sent(&r, &h);
	assert_int_equal(stream_opt_out(&r.stream, &deny, &err), 0);
	ask_for_all(&h);
	while (!all_done(&r))
		history_turn(&h, 0);
	assert_int_equal(r.tx[0].stats.sent, 256);
	assert_int_equal(r.tx[0].stats.resent, 240);
	assert_int_equal(r.tx[0].stats.opted_out, 0);
	assert_int_equal(r.tx[0].stats.gate_hits, 0);
	history_fini(&h);
	rig_close(&r);
}

/* No repeat leaves while the path is held or sending has been stopped; it is still asked for. */
static void test_held(void **state)
{
	struct history h;
	struct rig r;

	(void)state;
	rig_open_sent(&r, &h);
	ask_for_all(&h);
	r.hold = true;
	for (unsigned i = 0; i < 10; i++)
		history_turn(&h, 0);
	r.hold = false;
	r.stop = true;
	for (unsigned i = 0; i < 10; i++)
		history_turn(&h, 0);
	assert_int_equal(r.tx[0].stats.resent, 0);
	assert_true(stream_again_waits(&r.stream));
	r.stop = false;
	while (!all_done(&r))
		history_turn(&h, 0);
	history_is_right(&h);
	history_fini(&h);
	rig_close(&r);
}

/* Never faster for that. */
static void test_within_the_rate(void **state)
{
	struct rig_conf conf = {
		.targets = "198.18.0.0/24", .ports = "80", .lift = LIFT, .rate = 100};
	struct history h;
	struct rig r;
	uint64_t start;

	(void)state;
	rig_open(&r, &conf);
	start = r.now;
	history_init(&h, &r);
	for (unsigned i = 0; i < 4000; i++) {
		if (i == 1000)
			ask_for_all(&h);
		history_turn(&h, 0);
		assert_in_range(r.tx[0].stats.sent + r.tx[0].stats.resent, 0,
				1 + (r.now - start) / (RIG_HZ / 100));
	}
	assert_in_range(r.tx[0].stats.resent, 400 - 256 - 5, 400 - 256 + 1);
	history_fini(&h);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_repeats_are_sent),
		cmocka_unit_test(test_repeats_below_a_ceiling),
		cmocka_unit_test(test_by_time),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_opted_out),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_within_the_rate),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
