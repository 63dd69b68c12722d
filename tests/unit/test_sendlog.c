/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include "datapath/sendlog.h"
#include "job.h"

#define RING (UINT64_C(1) << 20)

static void note(struct sendlog *l, uint64_t pos, uint64_t us)
{
	sendlog_note(l, &pos, 1, us);
}

static void test_exact_when_slow(void **state)
{
	struct sendlog *l;
	uint64_t us;

	(void)state;
	assert_int_equal(sendlog_create(16384, UINT64_C(1) << 40, &l), 0);
	assert_false(sendlog_find(l, 0, &us));
	for (uint64_t pos = 0; pos < 3 * RING; pos++)
		note(l, pos, 1000 + pos * 61);
	for (uint64_t pos = 0; pos < 3 * RING; pos++) {
		bool kept = pos >= 2 * RING;

		assert_int_equal(sendlog_find(l, pos, &us), kept);
		if (kept)
			assert_int_equal(us, 1000 + pos * 61);
	}
	assert_false(sendlog_find(l, 3 * RING, &us));
	sendlog_destroy(l);
	sendlog_destroy(NULL);
}

/* A small scan is exact at any rate, and nothing of it is forgotten. */
static void test_exact_when_small(void **state)
{
	const uint64_t lengths[] = {1, 2, 3, 1000, 65536, 65537, RING - 1, RING};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		struct sendlog *l;
		uint64_t us;

		assert_int_equal(sendlog_create(RATE_MAX, lengths[i], &l), 0);
		for (uint64_t pos = 0; pos < lengths[i]; pos += 2)
			note(l, pos, pos + 7);
		for (uint64_t pos = 0; pos < lengths[i]; pos++) {
			assert_int_equal(sendlog_find(l, pos, &us), pos % 2 == 0);
			if (pos % 2 == 0)
				assert_int_equal(us, pos + 7);
		}
		sendlog_destroy(l);
	}
}

/* Beyond, times are never late, and early by less than what sending a group takes. */
static void test_error_bound(void **state)
{
	const uint64_t rates[] = {16385, 100000, 1000000, 14880952};
	uint64_t length = UINT64_C(1) << 44, pos[64], us, now;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		struct sendlog *l;

		assert_int_equal(sendlog_create(rates[i], length, &l), 0);
		for (uint64_t p = 0; p < 2000000; p += 64) {
			for (uint64_t k = 0; k < 64; k++)
				pos[k] = p + k;
			sendlog_note(l, pos, 64, 1000000000 + p * 1000000 / rates[i]);
		}
		for (uint64_t p = 1000000; p < 2000000; p++) {
			now = 1000000000 + p / 64 * 64 * 1000000 / rates[i];
			assert_true(sendlog_find(l, p, &us));
			assert_in_range(now - us, 0, 1000000 / 8192);
		}
		sendlog_destroy(l);
	}
}

/* Over a minute is known, at any rate up to that of 10 Gbit/s. */
static void test_reach(void **state)
{
	const uint64_t rate = UINT64_C(1) << 24;
	struct sendlog *l;
	uint64_t us;

	(void)state;
	assert_int_equal(sendlog_create(RATE_MAX, UINT64_C(1) << 40, &l), 0);
	for (uint64_t pos = 0; pos < 80 * rate; pos += 1024)
		note(l, pos, 1 + pos / 16);
	assert_true(sendlog_find(l, 17 * rate, &us));
	assert_int_equal(us, 1 + 17 * rate / 16);
	assert_false(sendlog_find(l, 15 * rate, &us));
	sendlog_destroy(l);
}

static void test_extremes(void **state)
{
	const uint64_t length = UINT64_C(1) << 56, us_max = (UINT64_C(1) << 47) - 1;
	struct sendlog *l;
	uint64_t us;

	(void)state;
	assert_int_equal(sendlog_create(1, length, &l), 0);
	note(l, length - 1, us_max);
	assert_true(sendlog_find(l, length - 1, &us));
	assert_int_equal(us, us_max);
	assert_false(sendlog_find(l, RING - 1, &us));
	note(l, 0, 0); /* even at time 0 it is noted */
	assert_true(sendlog_find(l, 0, &us));
	assert_int_equal(us, 0);
	sendlog_destroy(l);
}

/* Positions of one burst may lie in any groups, in any order. */
static void test_scattered_burst(void **state)
{
	const uint64_t pos[] = {70000, 5, 6, 70001, 1 << 19};
	struct sendlog *l;
	uint64_t us;

	(void)state;
	assert_int_equal(sendlog_create(RATE_MAX, UINT64_C(1) << 30, &l), 0);
	sendlog_note(l, pos, ARRAY_LEN(pos), 99);
	for (size_t i = 0; i < ARRAY_LEN(pos); i++) {
		assert_true(sendlog_find(l, pos[i], &us));
		assert_int_equal(us, 99);
	}
	assert_false(sendlog_find(l, 200000, &us));
	sendlog_destroy(l);
}

/* Probes that leave late (their prefix, a pause) never get a time that is wrong by more than said.
 */
static void test_late_probes(void **state)
{
	const uint64_t length = UINT64_C(1) << 30, n = 1 << 16;
	uint64_t *sent = calloc(n, sizeof(*sent)), random = 1, us, now = 5, known = 0;
	struct sendlog *l;

	(void)state;
	assert_int_equal(sendlog_create(RATE_MAX, length, &l), 0);
	for (uint64_t pos = 0; pos < n; pos++) {
		if (test_random(&random) % 4096 == 0)
			now += test_random(&random) % 1000000;
		if (test_random(&random) % 2048 == 0)
			continue; /* later */
		now += pos % 16 == 0;
		note(l, pos, sent[pos] = now);
	}
	for (uint64_t pos = 0; pos < n; pos++)
		if (sent[pos] == 0)
			note(l, pos, sent[pos] = now += 7);
	for (uint64_t pos = 0; pos < n; pos++) {
		if (!sendlog_find(l, pos, &us))
			continue;
		known++;
		assert_in_range(sent[pos] - us, 0, SENDLOG_ERROR_US);
	}
	assert_in_range(known, n / 4, n - 1);
	free(sent);
	sendlog_destroy(l);
}

/* What the device did not take at once has left when it took it. */
static void test_noted_again(void **state)
{
	struct sendlog *l;
	uint64_t us;

	(void)state;
	assert_int_equal(sendlog_create(1000, UINT64_C(1) << 40, &l), 0);
	note(l, 9, 100);
	note(l, 9, 2000100);
	assert_true(sendlog_find(l, 9, &us));
	assert_int_equal(us, 2000100);
	sendlog_destroy(l);
}

/*
 * What was sent between two times, against a list of all that was noted: everything, and nothing
 * beside it that was not within a group of it. Repeats are found under their new time.
 */
static void between_is_right(uint64_t rate, uint64_t length, uint64_t n, uint64_t seed)
{
	uint64_t *first = calloc(n, sizeof(*first)), *last = calloc(n, sizeof(*last));
	uint64_t now = 1, group = rate == RATE_MAX ? 1024 : 1, took = group == 1 ? 0 : 10000;
	struct sendlog *l;

	assert_int_equal(sendlog_create(rate, length, &l), 0);
	for (uint64_t i = 0; i < n + n / 4; i++) {
		uint64_t pos = i < n ? i : test_random(&seed) % n;

		now += test_random(&seed) % 8 == 0 ? test_random(&seed) % 500 : 0;
		note(l, pos, now);
		first[pos] = first[pos] == 0 || group == 1 ? now : first[pos];
		last[pos] = now;
	}
	for (unsigned round = 0; round < 20; round++) {
		uint64_t from = 1 + test_random(&seed) % now, to = from + test_random(&seed) % 9999;
		struct spans sent = {0};
		size_t at = 0;

		assert_int_equal(sendlog_between(l, n, from, to, &sent), 0);
		spans_settle(&sent);
		for (uint64_t pos = 0; pos < n; pos++) {
			bool found, wanted = last[pos] >= from && last[pos] <= to;

			while (at < sent.n && sent.at[at].end <= pos)
				at++;
			found = at < sent.n && sent.at[at].first <= pos;
			if (group == 1)
				assert_int_equal(found, wanted);
			else if (wanted)
				assert_true(found);
		}
		assert_true(sent.n == 0 || sent.at[sent.n - 1].end <= n);
		for (size_t i = 0; i < sent.n && group > 1; i++) { /* some of each group was */
			uint64_t pos = sent.at[i].first;
			bool near = false;

			assert_int_equal(pos % group, 0);
			for (; pos < sent.at[i].first + group && pos < n; pos++)
				near |= last[pos] + took >= from;
			assert_true(near);
		}
		spans_fini(&sent);
	}
	free(first);
	free(last);
	sendlog_destroy(l);
}

static void test_between(void **state)
{
	(void)state;
	between_is_right(1000, UINT64_C(1) << 40, 5000, 3);
	between_is_right(1000, 5000, 5000, 4);
	between_is_right(RATE_MAX, UINT64_C(1) << 40, 300000, 5);
}

/* Only the last turn of the ring is known, also when its tags have begun anew. */
static void test_between_turns(void **state)
{
	const uint64_t turns[] = {0, 1, 2, 65534, 65535, 65536, 200001};
	struct sendlog *l;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(turns); i++) {
		uint64_t at = turns[i] * RING + 77;
		struct spans sent = {0};

		assert_int_equal(sendlog_create(1000, UINT64_C(1) << 56, &l), 0);
		if (turns[i] != 0)
			note(l, at - 78, 4);
		note(l, at, 5);
		note(l, at + 1, 6);
		assert_int_equal(sendlog_between(l, at + 2, 4, 5, &sent), 0);
		spans_settle(&sent);
		assert_int_equal(sent.n, turns[i] != 0 ? 2 : 1);
		assert_true(sent.at[sent.n - 1].first == at && sent.at[sent.n - 1].end == at + 1);
		assert_true(sent.n == 1 || sent.at[0].first == at - 78);
		spans_fini(&sent);
		sendlog_destroy(l);
	}
}

/* Groups that are sent again have the new time, but for those of which only a part is. */
static void test_forget(void **state)
{
	struct sendlog *l;
	uint64_t us;

	(void)state;
	assert_int_equal(sendlog_create(RATE_MAX, UINT64_C(1) << 40, &l), 0);
	for (uint64_t pos = 0; pos < 10 * 1024; pos++)
		note(l, pos, 100);
	sendlog_forget(l, 1000, 5 * 1024 + 7);
	assert_true(sendlog_find(l, 1023, &us)); /* a part of its group */
	assert_false(sendlog_find(l, 1024, &us));
	for (uint64_t pos = 1000; pos < 5 * 1024 + 7; pos++)
		note(l, pos, 5000100);
	for (uint64_t pos = 0; pos < 10 * 1024; pos++) {
		bool whole = pos >= 1024 && pos < 5 * 1024, partly = pos < 6 * 1024 && !whole;

		assert_int_equal(sendlog_find(l, pos, &us), !partly);
		if (!partly)
			assert_int_equal(us, whole ? 5000100 : 100);
	}
	sendlog_destroy(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact_when_slow), cmocka_unit_test(test_exact_when_small),
		cmocka_unit_test(test_error_bound),	cmocka_unit_test(test_reach),
		cmocka_unit_test(test_extremes),	cmocka_unit_test(test_scattered_burst),
		cmocka_unit_test(test_late_probes),	cmocka_unit_test(test_noted_again),
		cmocka_unit_test(test_between),		cmocka_unit_test(test_between_turns),
		cmocka_unit_test(test_forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
