/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * An output that is gone on with: whatever a format wrote is read back, a torn tail is cut wherever
 * it was torn, what is damaged is cut or refused, and the end is as if nothing had happened.
 */

#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"
#include "records.h"

enum { N = 60, WHOLE = 1 << 18 };

static char folder[] = "/tmp/peal-replay-XXXXXX";
static char path[64];
static struct record records[N];

static int setup_folder(void **state)
{
	uint64_t seed = 3;

	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/out", folder);
	for (unsigned i = 0; i < N; i++) {
		records[i] = record_random(&seed);
		records[i].flags &= (uint8_t)~RECORD_REPEAT;
	}
	return 0;
}

static int teardown_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static const struct {
	const char *format, *fields;
} kinds[] = {
	{"ndjson", NULL},
	{"ndjson", "*"},
	{"ndjson", "state,daddr,dport,sport,icmp_responder,saddr"},
	{"csv", NULL},
	{"csv", "*"},
	{"csv", "sport,state,saddr"},
	{"list", NULL},
};

static struct output_conf conf_of(unsigned kind, bool go_on)
{
	return (struct output_conf){
		.path = path,
		.format = kinds[kind].format,
		.fields = kinds[kind].fields,
		.n_rings = 1,
		.again = true,
		.go_on = go_on,
	};
}

static size_t read_file(char *text)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, text, WHOLE);

	close(fd);
	assert_in_range(n, 0, WHOLE - 1);
	return (size_t)n;
}

static void write_file(const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, text, len), len);
	close(fd);
}

static void put(struct output *out, unsigned first)
{
	assert_int_equal(output_start(out), 0);
	while (first < N)
		first += result_ring_put(output_ring(out, 0), &records[first], N - first);
	assert_int_equal(output_stop(out), 0);
}

/* What a run that nothing happens to writes. */
static size_t undisturbed(unsigned kind, char *text)
{
	struct output_conf conf = conf_of(kind, false);
	struct output *out;
	struct err err;

	assert_int_equal(output_create(&conf, &out, &err), 0);
	put(out, 0);
	output_destroy(out);
	return read_file(text);
}

static void seen(void *ctx, const struct record *rec, unsigned n)
{
	unsigned *at = ctx;

	for (unsigned i = 0; i < n; i++, (*at)++) {
		assert_int_equal(rec[i].saddr, records[*at].saddr);
		assert_int_equal(rec[i].sport, records[*at].sport);
		assert_int_equal(rec[i].state, records[*at].state);
	}
}

/* Goes on with what is there: records that are known, or -1 with *err. */
static int go_on(unsigned kind, uint64_t durable, struct err *err)
{
	struct output_conf conf = conf_of(kind, true);
	struct output *out;
	uint64_t lines = 0;
	unsigned at = 0;
	int rc;

	assert_int_equal(output_create(&conf, &out, err), 0);
	rc = output_replay(out, durable, seen, &at, &lines, err);
	if (rc == 0) {
		assert_int_equal(at, lines);
		put(out, at);
	}
	output_destroy(out);
	return rc == 0 ? (int)at : -1;
}

static unsigned records_in(unsigned kind, const char *text, size_t len)
{
	unsigned lines = 0;

	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	return lines - (strcmp(kinds[kind].format, "csv") == 0 && lines != 0);
}

static void test_torn_anywhere(void **state)
{
	static char want[WHOLE], got[WHOLE];
	struct err err;

	(void)state;
	for (unsigned kind = 0; kind < ARRAY_LEN(kinds); kind++) {
		size_t len = undisturbed(kind, want);

		for (size_t cut = 0; cut <= len; cut += cut + 120 < len ? 211 : 3) {
			unsigned there = records_in(kind, want, cut);

			write_file(want, cut);
			assert_int_equal(go_on(kind, there, &err), there);
			assert_int_equal(read_file(got), len);
			assert_memory_equal(got, want, len);
		}
	}
}

/* A line that is none: cut with all behind it, unless it was surely written before. */
static void test_damaged(void **state)
{
	static char want[WHOLE], got[WHOLE];
	struct err err;

	(void)state;
	for (unsigned kind = 0; kind < ARRAY_LEN(kinds); kind++) {
		size_t len = undisturbed(kind, want), line = len / 2;
		unsigned good;

		while (want[line - 1] != '\n')
			line--;
		good = records_in(kind, want, line);
		memcpy(got, want, len);
		got[line] = '\0';
		write_file(got, len);
		assert_int_equal(go_on(kind, good + 1, &err), -1);
		assert_int_equal(err.code, EXIT_INPUT);
		assert_int_equal(read_file(got), len);
		assert_int_equal(go_on(kind, good, &err), good);
		assert_int_equal(read_file(got), len);
		assert_memory_equal(got, want, len);
	}
}

static void test_others(void **state)
{
	struct err err;

	(void)state;
	for (unsigned kind = 0; kind < ARRAY_LEN(kinds); kind++) {
		write_file("#!/bin/sh\n", 10);
		assert_int_equal(go_on(kind, 1, &err), -1);
		assert_int_equal(err.code, EXIT_INPUT);
	}
	unlink(path);
	assert_int_equal(go_on(0, 1, &err), -1);
	assert_int_equal(err.code, EXIT_INPUT);
}

static void test_max_results(void **state)
{
	struct output_conf conf = conf_of(0, true);
	static char text[WHOLE];
	struct output_stats stats;
	struct output *out;
	uint64_t lines;
	unsigned at = 0;
	struct err err;

	(void)state;
	undisturbed(0, text);
	conf.max_results = N;
	assert_int_equal(output_create(&conf, &out, &err), 0);
	assert_int_equal(output_replay(out, 0, seen, &at, &lines, &err), 0);
	assert_int_equal(output_start(out), 0);
	result_ring_put(output_ring(out, 0), records, 10);
	do {
		assert_int_equal(output_sync(out, &stats), 0);
	} while (stats.filtered_out < 10);
	assert_true(stats.full && stats.written == 0 && stats.filtered_out == 10);
	assert_int_equal(output_stop(out), 0);
	output_destroy(out);
}

static void test_fields(void **state)
{
	static const char *const lacking[] = {"saddr,sport", "sport,state", "saddr,state", "ttl"};
	struct err err;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(lacking); i++) {
		struct output_conf conf = conf_of(0, false);

		conf.fields = lacking[i];
		assert_true(output_check(&conf, &err) < 0);
		assert_int_equal(err.code, EXIT_USAGE);
		assert_non_null(strstr(err.text, "--state-dir"));
	}
	write_file("", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_torn_anywhere, teardown),
		cmocka_unit_test_teardown(test_damaged, teardown),
		cmocka_unit_test_teardown(test_others, teardown),
		cmocka_unit_test_teardown(test_max_results, teardown),
		cmocka_unit_test_teardown(test_fields, teardown),
	};

	return cmocka_run_group_tests(tests, setup_folder, teardown_folder);
}
