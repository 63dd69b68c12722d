/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include "cmd/scan.h"

/*
 * What is sent again when something was dropped: which time, how many drops, how often. A tick is a
 * microsecond here, so times are milliseconds * 1000.
 */

#define MS UINT64_C(1000) /* ticks */
#define HZ UINT64_C(1000000)

static struct {
	uint64_t from, to, lost;
	unsigned n;
} asked;
static uint64_t rate;

uint64_t __wrap_rte_get_tsc_hz(void);
void __wrap_scan_again(struct scan *scan, uint64_t from, uint64_t to, uint64_t lost);
void __wrap_workers_set_rate(struct workers *w, uint64_t to);

uint64_t __wrap_rte_get_tsc_hz(void)
{
	return HZ;
}

void __wrap_scan_again(struct scan *scan, uint64_t from, uint64_t to, uint64_t lost)
{
	(void)scan;
	asked.from = from;
	asked.to = to;
	asked.lost = lost;
	asked.n++;
}

void __wrap_workers_set_rate(struct workers *w, uint64_t to)
{
	(void)w;
	rate = to;
}

struct rig {
	struct job job;
	struct scan scan;
	struct snapshot s;
	uint64_t now;
	bool held;
};

static void rig_start(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	memset(&asked, 0, sizeof(asked));
	r->now = 50000 * MS;
	clock_start(&r->scan.clock, r->now, HZ);
	r->scan.job = &r->job;
	r->scan.rate = rate = 10000;
	r->s = (struct snapshot){.targets = 1000000, .attempts = 1};
	scan_adapt_start(&r->scan, r->now);
}

/* So many looks, 20 ms apart, with 200 probes between them; before the first, so much is dropped.
 */
static void rig_look(struct rig *r, unsigned looks, uint64_t dropped)
{
	r->s.rx_missed += dropped;
	for (; looks > 0; looks--) {
		r->now += 20 * MS;
		r->s.sent += 200;
		scan_adapt_look(&r->scan, &r->s, r->held, r->now);
	}
}

static void test_nothing_lost(void **state)
{
	struct rig r;

	(void)state;
	rig_start(&r);
	rig_look(&r, 1000, 0);
	assert_int_equal(asked.n, 0);
	assert_int_equal(rate, 10000);
}

/* From a second before the last look without a drop, to the last with one; once, when it is quiet.
 */
static void test_a_moment(void **state)
{
	uint64_t first;
	struct rig r;

	(void)state;
	rig_start(&r);
	rig_look(&r, 100, 0);
	first = r.now;
	rig_look(&r, 1, 7);
	assert_true(rate < 10000);
	rig_look(&r, 2, 0);
	rig_look(&r, 1, 3);
	assert_int_equal(asked.n, 0);
	assert_int_equal(r.scan.adapt.owed, 10);
	rig_look(&r, 9, 0);
	assert_int_equal(asked.n, 0);
	rig_look(&r, 1, 0);
	assert_int_equal(asked.n, 1);
	assert_int_equal(asked.from, first - 1000 * MS);
	assert_int_equal(asked.to, first + 80 * MS);
	assert_int_equal(asked.lost, 10);
	assert_int_equal(r.scan.adapt.owed, 0);
	rig_look(&r, 1000, 0);
	assert_int_equal(asked.n, 1);
	assert_int_equal(rate, 10000);
}

/* Where answers take longer, from as long before. */
static void test_slow_answers(void **state)
{
	uint64_t first;
	struct rig r;

	(void)state;
	rig_start(&r);
	rig_look(&r, 500, 0);
	r.scan.again.margin_ms = 4000;
	first = r.now;
	rig_look(&r, 1, 7);
	rig_look(&r, 20, 0);
	assert_int_equal(asked.n, 1);
	assert_int_equal(asked.from, first - 4000 * MS);
	assert_int_equal(asked.to, first + 20 * MS);
}

/* Not from before the scan, and not what is repeated already. */
static void test_no_time_twice(void **state)
{
	struct rig r;
	uint64_t to;

	(void)state;
	rig_start(&r);
	rig_look(&r, 11, 1);
	assert_int_equal(asked.from, 50000 * MS);
	to = asked.to;
	assert_int_equal(to, 50020 * MS);
	rig_look(&r, 11, 1);
	assert_int_equal(asked.n, 2);
	assert_int_equal(asked.from, to);
	rig_look(&r, 100, 0);
	rig_look(&r, 11, 1);
	assert_int_equal(asked.from, r.now - 11 * 20 * MS - 1000 * MS);
}

/* Drops without an end: what they cost goes out again every two seconds, without gaps, until there
 * were four repeats for each probe. */
static void test_no_end(void **state)
{
	struct rig r;
	uint64_t to;

	(void)state;
	rig_start(&r);
	rig_look(&r, 100, 0);
	rig_look(&r, 1, 1);
	for (int i = 0; i < 1000; i++) {
		to = asked.to;
		rig_look(&r, 1, 1);
		if (asked.n > 1 && asked.to != to)
			assert_int_equal(asked.from, to);
	}
	assert_int_equal(asked.n, 9);
	assert_in_range(rate, 625, 1250);

	r.s.resent = 4 * r.s.targets - 1;
	rig_look(&r, 200, 1);
	assert_int_equal(asked.n, 10);
	r.s.resent++;
	rig_look(&r, 200, 1);
	assert_int_equal(asked.n, 10);
	assert_int_equal(r.scan.adapt.owed, 0);
}

/* What an outage costs is somebody else's. */
static void test_outage(void **state)
{
	struct rig r;

	(void)state;
	rig_start(&r);
	rig_look(&r, 100, 0);
	r.held = true;
	rig_look(&r, 100, 500);
	r.held = false;
	rig_look(&r, 1, 500); /* noticed when it was over */
	rig_look(&r, 100, 0);
	assert_int_equal(asked.n, 0);
	assert_int_equal(rate, 10000);
	rig_look(&r, 20, 1);
	assert_int_equal(asked.lost, 1);
	assert_true(rate < 10000);
}

static void test_not_wanted(void **state)
{
	struct rig r;

	(void)state;
	for (int i = 0; i < 2; i++) {
		rig_start(&r);
		r.job.adapt = i == 0 ? ADAPT_OFF : ADAPT_ON;
		r.scan.end = i == 0 ? END_COMPLETE : END_SIGNAL;
		rig_look(&r, 100, 500);
		assert_int_equal(asked.n, 0);
		assert_int_equal(rate, 10000);
		assert_int_equal(r.scan.adapt.owed, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_lost), cmocka_unit_test(test_a_moment),
		cmocka_unit_test(test_slow_answers), cmocka_unit_test(test_no_time_twice),
		cmocka_unit_test(test_no_end),	     cmocka_unit_test(test_outage),
		cmocka_unit_test(test_not_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
