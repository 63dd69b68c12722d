/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * A stream that is stopped and gone on with, again and again, by any number of lcores: every step
 * is claimed exactly once, the lease is kept, and what an output says was answered is known.
 */

#include "test.h"

#include <errno.h>

#include <rte_common.h>

#include "datapath/dedup.h"
#include "job.h"
#include "spans.h"
#include "stream.h"

enum { LCORES_MAX = 5, ATTEMPTS = 3 };

struct fixture {
	struct target_space *space;
	struct exclusion excl;
	struct stream stream;
	unsigned *claimed; /* how often each step was */
};

static void load(struct fixture *f, const char *targets, const char *ports)
{
	const char *lift = "198.18.0.0/15";
	struct target_conf conf = {
		.targets = {.at = &targets, .n = 1},
		.allow_special = {.at = &lift, .n = 1},
		.ports = ports,
	};
	struct target_counts counts;
	struct err err;

	*f = (struct fixture){0};
	assert_int_equal(target_load(&conf, &f->space, &f->excl, &counts, &err), 0);
}

static void start_shard(struct fixture *f, const struct stream_place *from, uint64_t rate,
			unsigned lcores, struct shard shard)
{
	static const uint8_t secret[16] = "0123456789abcdef";
	struct stream_conf conf = {
		.excl = &f->excl,
		.rate = rate,
		.lcores = lcores,
		.tsc_hz = 1000000000,
		.secret = secret,
		.from = from,
	};
	struct err err;

	f->stream = (struct stream){.space = f->space, .attempts = ATTEMPTS};
	assert_int_equal(walk_init(&f->stream.walk, target_space_size(f->space), 11, shard.index,
				   shard.total, 0),
			 0);
	assert_int_equal(stream_init(&f->stream, &conf, &err), 0);
	if (f->claimed == NULL)
		f->claimed = calloc(f->stream.steps, sizeof(*f->claimed));
}

static void start(struct fixture *f, const struct stream_place *from, uint64_t rate,
		  unsigned lcores)
{
	start_shard(f, from, rate, lcores, (struct shard){.total = 1});
}

static void stop(struct fixture *f)
{
	stream_fini(&f->stream);
}

static void unload(struct fixture *f)
{
	target_space_destroy(f->space);
	exclusion_fini(&f->excl);
	free(f->claimed);
}

/* The first of a claim's offsets is sent. */
static void send_one(struct fixture *f, struct claim *claim)
{
	assert_true(claim->next < claim->end && claim->end <= f->stream.walk.length);
	f->claimed[stream_step(&f->stream, claim->attempt, claim->next++)]++;
}

/*
 * Lcores in turn claim and send, some n steps in all; what they leave over is added to *left.
 * Returns whether everything was claimed.
 */
static bool run(struct fixture *f, unsigned lcores, uint64_t n, uint64_t *random,
		struct spans *left)
{
	struct claim claim[LCORES_MAX] = {0};
	bool over = false;

	while (n-- > 0 && !over) {
		unsigned i = (unsigned)(test_random(random) % lcores);

		if (claim[i].next < claim[i].end || stream_claim(&f->stream, &claim[i]))
			send_one(f, &claim[i]);
		over = stream_exhausted(&f->stream);
	}
	for (unsigned i = 0; i < lcores; i++) {
		uint64_t first = stream_step(&f->stream, claim[i].attempt, claim[i].next);

		spans_add(left, first, first + (claim[i].end - claim[i].next));
	}
	assert_int_equal(stream_waiting(&f->stream, left), 0);
	spans_settle(left);
	return over;
}

static void test_exactly_once_across_stops(void **state)
{
	static const uint64_t rates[] = {1, 640, 5000, 10000000};
	uint64_t random = 5;

	(void)state;
	for (unsigned round = 0; round < 40; round++) {
		struct stream_place place = {0};
		struct spans left = {0};
		struct fixture f;
		bool over = false;

		load(&f, "198.18.0.0-198.18.2.17", "80,443,8080");
		while (!over || place.n_todo != 0) {
			unsigned lcores = 1 + (unsigned)(test_random(&random) % LCORES_MAX);
			struct spans next = {0};

			start(&f, &place, rates[test_random(&random) % 4], lcores);
			over = run(&f, lcores, test_random(&random) % 3000, &random, &next);
			place.cursor = stream_cursor(&f.stream);
			spans_fini(&left);
			left = next;
			place.todo = left.at;
			place.n_todo = left.n;
			stop(&f);
		}
		assert_true(f.stream.steps >= ATTEMPTS * f.stream.walk.targets);
		for (uint64_t i = 0; i < f.stream.steps; i++)
			assert_int_equal(f.claimed[i], 1);
		spans_fini(&left);
		unload(&f);
	}
}

static void test_unclaimed(void **state)
{
	struct span todo[] = {{0, 100}, {700, 1100}};
	struct stream_place place = {.cursor = 1200, .todo = todo, .n_todo = 2};
	struct fixture f;
	struct claim claim;
	uint64_t targets;

	(void)state;
	load(&f, "198.18.0.0-198.18.2.17", "80");
	start(&f, &place, 100, 1);
	targets = stream_targets(&f.stream, 0, f.stream.steps);
	assert_true(targets == ATTEMPTS * f.stream.walk.targets);
	targets -= stream_targets(&f.stream, 0, 1200);
	targets += stream_targets(&f.stream, 0, 100) + stream_targets(&f.stream, 700, 1100);
	while (stream_claim(&f.stream, &claim)) {
		uint64_t first = stream_step(&f.stream, claim.attempt, claim.next);

		assert_true(
			stream_unclaimed(&f.stream) ==
			targets - stream_targets(&f.stream, first, first + claim.end - claim.next));
		targets = stream_unclaimed(&f.stream);
	}
	assert_true(targets == 0);
	stop(&f);
	unload(&f);
}

static void test_lease(void **state)
{
	struct claim claim;
	struct fixture f;
	uint64_t reached = 0;

	(void)state;
	load(&f, "198.18.0.0-198.18.2.17", "80");
	start(&f, NULL, 640, 1);
	for (uint64_t lease = 0; lease < f.stream.steps; lease += 97) {
		stream_extend(&f.stream, lease);
		while (stream_claim(&f.stream, &claim))
			reached = stream_step(&f.stream, claim.attempt, claim.end);
		assert_true(reached == lease && stream_front(&f.stream) == lease);
		assert_false(stream_exhausted(&f.stream));
	}
	stream_extend(&f.stream, UINT64_MAX);
	while (stream_claim(&f.stream, &claim))
		;
	assert_true(stream_exhausted(&f.stream));
	assert_true(stream_front(&f.stream) == f.stream.steps);
	stop(&f);
	unload(&f);
}

/* Answers to what may have been sent count from the start, and none counts twice. */
static void test_replay(void **state)
{
	struct stream_place place = {.cursor = 100, .sent_below = 400};
	struct record rec[] = {
		{.saddr = 0xc6120001, .sport = 80, .state = STATE_OPEN},
		{.saddr = 0xc6120001, .sport = 80, .state = STATE_CLOSED},
		{.saddr = 0xc6120001, .sport = 80, .state = STATE_OPEN},
		{.saddr = 0xc6120001, .sport = 81, .state = STATE_OPEN}, /* no target */
		{.saddr = 0xc6120211, .sport = 80, .state = STATE_FILTERED},
		{.saddr = 0xc6120212, .sport = 80, .state = STATE_OPEN}, /* no target */
	};
	uint64_t first[STATE_COUNT] = {0}, index, offset;
	struct claim claim;
	struct fixture f;

	(void)state;
	load(&f, "198.18.0.0-198.18.2.17", "80");
	start(&f, &place, 640, 1);
	assert_true(stream_front(&f.stream) == 400);
	assert_int_equal(stream_replay(&f.stream, rec, ARRAY_LEN(rec), first), 4);
	assert_true(first[STATE_OPEN] == 1 && first[STATE_CLOSED] == 1 &&
		    first[STATE_FILTERED] == 1 && first[STATE_UNREACHABLE] == 0);
	while (stream_claim(&f.stream, &claim))
		;
	target_space_rank(f.space, &rec[0].saddr, &rec[0].sport, &index, 1);
	walk_find(&f.stream.walk, &index, &offset, 1);
	assert_true(dedup_seen(f.stream.dedup, offset, STATE_OPEN));
	assert_true(dedup_seen(f.stream.dedup, offset, STATE_CLOSED));
	assert_false(dedup_seen(f.stream.dedup, offset, STATE_FILTERED));
	stop(&f);
	unload(&f);
}

/* Repeats go before what is new, in pieces that are claims, and only of what was claimed. */
static void test_again(void **state)
{
	struct span asked[] = {{5, 700}, {900, 4000}, {3, 4}};
	struct spans again = {asked, 3, 3}, left = {0}, none = {0};
	struct claim claim;
	struct fixture f;

	(void)state;
	load(&f, "198.18.0.0-198.18.2.17", "80");
	start(&f, NULL, 2000, 1);
	while (stream_cursor(&f.stream) < 1000)
		stream_claim(&f.stream, &claim);
	assert_int_equal(stream_again(&f.stream, &none), 0);
	assert_false(stream_again_waits(&f.stream));
	assert_int_equal(stream_again(&f.stream, &again), 0);
	assert_true(stream_again_waits(&f.stream));
	assert_int_equal(stream_waiting(&f.stream, &left), 0);
	spans_settle(&left);
	assert_int_equal(left.n, 3);
	assert_true(left.at[2].first == 900 && left.at[2].end == stream_cursor(&f.stream));
	spans_fini(&left);
	for (uint64_t at = 5, number = 0; stream_again_waits(&f.stream); number++) {
		assert_true(stream_claim(&f.stream, &claim));
		assert_true(claim.again && claim.number == number);
		if (number < 4) { /* 695 steps, up to 200 each */
			assert_true(stream_step(&f.stream, claim.attempt, claim.next) == at);
			assert_in_range(claim.end - claim.next, 1, 200);
		}
		at += claim.end - claim.next;
	}
	assert_true(stream_claim(&f.stream, &claim) && !claim.again);
	stop(&f);
	unload(&f);
}

/* Never more pieces than there is room for, and room again once they may be forgotten. */
static void test_again_is_bounded(void **state)
{
	struct spans single = {0}, all = {0}, left = {0};
	struct claim claim;
	struct fixture f;

	(void)state;
	load(&f, "198.18.0.0/20", "80-89");
	start(&f, NULL, 1, 1); /* claims of a step: all of it would be 122,880 of them */
	f.stream.attempts = 1;
	f.stream.cursor = f.stream.steps / ATTEMPTS;
	for (uint64_t i = 0; i < AGAIN_ROOM; i++)
		spans_add(&single, 2 * i, 2 * i + 1);
	spans_add(&all, 0, f.stream.cursor);
	assert_int_equal(stream_again(&f.stream, &all), 0);
	assert_in_range(stream_again_asked(&f.stream), 1, AGAIN_PIECES + 2);
	assert_int_equal(stream_again(&f.stream, &single), -ENOSPC);
	assert_int_equal(stream_again_from(&f.stream, 0, &left), 0);
	assert_true(left.n == 1 && left.at[0].end == f.stream.cursor); /* none of those */
	while (stream_again_waits(&f.stream))
		stream_claim(&f.stream, &claim);
	assert_int_equal(stream_again(&f.stream, &single), -ENOSPC);
	stream_forget_again(&f.stream, stream_again_claimed(&f.stream));
	assert_int_equal(stream_again(&f.stream, &single), 0);
	assert_int_equal(stream_again(&f.stream, &all), -ENOSPC);
	spans_fini(&single);
	spans_fini(&all);
	spans_fini(&left);
	stop(&f);
	unload(&f);
}

static void test_spans_limit(void **state)
{
	static const struct span want[] = {{1, 20}, {100, 103}, {1000, 1001}};
	struct spans spans = {0};

	(void)state;
	spans_add(&spans, 1000, 1001);
	spans_add(&spans, 18, 20);
	spans_add(&spans, 1, 3);
	spans_add(&spans, 3, 9); /* grows the last */
	assert_int_equal(spans.n, 3);
	spans_add(&spans, 100, 101);
	spans_add(&spans, 102, 103);
	spans_limit(&spans, 5);
	assert_int_equal(spans.n, 5);
	spans_limit(&spans, 3);
	assert_int_equal(spans.n, ARRAY_LEN(want));
	assert_memory_equal(spans.at, want, sizeof(want));
	spans_limit(&spans, 1);
	assert_true(spans.n == 1 && spans.at[0].first == 1 && spans.at[0].end == 1001);
	spans_fini(&spans);
}

static void test_spans(void **state)
{
	static const struct span want[] = {{1, 9}, {10, 11}, {20, 30}};
	struct spans spans = {0};

	(void)state;
	spans_settle(&spans);
	assert_int_equal(spans.n, 0);
	spans_add(&spans, 25, 30);
	spans_add(&spans, 4, 4);
	spans_add(&spans, 1, 5);
	spans_add(&spans, 20, 26);
	spans_add(&spans, 5, 9);
	spans_add(&spans, 10, 11);
	spans_add(&spans, 2, 3);
	spans_settle(&spans);
	assert_int_equal(spans.n, ARRAY_LEN(want));
	assert_memory_equal(spans.at, want, sizeof(want));
	spans_fini(&spans);
}

/* More shards than there are targets: one that has none is at its end at once. */
static void test_nothing(void **state)
{
	unsigned empty = 0;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		struct claim claim;
		struct fixture f;

		load(&f, "198.18.0.1", "80");
		start_shard(&f, NULL, 1000, 1, (struct shard){.index = i, .total = 3});
		if (f.stream.walk.targets == 0) {
			assert_int_equal(stream_unclaimed(&f.stream), 0);
			assert_false(stream_claim(&f.stream, &claim));
			empty++;
		}
		stop(&f);
		unload(&f);
	}
	assert_int_equal(empty, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exactly_once_across_stops),
		cmocka_unit_test(test_unclaimed),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_lease),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_again_is_bounded),
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_spans_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
