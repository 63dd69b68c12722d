/* SPDX-License-Identifier: BSD-3-Clause */

/* An output and who reads it: one who is slow, who leaves, who is waited for no longer, who is
 * there. */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "outputs.h"

static int open_fifo(void)
{
	int reader;

	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	assert_true(reader >= 0);
	return reader;
}

/* Reads until the writer has ended and the pipe is empty; counts lines. */
static unsigned drain_fifo(int reader, const struct output *out)
{
	static char buf[65536];
	unsigned lines = 0;
	ssize_t n;
	bool finished;

	do {
		finished = output_finished(out);
		n = read(reader, buf, sizeof(buf));
		if (n <= 0)
			poll(NULL, 0, 1);
		for (ssize_t i = 0; i < n; i++)
			lines += buf[i] == '\n';
	} while (n > 0 || !finished);
	return lines;
}

/* A consumer that stands still: the ring tells the senders, and nothing is lost. */
static void test_back_pressure(void **state)
{
	enum { N = 64 };
	struct output_conf conf = {.path = path, .filter = "ttl >= 0", .n_rings = 1};
	struct record *rec = some_records(N, 13);
	int reader = open_fifo();
	struct output *out = open_output(&conf);
	struct output_stats stats;
	unsigned n, total = 0;

	(void)state;
	assert_false(result_ring_high(output_ring(out, 0)));
	/* a full pipe, a full block, half a ring */
	WAIT_FOR((total += result_ring_put(output_ring(out, 0), rec, N),
		  result_ring_high(output_ring(out, 0))));
	do {
		n = result_ring_put(output_ring(out, 0), rec, N);
		total += n;
	} while (n == N);
	output_stats(out, &stats);
	assert_int_equal(stats.error, 0);
	assert_true(stats.written < total);

	output_finish(out);
	assert_int_equal(drain_fifo(reader, out), total);
	assert_int_equal(output_stop(out), 0);
	output_stats(out, &stats);
	assert_int_equal(stats.written, total);
	assert_false(result_ring_high(output_ring(out, 0)));
	output_destroy(out);
	close(reader);
	free(rec);
}

/* peal | head -1 */
static void test_reader_gone(void **state)
{
	struct output_conf conf = {.path = path, .filter = "ttl >= 0", .n_rings = 1};
	struct record *rec = some_records(1000, 14);
	int reader = open_fifo();
	struct output *out = open_output(&conf);
	struct output_stats stats;
	char first[10];

	(void)state;
	put(out, 0, rec, 1);
	WAIT_FOR(read(reader, first, sizeof(first)) == sizeof(first));
	assert_memory_equal(first, "{\"saddr\":\"", sizeof(first));
	close(reader);
	put(out, 0, rec, 1000);
	WAIT_FOR((output_stats(out, &stats), stats.error != 0));
	assert_int_equal(stats.error, -EPIPE);
	assert_int_equal(stats.written, 1);
	WAIT_FOR(output_finished(out));
	/* nobody takes any more, nobody is blocked */
	while (result_ring_put(output_ring(out, 0), rec, 64) != 0)
		;
	assert_int_equal(output_stop(out), -EPIPE);
	assert_int_equal(output_stop(out), -EPIPE);
	output_destroy(out);
	free(rec);
}

static void test_disk_full(void **state)
{
	struct output_conf conf = {.path = "/dev/full", .n_rings = 1};
	struct record *rec = some_records(1000, 15);
	struct output *out = open_output(&conf);
	struct output_stats stats;

	(void)state;
	put(out, 0, rec, 1000);
	WAIT_FOR((output_stats(out, &stats), stats.error != 0));
	assert_int_equal(stats.written, 0);
	assert_int_equal(output_stop(out), -ENOSPC);
	output_destroy(out);
	free(rec);
}

/* A person who does not want to wait for the reader any longer. */
static void test_abort(void **state)
{
	struct output_conf conf = {.path = path, .filter = "ttl >= 0", .n_rings = 1};
	struct record *rec = some_records(5000, 16);
	int reader = open_fifo();
	struct output *out = open_output(&conf);
	struct output_stats stats;
	double start;

	(void)state;
	assert_false(output_finished(out));
	put(out, 0, rec, 5000);
	output_finish(out);
	poll(NULL, 0, 200);
	assert_false(output_finished(out));
	start = seconds(CLOCK_MONOTONIC);
	output_abort(out);
	assert_int_equal(output_stop(out), -ECANCELED);
	assert_true(seconds(CLOCK_MONOTONIC) - start < 5);
	output_stats(out, &stats);
	assert_true(stats.written < 5000);
	assert_in_range(drain_fifo(reader, out), stats.written, 5000);
	output_destroy(out);
	close(reader);
	free(rec);
}

/* A lone record does not wait for company, and an idle writer does not burn a core. */
static void test_latency_and_idleness(void **state)
{
	struct output_conf conf = {.path = path, .format = "list", .n_rings = 2};
	struct record rec = {.saddr = 0xc0000207, .sport = 80};
	struct output *out = open_output(&conf);
	struct stat st;
	double start;

	(void)state;
	start = seconds(CLOCK_MONOTONIC);
	put(out, 1, &rec, 1);
	WAIT_FOR(stat(path, &st) == 0 && st.st_size != 0);
	if (seconds(CLOCK_MONOTONIC) - start > 2)
		fail_msg("took %.3f s", seconds(CLOCK_MONOTONIC) - start);

	start = seconds(CLOCK_PROCESS_CPUTIME_ID);
	poll(NULL, 0, 500);
	if (seconds(CLOCK_PROCESS_CPUTIME_ID) - start > 0.1)
		fail_msg("%.3f s of 0.5", seconds(CLOCK_PROCESS_CPUTIME_ID) - start);
	assert_int_equal(output_stop(out), 0);
	output_destroy(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_back_pressure, teardown),
		cmocka_unit_test_teardown(test_reader_gone, teardown),
		cmocka_unit_test_teardown(test_disk_full, teardown),
		cmocka_unit_test_teardown(test_abort, teardown),
		cmocka_unit_test_teardown(test_latency_and_idleness, teardown),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, setup_folder, teardown_folder);
}
