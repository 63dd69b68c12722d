/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include "stats.h"

/* A scan that lost something everywhere, and whose books are in order. */
static const struct snapshot sound = {
	.phase = PHASE_DONE,
	.targets = 1000,
	.attempts = 3,
	.sent = 2900,
	.opted_out = 60,
	.gate_hits = 1,
	.not_reached = 39,
	.received = 480,
	.handed = 300,
	.ring_full = 20,
	.repeats = 80,
	.rejected = {[REJECT_ARP] = 10, [REJECT_COOKIE] = 50, [REJECT_LATE] = 40},
	.written = 270,
	.filtered_out = 30,
	.rx_missed = 5,
	.tx_dropped = 2,
	.first = {[STATE_OPEN] = 25},
};

static void check_fails(struct snapshot s, const char *text)
{
	char buf[256];
	const char *broken = stats_check(&s, true, buf, sizeof(buf));

	if (broken == NULL)
		fail_msg("holds, but should not: %s", text);
	else
		assert_string_equal(broken, text);
}

static void test_sound(void **state)
{
	char buf[256];

	(void)state;
	assert_null(stats_check(&sound, true, buf, sizeof(buf)));
	assert_null(stats_check(&sound, false, buf, sizeof(buf)));
	assert_null(stats_check(&(struct snapshot){0}, true, buf, sizeof(buf)));
}

static void test_each_equation_broken(void **state)
{
	struct snapshot s = sound;

	(void)state;
	s.not_reached--;
	check_fails(s, "targets * attempts = sent + opted_out + gate_hits + not_reached: "
		       "3000 is not 2900 + 60 + 1 + 38 = 2999");
	s = sound;
	s.received++;
	check_fails(s, "received = handed + repeats + rejected: "
		       "481 is not 300 + 80 + 100 = 480");
	s = sound;
	s.written--;
	check_fails(s, "handed = written + filtered_out + pending: "
		       "300 is not 269 + 30 + 0 = 299");
	s = sound;
	s.written--;
	s.pending++;
	check_fails(s, "pending = 0: 1 is not 0");
}

/* Each counter on either side of an equation counts: one more or less of any breaks it. */
static void test_every_term_counts(void **state)
{
	const size_t terms[] = {
		offsetof(struct snapshot, targets),   offsetof(struct snapshot, attempts),
		offsetof(struct snapshot, sent),      offsetof(struct snapshot, opted_out),
		offsetof(struct snapshot, gate_hits), offsetof(struct snapshot, not_reached),
		offsetof(struct snapshot, received),  offsetof(struct snapshot, handed),
		offsetof(struct snapshot, repeats),   offsetof(struct snapshot, filtered_out),
		offsetof(struct snapshot, written),   offsetof(struct snapshot, pending),
	};
	struct snapshot s;
	char buf[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(terms); i++) {
		s = sound;
		(*(uint64_t *)((char *)&s + terms[i]))++;
		assert_non_null(stats_check(&s, true, buf, sizeof(buf)));
	}
	for (int i = 0; i < REJECT_COUNT; i++) {
		s = sound;
		s.rejected[i]++;
		assert_non_null(stats_check(&s, true, buf, sizeof(buf)));
	}
}

static void test_while_running(void **state)
{
	struct snapshot s = sound;
	char buf[256];

	(void)state;
	s.not_reached = 0; /* not known yet */
	s.received += 64;  /* a burst that is being looked at */
	s.pending = 7;
	assert_null(stats_check(&s, false, buf, sizeof(buf)));
	s.sent = 2940;
	assert_string_equal(stats_check(&s, false, buf, sizeof(buf)),
			    "sent + opted_out + gate_hits <= targets * attempts: "
			    "3001 is more than 3000");
}

/* The text is cut, never the memory behind it. */
static void test_short_buffer(void **state)
{
	struct snapshot s = sound;
	char *buf;

	(void)state;
	s.sent = UINT64_MAX / 2;
	for (unsigned len = 1; len < 200; len++) {
		buf = malloc(len); /* a sanitizer sees the first byte beyond */
		assert_non_null(stats_check(&s, true, buf, len));
		assert_true(strlen(buf) < len);
		free(buf);
	}
}

static void test_derived(void **state)
{
	struct snapshot s = sound;

	(void)state;
	assert_int_equal(stats_probes(&s), 3000);
	assert_int_equal(stats_done(&s), 2961);
	assert_int_equal(stats_rejected(&s), 100);
	assert_int_equal(stats_missing(&s), 7);
	assert_int_equal(stats_lost(&s), 7);
	s.made_good = 5;
	assert_int_equal(stats_missing(&s), 7);
	assert_int_equal(stats_lost(&s), 2);
	s.made_good = 9; /* what is seen late */
	assert_int_equal(stats_lost(&s), 0);
	assert_float_equal(stats_percent(&s), 98.7, 1e-9);
	assert_float_equal(stats_hit_rate(&s), 2.5, 1e-9);

	s.sent = 500; /* within the first pass */
	assert_float_equal(stats_hit_rate(&s), 5, 1e-9);
	assert_float_equal(stats_hit_rate(&(struct snapshot){0}), 0, 0);
	assert_float_equal(stats_percent(&(struct snapshot){0}), 0, 0);

	s = (struct snapshot){.phase = PHASE_SENDING, .attempts = 255};
	s.targets = UINT64_C(1) << 48;
	s.sent = s.targets * 255;
	assert_float_equal(stats_percent(&s), 100, 0);
}

/* Whatever would be a success is none with a loss; what failed stays what it was. */
static void test_judge(void **state)
{
	static const enum scan_end successes[] = {END_COMPLETE, END_MAX_TARGETS, END_MAX_RESULTS,
						  END_MAX_RUNTIME};
	const size_t losses[] = {offsetof(struct snapshot, rx_missed),
				 offsetof(struct snapshot, tx_dropped)};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(successes); i++) {
		struct snapshot s = {0};

		assert_int_equal(scan_end_judge(successes[i], false, &s), successes[i]);
		for (size_t k = 0; k < ARRAY_LEN(losses); k++) {
			s = (struct snapshot){0};
			*(uint64_t *)((char *)&s + losses[k]) = 1;
			assert_int_equal(scan_end_judge(successes[i], false, &s), END_LOSS);
			assert_int_equal(scan_end_judge(successes[i], true, &s), END_LOSS);
			s.made_good = 1;
			assert_int_equal(scan_end_judge(successes[i], false, &s), successes[i]);
			(*(uint64_t *)((char *)&s + losses[1 - k]))++;
			assert_int_equal(scan_end_judge(successes[i], false, &s), END_LOSS);
		}
	}
	for (int end = END_SIGNAL; end <= END_DRY_RUN; end++)
		assert_int_equal(scan_end_judge((enum scan_end)end, true, &sound), end);
	assert_int_equal(scan_end_judge(END_COMPLETE, true, &(struct snapshot){0}),
			 END_MAX_TARGETS);
	assert_int_equal(scan_end_judge(END_MAX_RUNTIME, true, &(struct snapshot){0}),
			 END_MAX_RUNTIME);
	for (int limited = 0; limited < 2; limited++)
		assert_int_equal(
			scan_end_judge(END_COMPLETE, limited, &(struct snapshot){.built = 1}),
			END_DRY_RUN);
}

/* A thousandth of the answers may be slower. */
static void test_margin(void **state)
{
	struct snapshot s = {.first = {[STATE_OPEN] = 4000, [STATE_CLOSED] = 6000}};

	(void)state;
	assert_int_equal(stats_margin_ms(&(struct snapshot){0}), 16000);
	assert_int_equal(stats_margin_ms(&(struct snapshot){.elapsed = 15.9}), 16000);
	assert_int_equal(stats_margin_ms(&(struct snapshot){.elapsed = 16}), 1000);
	assert_int_equal(stats_margin_ms(&s), 1000);
	s.slow[3] = 4;
	s.slow[1] = 6;
	assert_int_equal(stats_margin_ms(&s), 1000);
	s.slow[0]++;
	assert_int_equal(stats_margin_ms(&s), 2000);
	s.slow[1]++;
	assert_int_equal(stats_margin_ms(&s), 4000);
	s.slow[2] += 7;
	assert_int_equal(stats_margin_ms(&s), 8000);
	s.slow[3] = 11;
	assert_int_equal(stats_margin_ms(&s), 16000);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(scan_phase_name(PHASE_STARTING), "starting");
	assert_string_equal(scan_phase_name(PHASE_SENDING), "sending");
	assert_string_equal(scan_phase_name(PHASE_COOLDOWN), "cooldown");
	assert_string_equal(scan_phase_name(PHASE_DONE), "done");
	assert_string_equal(scan_end_name(END_COMPLETE), "complete");
	assert_string_equal(scan_end_name(END_MAX_TARGETS), "max-targets");
	assert_string_equal(scan_end_name(END_MAX_RESULTS), "max-results");
	assert_string_equal(scan_end_name(END_MAX_RUNTIME), "max-runtime");
	for (int i = END_COMPLETE; i <= END_DRY_RUN; i++)
		assert_true(strlen(scan_end_name((enum scan_end)i)) > 3);
}

static void test_unsent(void **state)
{
	(void)state;
	assert_int_equal(stats_unsent(1000, 990), 10);
	assert_int_equal(stats_unsent(1000, 1000), 0);
	assert_int_equal(stats_unsent(1000, 1003), 0); /* others use the port, too */
	assert_int_equal(stats_unsent(1000, 0), 0);    /* no such counter */
	assert_int_equal(stats_unsent(0, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unsent),
		cmocka_unit_test(test_sound),
		cmocka_unit_test(test_each_equation_broken),
		cmocka_unit_test(test_every_term_counts),
		cmocka_unit_test(test_while_running),
		cmocka_unit_test(test_short_buffer),
		cmocka_unit_test(test_derived),
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_margin),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
