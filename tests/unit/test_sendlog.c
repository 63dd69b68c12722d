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
	const uint64_t length = UINT64_C(1) << 56, us_max = (UINT64_C(1) << 48) - 2;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact_when_slow), cmocka_unit_test(test_exact_when_small),
		cmocka_unit_test(test_error_bound),	cmocka_unit_test(test_reach),
		cmocka_unit_test(test_extremes),	cmocka_unit_test(test_scattered_burst),
		cmocka_unit_test(test_late_probes),	cmocka_unit_test(test_noted_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
