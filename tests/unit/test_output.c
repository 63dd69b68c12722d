/* SPDX-License-Identifier: BSD-3-Clause */

/* The whole way, from the result rings to bytes in a file, through the front door. */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "encode.h"
#include "fieldset.h"
#include "outputs.h"

/* One ring: every byte is the encoder's, in order; the counters add up. */
static void test_bytes(void **state)
{
	enum { N = 200000 };
	struct output_conf conf = {.path = path, .format = "csv", .fields = "*", .n_rings = 1};
	struct record *rec = some_records(N, 10);
	struct output *out = open_output(&conf);
	uint64_t written = 0, states[STATE_COUNT] = {0};
	char *text, *at, line[ENCODED_MAX];
	struct output_stats stats;
	struct fieldset *set;
	struct err err;
	size_t len;

	(void)state;
	put(out, 0, rec, N);
	assert_int_equal(output_stop(out), 0);
	output_stats(out, &stats);
	at = text = read_file(&len);
	assert_int_equal(fieldset_create("*", &set, &err), 0);
	len = encode_csv.begin(set, line);
	assert_memory_equal(at, line, len);
	at += len;
	for (unsigned i = 0; i < N; i++) {
		if (rec[i].flags & RECORD_REPEAT)
			continue;
		len = encode_csv.record(set, &rec[i], line);
		assert_memory_equal(at, line, len);
		at += len;
		written++;
		states[rec[i].state]++;
	}
	assert_int_equal(*at, '\0');
	assert_int_equal(stats.taken, N);
	assert_int_equal(stats.written, written);
	assert_int_equal(stats.filtered_out, N - written);
	assert_int_equal(stats.repeats, 0);
	assert_memory_equal(stats.state, states, sizeof(states));
	assert_int_equal(stats.error, 0);
	assert_false(stats.full);
	fieldset_destroy(set);
	output_destroy(out);
	free(text);
	free(rec);
}

/* Several rings are all served; repeats pass when the filter wants them. */
static void test_rings(void **state)
{
	enum { N = 30000, RINGS = 3 };
	struct output_conf conf = {
		.path = path, .fields = "dport", .filter = "ttl >= 0", .n_rings = RINGS};
	struct record *rec = some_records(N, 11);
	struct output *out = open_output(&conf);
	struct output_stats stats;
	unsigned repeats = 0;

	(void)state;
	for (unsigned i = 0; i < N; i++)
		repeats += (rec[i].flags & RECORD_REPEAT) != 0;
	assert_true(repeats > 0);
	assert_true(output_wants_repeats(out));
	for (unsigned i = 0; i < N; i += 100)
		for (unsigned ring = 0; ring < RINGS; ring++)
			put(out, ring, rec + i, 100);
	assert_int_equal(output_stop(out), 0);
	output_stats(out, &stats);
	assert_int_equal(stats.written, RINGS * N);
	assert_int_equal(stats.repeats, RINGS * repeats);
	assert_int_equal(count_lines(), RINGS * N);
	output_destroy(out);
	free(rec);
}

static void test_max_results(void **state)
{
	static const unsigned limits[] = {1, 63, 64, 65, 5000};
	struct record *rec = some_records(20000, 12);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		struct output_conf conf = {.path = path, .max_results = limits[i], .n_rings = 2};
		struct output *out = open_output(&conf);
		struct output_stats stats;

		put(out, 0, rec, 20000);
		put(out, 1, rec, 20000);
		WAIT_FOR((output_stats(out, &stats), stats.full));
		assert_int_equal(stats.written, limits[i]);
		assert_int_equal(output_stop(out), 0);
		output_stats(out, &stats);
		assert_int_equal(stats.written, limits[i]);
		assert_int_equal(stats.taken, 40000);
		assert_int_equal(stats.filtered_out, 40000 - limits[i]);
		assert_int_equal(count_lines(), limits[i]);
		output_destroy(out);
	}
	free(rec);
}

static void test_refused(void **state)
{
	static const struct {
		struct output_conf conf;
		const char *message;
	} rows[] = {
		{{.format = "xml"}, "--format: no format \"xml\"; there are ndjson, csv and list"},
		{{.format = ""}, "--format: no format \"\""},
		{{.format = "list", .fields = "saddr"}, "--format list has no choice of fields"},
		{{.fields = "sadr"}, "--fields: no field \"sadr\""},
		{{.filter = "success"}, "--filter: column 8"},
		{{.filter = "", .open_only = true}, "--filter: column 1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct output_conf conf = rows[i].conf;
		struct output *out;
		struct err err;

		assert_int_equal(output_check(&conf, &err), -EINVAL);
		assert_int_equal(err.code, EXIT_USAGE);
		if (strstr(err.text, rows[i].message) == NULL)
			fail_msg("%s", err.text);
		/* a file is not touched for a scan that cannot start */
		conf.path = path;
		conf.n_rings = 1;
		assert_int_equal(output_create(&conf, &out, &err), -EINVAL);
		assert_null(out);
		assert_int_equal(access(path, F_OK), -1);
	}
	assert_int_equal(output_check(&(struct output_conf){.open_only = true}, NULL), 0);
}

static void test_cannot_open(void **state)
{
	struct output_conf conf = {.path = "/nonexistent/out", .n_rings = 1};
	struct output *out;
	struct err err;

	(void)state;
	assert_int_equal(output_create(&conf, &out, &err), -EINVAL);
	assert_int_equal(err.code, EXIT_OUTPUT);
	assert_non_null(strstr(err.text, "/nonexistent/out: No such file or directory"));
}

/* What a scan without -o and with these options shows on a terminal. */
static void on_terminal(struct output_conf conf, char *shown, size_t size)
{
	struct record rec = {.saddr = 0xc0000207, .sport = 80};
	int stdout_copy = dup(STDOUT_FILENO), master = posix_openpt(O_RDWR | O_NOCTTY), slave;
	struct output *out;
	ssize_t n;

	assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	fflush(stdout);
	dup2(slave, STDOUT_FILENO);
	out = open_output(&conf);
	dup2(stdout_copy, STDOUT_FILENO);
	put(out, 0, &rec, 1);
	assert_int_equal(output_stop(out), 0);
	output_destroy(out);
	n = read(master, shown, size - 1);
	assert_true(n > 0);
	shown[n] = '\0';
	close(slave);
	close(master);
	close(stdout_copy);
}

static void test_terminal(void **state)
{
	char shown[200];

	(void)state;
	on_terminal((struct output_conf){.n_rings = 1}, shown, sizeof(shown));
	assert_string_equal(shown, "192.0.2.7:80\topen\r\n");
	on_terminal((struct output_conf){.path = "-", .n_rings = 1}, shown, sizeof(shown));
	assert_string_equal(shown, "192.0.2.7:80\topen\r\n");
	on_terminal((struct output_conf){.n_rings = 1, .fields = "sport"}, shown, sizeof(shown));
	assert_string_equal(shown, "{\"sport\":80}\r\n");
	on_terminal((struct output_conf){.n_rings = 1, .format = "csv", .fields = "sport"}, shown,
		    sizeof(shown));
	assert_string_equal(shown, "sport\r\n80\r\n");
}

static void test_encoder_find(void **state)
{
	(void)state;
	assert_ptr_equal(encoder_find("ndjson"), &encode_ndjson);
	assert_ptr_equal(encoder_find("csv"), &encode_csv);
	assert_ptr_equal(encoder_find("list"), &encode_list);
	assert_null(encoder_find("json"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_bytes, teardown),
		cmocka_unit_test_teardown(test_rings, teardown),
		cmocka_unit_test_teardown(test_max_results, teardown),
		cmocka_unit_test_teardown(test_refused, teardown),
		cmocka_unit_test_teardown(test_cannot_open, teardown),
		cmocka_unit_test_teardown(test_terminal, teardown),
		cmocka_unit_test_teardown(test_encoder_find, teardown),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, setup_folder, teardown_folder);
}
