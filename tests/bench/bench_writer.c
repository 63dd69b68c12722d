/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * bench_writer [ROUNDS]: what the writer thread does in all, from the ring to /dev/null: records a
 * second of its processor time, in each format; and how long a single record takes to be written.
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench_records.h"
#include "output.h"

enum { RECORDS = 4096, BURST = 64, TURNS = 64, LATENCIES = 40 };

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Of all threads but this one. */
static double others_seconds(void)
{
	return seconds(CLOCK_PROCESS_CPUTIME_ID) - seconds(CLOCK_THREAD_CPUTIME_ID);
}

static void put_all(struct result_ring *ring, const struct record *rec, unsigned n)
{
	const struct timespec nap = {.tv_nsec = 100 * 1000};
	unsigned done = 0, want;

	while (done < n) {
		want = n - done < BURST ? n - done : BURST;
		want = result_ring_put(ring, rec + done, want);
		done += want;
		if (want == 0) /* leave the processor to the writer */
			nanosleep(&nap, NULL);
	}
}

static struct output *open_output(const char *format)
{
	const struct output_conf conf = {.path = "/dev/null", .format = format, .n_rings = 1};
	struct output *out;
	struct err err;

	if (output_create(&conf, &out, &err) < 0) {
		fprintf(stderr, "bench_writer: %s\n", err.text);
		exit(1);
	}
	if (output_start(out) < 0)
		exit(1);
	return out;
}

static void close_output(struct output *out)
{
	if (output_stop(out) < 0)
		exit(1);
	output_destroy(out);
}

static double writer_rate(const char *format, const struct record *rec)
{
	struct output *out = open_output(format);
	double start = others_seconds(), took;

	for (unsigned i = 0; i < TURNS; i++)
		put_all(output_ring(out, 0), rec, RECORDS);
	close_output(out);
	took = others_seconds() - start;
	return TURNS * RECORDS / took;
}

/* From the ring to the sink, a record at a time; the longest of some. */
static double writer_latency(const struct record *rec)
{
	const struct timespec nap = {.tv_nsec = 100 * 1000};
	struct output *out = open_output("ndjson");
	double longest = 0;

	for (unsigned i = 0; i < LATENCIES; i++) {
		double start = seconds(CLOCK_MONOTONIC), took;
		struct output_stats stats;

		put_all(output_ring(out, 0), rec + i, 1);
		do {
			nanosleep(&nap, NULL);
			output_stats(out, &stats);
		} while (stats.written <= i);
		took = seconds(CLOCK_MONOTONIC) - start;
		longest = took > longest ? took : longest;
	}
	close_output(out);
	return longest;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static const char *const formats[] = {"ndjson", "csv", "list"};
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 20;
	static struct record rec[RECORDS];
	double rate[100];

	if (rounds < 1 || rounds > 100) {
		fprintf(stderr, "usage: bench_writer [ROUNDS], 1 to 100 of them\n");
		return 64;
	}
	bench_records(rec, RECORDS);
	for (unsigned f = 0; f < sizeof(formats) / sizeof(formats[0]); f++) {
		for (unsigned long i = 0; i < rounds; i++)
			rate[i] = writer_rate(formats[f], rec);
		qsort(rate, rounds, sizeof(rate[0]), compare);
		printf("writer  %-7s  %6.2f M records/s (median %.2f)\n", formats[f],
		       rate[rounds - 1] / 1e6, rate[rounds / 2] / 1e6);
	}
	printf("writer  latency  %6.1f ms, the longest of %u single records\n",
	       writer_latency(rec) * 1e3, LATENCIES);
	return 0;
}
