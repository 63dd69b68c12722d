/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include <pty.h>
#include <unistd.h>

#include "monitor.h"

/* Text that progress writes, caught in memory. */
struct capture {
	FILE *file;
	char *text;
	size_t len;
};

static void capture_start(struct capture *c)
{
	c->file = open_memstream(&c->text, &c->len);
	assert_non_null(c->file);
}

/* What was written since the last call. */
static const char *capture_take(struct capture *c)
{
	static char taken[4096];

	fflush(c->file);
	assert_true(c->len < sizeof(taken));
	memcpy(taken, c->text, c->len);
	taken[c->len] = '\0';
	rewind(c->file);
	return taken;
}

static void capture_stop(struct capture *c)
{
	fclose(c->file);
	free(c->text);
}

static struct snapshot running(double elapsed, uint64_t sent)
{
	return (struct snapshot){
		.phase = PHASE_SENDING,
		.elapsed = elapsed,
		.targets = 65536,
		.attempts = 3,
		.sent = sent,
		.received = sent / 10,
		.first = {[STATE_OPEN] = sent / 100,
			  [STATE_CLOSED] = sent / 50,
			  [STATE_FILTERED] = 7},
		.rate = 10000,
	};
}

static void test_terminal(void **state)
{
	struct capture c;
	struct progress p;
	struct snapshot s = running(0, 0);

	(void)state;
	capture_start(&c);
	progress_init(&p, true, false, false);
	s.first[STATE_FILTERED] = 0;
	progress_update(&p, &s, c.file);
	assert_string_equal(capture_take(&c), "\r  0.0%  -- left  sent 0, --  open 0 (0.00%), "
					      "closed 0, other 0\033[K");
	s = running(0.9, 9000); /* not yet a second */
	progress_update(&p, &s, c.file);
	assert_string_equal(capture_take(&c), "");
	s = running(1, 9980);
	progress_update(&p, &s, c.file);
	assert_string_equal(capture_take(&c),
			    "\r  5.1%  19s left  sent 9980, 9.98 kpps  open 99 (0.99%), "
			    "closed 199, other 7\033[K");
	s = running(2, 160000);
	s.paused = true;
	progress_update(&p, &s, c.file);
	assert_string_equal(capture_take(&c),
			    "\r 81.4%  2s left  sent 160k, paused for the output  "
			    "open 1600 (2.44%), closed 3200, other 7\033[K");
	s.elapsed = 3;
	s.phase = PHASE_COOLDOWN;
	s.cooldown_left = 6.7;
	progress_update(&p, &s, c.file);
	assert_string_equal(capture_take(&c),
			    "\r 81.4%  cooldown 7s  sent 160k  open 1600 (2.44%), closed 3200, "
			    "other 7\033[K");
	capture_stop(&c);
}

/* A dry run gets on, but sends nothing. */
static void test_dry_run(void **state)
{
	struct capture c;
	struct progress p;
	struct snapshot s = running(1, 0);

	(void)state;
	capture_start(&c);
	progress_init(&p, true, false, false);
	s.built = 9980;
	progress_update(&p, &s, c.file);
	assert_non_null(strstr(capture_take(&c), "  5.1%  19s left  built 9980, 9.98 kpps  open"));
	progress_end(&p, &s, "dry-run", c.file);
	assert_non_null(strstr(capture_take(&c), "built     9980 of 196"));
	capture_stop(&c);
}

static void test_losses_in_red(void **state)
{
	struct capture c;
	struct progress p;
	struct snapshot s = running(10, 65536);

	(void)state;
	capture_start(&c);
	s.rx_missed = 6;
	s.tx_dropped = 2;
	for (int color = 0; color < 2; color++) {
		progress_init(&p, true, color, false);
		progress_update(&p, &s, c.file);
		assert_non_null(strstr(capture_take(&c),
				       color ? "  \033[31mlost 8\033[0m  open" : "  lost 8  open"));
	}
	s.made_good = 8; /* all */
	progress_init(&p, true, true, false);
	progress_update(&p, &s, c.file);
	assert_non_null(strstr(capture_take(&c), "6.55 kpps  lost 8, sent again  open"));
	s.backoffs = 1;
	s.rate_now = 7700;
	progress_now(&p, &s, c.file);
	assert_non_null(strstr(capture_take(&c), "  lost 8, sent again  slowed to 7.70 kpps"));
	capture_stop(&c);
}

/* While it lasts, and what it has cost in the end. */
static void test_outage(void **state)
{
	struct snapshot s = running(10, 65536);
	struct capture c;
	struct progress p;

	(void)state;
	capture_start(&c);
	s.held = true;
	s.outages = 1;
	s.outage_ms = 1250;
	progress_init(&p, true, false, false);
	progress_update(&p, &s, c.file);
	assert_non_null(strstr(capture_take(&c), "  sent 65536, no way to the gateway  "));
	s.held = false;
	s.phase = PHASE_DONE;
	s.resent = 4096;
	progress_end(&p, &s, "complete", c.file);
	assert_non_null(strstr(capture_take(&c), "; 4096 sent again; 1 outage, 1.2 s\n"));
	s.outages = 20;
	progress_end(&p, &s, "complete", c.file);
	assert_non_null(strstr(capture_take(&c), "; 20 outages, 1.2 s\n"));
	capture_stop(&c);
}

/* What a terminal of so many columns is sent. */
static size_t draw_on(unsigned short columns, const struct snapshot *s, char *buf, size_t size)
{
	struct winsize window = {.ws_row = 24, .ws_col = columns};
	struct progress p;
	int outer, inner;
	ssize_t n;
	FILE *file;

	assert_int_equal(openpty(&outer, &inner, NULL, NULL, &window), 0);
	file = fdopen(inner, "w");
	assert_non_null(file);
	progress_init(&p, true, false, false);
	progress_update(&p, s, file);
	n = read(outer, buf, size - 1);
	assert_true(n > 0);
	buf[n] = '\0';
	fclose(file);
	close(outer);
	return (size_t)n - strlen("\r\033[K");
}

/* A narrow terminal gets less, never a line that wraps; what was lost stays as long as it can. */
static void test_narrow_terminal(void **state)
{
	struct snapshot s = running(10, 65536);
	char buf[256];

	(void)state;
	s.rx_missed = 5;
	for (unsigned short columns = 20; columns < 200; columns++)
		assert_true(draw_on(columns, &s, buf, sizeof(buf)) < columns);
	draw_on(80, &s, buf, sizeof(buf));
	assert_string_equal(buf, "\r 33.3%  20s left  sent 65536, 6.55 kpps  lost 5  "
				 "open 655 (1.00%)\033[K");
	draw_on(52, &s, buf, sizeof(buf));
	assert_string_equal(buf, "\r 33.3%  20s left  sent 65536, 6.55 kpps  lost 5\033[K");
}

static void test_plain_lines(void **state)
{
	struct capture c;
	struct progress p;
	struct snapshot s;
	const char *text;
	int lines = 0;

	(void)state;
	capture_start(&c);
	progress_init(&p, false, false, false);
	for (int tenth = 0; tenth <= 600; tenth++) {
		s = running(tenth / 10.0, (uint64_t)tenth * 300);
		progress_update(&p, &s, c.file);
		text = capture_take(&c);
		if (*text == '\0')
			continue;
		lines++;
		assert_null(strpbrk(text, "\r\033"));
		assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
		assert_non_null(strstr(text, "3.00 kpps"));
	}
	assert_int_equal(lines, 6);
	capture_stop(&c);
}

static void test_quiet(void **state)
{
	struct capture c;
	struct progress p;
	struct snapshot s;

	(void)state;
	capture_start(&c);
	progress_init(&p, true, true, true);
	for (int second = 0; second < 30; second++) {
		s = running(second, 1000);
		progress_update(&p, &s, c.file);
	}
	progress_end(&p, &s, "complete", c.file);
	assert_string_equal(capture_take(&c), "");
	progress_now(&p, &s, c.file); /* was asked for by a signal */
	assert_non_null(strstr(capture_take(&c), "sent 1000"));
	capture_stop(&c);
}

/* USR1 on a terminal: the line stays, and the next is drawn below it. */
static void test_now(void **state)
{
	struct capture c;
	struct progress p;
	struct snapshot s = running(1, 10000);
	const char *text;

	(void)state;
	capture_start(&c);
	progress_init(&p, true, false, false);
	progress_update(&p, &s, c.file);
	capture_take(&c);
	progress_now(&p, &s, c.file);
	text = capture_take(&c);
	assert_int_equal(text[0], '\r');
	assert_int_equal(text[strlen(text) - 1], '\n');
	assert_non_null(
		strstr(text, "10.0 kpps")); /* the rate of the last reading: no time passed */
	s.elapsed = 1.1;
	progress_update(&p, &s, c.file);
	assert_int_equal(capture_take(&c)[0], '\r');
	capture_stop(&c);
}

/* Whatever the counters and the clock do: one line, at most 100 columns, never a negative time. */
static void test_any_numbers(void **state)
{
	const uint64_t numbers[] = {0, 1, 99999, UINT64_C(1) << 48, UINT64_C(255) << 48};
	struct capture c;
	struct progress p;
	struct snapshot s;
	uint64_t seed = 7;
	const char *text;

	(void)state;
	capture_start(&c);
	progress_init(&p, false, true, false);
	for (int i = 0; i < 20000; i++) {
		uint64_t *counter = (uint64_t *)&s.targets;

		s = (struct snapshot){.phase = (enum scan_phase)(test_random(&seed) % PHASE_DONE)};
		for (; counter < (uint64_t *)&s.truth_known; counter++)
			*counter = numbers[test_random(&seed) % ARRAY_LEN(numbers)];
		s.attempts = test_random(&seed) % 255 + 1;
		s.targets = test_random(&seed) >> (16 + test_random(&seed) % 48);
		s.elapsed = (double)(test_random(&seed) % 1000000);
		s.cooldown_left = (double)(test_random(&seed) % 100) - 50;
		s.paused = test_random(&seed) % 2;
		progress_now(&p, &s, c.file);
		text = capture_take(&c);
		assert_null(strstr(text, " -1"));
		assert_null(strstr(text, "nan"));
		assert_null(strstr(text, "inf"));
		assert_true(strlen(text) <= 100 + 1 + (strstr(text, "\033[0m") ? 9 : 0));
	}
	capture_stop(&c);
}

/* The time left follows a steady rate, and does not jump with a second's hiccup. */
static void test_time_left(void **state)
{
	struct capture c;
	struct progress p;
	struct snapshot s;
	uint64_t sent = 0;

	(void)state;
	capture_start(&c);
	progress_init(&p, true, false, false);
	for (int second = 0; second <= 30; second++) {
		s = running(second, sent);
		s.targets = 1000000;
		s.attempts = 1;
		capture_take(&c);
		progress_update(&p, &s, c.file);
		if (second != 29)
			sent += 10000; /* in the last second nothing was sent */
	}
	assert_non_null(strstr(capture_take(&c), " 29.0%  1m18s left  sent 290k, 0.00 pps"));
	capture_stop(&c);
}

static void test_end(void **state)
{
	struct capture c;
	struct progress p;
	struct snapshot s = running(27.7, 196608);

	(void)state;
	capture_start(&c);
	s.phase = PHASE_DONE;
	s.send_seconds = 19.7;
	s.excluded = 12;
	s.yield[0] = 5000;
	s.yield[1] = 900;
	s.yield[2] = 5;
	s.written = 5905;
	progress_init(&p, true, true, false);
	p.drawn = true;
	progress_end(&p, &s, "complete", c.file);
	assert_string_equal(capture_take(&c),
			    "\n"
			    "targets   65536, 12 excluded\n"
			    "sent      196608 of 196608 probes in 20s, 9.98 kpps\n"
			    "answers   open 1966, closed 3932, unreachable 0, filtered 7; "
			    "hit rate 3.00%\n"
			    "yield     attempt 1: 5000, attempt 2: 900, attempt 3: 5\n"
			    "written   5905 records; nothing lost\n"
			    "end       complete\n");

	s.sent = 100000;
	s.opted_out = 10;
	s.gate_hits = 1;
	s.control_lost = 5;
	s.filtered_out = 3;
	s.rx_missed = 1;
	s.tx_dropped = 2;
	s.truth_known = true;
	s.truly_open = 1970;
	s.sampled = 64;
	s.sample_again = 20;
	s.sample_both = 19;
	progress_end(&p, &s, "gate", c.file);
	assert_string_equal(
		capture_take(&c),
		"targets   65536, 12 excluded\n"
		"sent      100000 of 196608 probes in 20s, 5.08 kpps; 10 opted out meanwhile; "
		"1 stopped by the gate; 5 RSTs or ARP answers not sent\n"
		"answers   open 1966, closed 3932, unreachable 0, filtered 7; hit rate 3.00%\n"
		"yield     attempt 1: 5000, attempt 2: 900, attempt 3: 5\n"
		"coverage  95.00% (68.17 to 99.41%): of 64 sampled, 20 answered, 19 of them "
		"before\n"
		"truth     1970 of the targets probed are open, 1966 found\n"
		"written   5905 records, 3 filtered out; "
		"\033[31mlost 3, rx_missed 1, tx_dropped 2\033[0m\n"
		"end       gate\n");

	capture_stop(&c);
}

static const char *end_of(struct capture *c, const struct snapshot *s, bool color)
{
	struct progress p;

	progress_init(&p, true, color, false);
	progress_end(&p, s, "signal", c->file);
	return capture_take(c);
}

/* What was lost, and what became of it. */
static void test_end_lost(void **state)
{
	struct snapshot s = running(27.7, 196608);
	struct capture c;
	const char *text;

	(void)state;
	capture_start(&c);
	s.phase = PHASE_DONE;
	s.rx_missed = 2;
	s.tx_dropped = 1;
	s.made_good = 1;
	assert_non_null(strstr(end_of(&c, &s, true), "; \033[31mlost 3, rx_missed 2, tx_dropped 1, "
						     "not sent again for 2 of them\033[0m\nend"));
	s.made_good = 3;
	s.resent = 500;
	s.backoffs = 2;
	s.rate_now = UINT64_MAX;
	text = end_of(&c, &s, true);
	assert_non_null(strstr(text, " probes; 500 sent again\n"));
	assert_non_null(strstr(text, "; lost 3, rx_missed 2, tx_dropped 1, what was sent then was "
				     "sent again\nslowed    2 times by losses, in the end to no "
				     "limit\nend"));
	s.backoffs = 1;
	s.rate_now = 7000;
	assert_non_null(strstr(end_of(&c, &s, true), "\nslowed    1 time by losses, in the end to "
						     "7.00 kpps\nend"));
	s = running(27.7, 196608);
	s.phase = PHASE_DONE;
	s.pending = 17;
	assert_non_null(
		strstr(end_of(&c, &s, false), "; 17 more could not be\nend       signal\n"));
	capture_stop(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_dry_run),
		cmocka_unit_test(test_losses_in_red),
		cmocka_unit_test(test_outage),
		cmocka_unit_test(test_narrow_terminal),
		cmocka_unit_test(test_plain_lines),
		cmocka_unit_test(test_quiet),
		cmocka_unit_test(test_now),
		cmocka_unit_test(test_any_numbers),
		cmocka_unit_test(test_time_left),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_end_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
