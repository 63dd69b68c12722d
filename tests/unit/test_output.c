/* SPDX-License-Identifier: BSD-3-Clause */

/* The whole way, from the result rings to bytes in a file or pipe, through the front door. */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "encode.h"
#include "field.h"
#include "fieldset.h"
#include "output.h"
#include "records.h"
#include "schema.h"

extern char **environ;

static char folder[] = "/tmp/peal-output-XXXXXX";
static char path[64];

static int setup_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/out", folder);
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
	unlink(path);
	return 0;
}

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static struct output *open_output(const struct output_conf *conf)
{
	struct output *out;
	struct err err;

	if (output_create(conf, &out, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(output_start(out), 0);
	return out;
}

/* Puts all of them, waiting while the ring is full. */
static void put(struct output *out, unsigned ring, const struct record *rec, unsigned n)
{
	double deadline = seconds(CLOCK_MONOTONIC) + 60;

	for (unsigned done = 0; done < n;) {
		unsigned burst = n - done < 64 ? n - done : 64;

		burst = result_ring_put(output_ring(out, ring), rec + done, burst);
		done += burst;
		if (burst == 0)
			poll(NULL, 0, 1);
		assert_true(seconds(CLOCK_MONOTONIC) < deadline);
	}
}

/* A condition that another thread brings about, within ten seconds. */
#define WAIT_FOR(condition)                                                                        \
	do {                                                                                       \
		double deadline = seconds(CLOCK_MONOTONIC) + 10;                                   \
		while (!(condition)) {                                                             \
			poll(NULL, 0, 1);                                                          \
			assert_true(seconds(CLOCK_MONOTONIC) < deadline);                          \
		}                                                                                  \
	} while (0)

static struct record *some_records(unsigned n, uint64_t seed)
{
	struct record *rec = malloc(n * sizeof(*rec));

	assert_non_null(rec);
	for (unsigned i = 0; i < n; i++)
		rec[i] = record_random(&seed);
	return rec;
}

static char *read_file(size_t *len)
{
	FILE *file = fopen(path, "r");
	struct stat st;
	char *text;

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &st), 0);
	text = malloc((size_t)st.st_size + 1);
	assert_non_null(text);
	*len = fread(text, 1, (size_t)st.st_size, file);
	assert_int_equal(*len, st.st_size);
	text[*len] = '\0';
	fclose(file);
	return text;
}

static unsigned count_lines(void)
{
	size_t len;
	char *text = read_file(&len);
	unsigned n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	free(text);
	return n;
}

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

/* Killed at any byte, the file has at most one line that is not whole: the last. */
static void test_every_prefix(void **state)
{
	struct output_conf conf = {.path = path, .fields = "*", .n_rings = 1};
	struct record *rec = some_records(60, 17);
	struct output *out = open_output(&conf);
	size_t len, from;
	char *text;

	(void)state;
	put(out, 0, rec, 60);
	assert_int_equal(output_stop(out), 0);
	text = read_file(&len);
	for (size_t cut = 0; cut <= len; cut++) {
		const char *end = memrchr(text, '\n', cut);
		size_t whole = end == NULL ? 0 : (size_t)(end + 1 - text);
		json_t *torn = json_loadb(text + whole, cut - whole, 0, NULL);

		/* the tail is no object, unless only its line end is missing */
		assert_true(torn == NULL || text[cut] == '\n');
		json_decref(torn);
	}
	for (from = 0; from < len;) {
		char *end = memchr(text + from, '\n', len - from);
		json_t *line = json_loadb(text + from, (size_t)(end - text) - from, 0, NULL);

		assert_non_null(line);
		json_decref(line);
		from = (size_t)(end + 1 - text);
	}
	output_destroy(out);
	free(text);
	free(rec);
}

/* How many objects of all fields jq reads in the file; false where there is no jq. */
static bool jq_count(unsigned long *objects)
{
	char filter[] = "reduce (inputs | length) as $n (0; if $n == $all then . + 1 else . end)";
	char all[12], *argv[] = {"jq", "-n", "--argjson", "all", all, filter, path, NULL};
	posix_spawn_file_actions_t actions;
	char answer[32] = "";
	int pipes[2], status, rc;
	pid_t pid;

	snprintf(all, sizeof(all), "%u", n_fields);
	assert_int_equal(pipe(pipes), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], STDOUT_FILENO);
	rc = posix_spawnp(&pid, "jq", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(pipes[1]);
	if (rc == ENOENT) {
		close(pipes[0]);
		return false;
	}
	assert_int_equal(rc, 0);
	assert_true(read(pipes[0], answer, sizeof(answer) - 1) > 0);
	close(pipes[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	*objects = strtoul(answer, NULL, 10);
	return true;
}

/* Every line of the file, which has n, is an object that satisfies the schema. */
static void check_lines(const struct schema *schema, unsigned n)
{
	FILE *file = fopen(path, "r");
	char line[ENCODED_MAX];
	unsigned i;

	assert_non_null(file);
	for (i = 0; fgets(line, sizeof(line), file) != NULL; i++) {
		json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		const char *culprit = schema_check(schema, object);

		if (culprit != NULL)
			fail_msg("line %u: %s: %s", i + 1, culprit, line);
		json_decref(object);
	}
	fclose(file);
	assert_int_equal(i, n);
}

/* All fields, in files of 10^5: together they would be large. */
static void test_million_lines(void **state)
{
	enum { N = 100000, FILES = 10 };
	struct output_conf conf = {.path = path, .fields = "*", .filter = "ttl >= 0", .n_rings = 1};
	unsigned long objects;
	struct schema schema;

	(void)state;
	schema_load(&schema);
	for (unsigned i = 0; i < FILES; i++) {
		struct record *rec = some_records(N, 18 + i);
		struct output *out = open_output(&conf);
		struct output_stats stats;

		put(out, 0, rec, N);
		assert_int_equal(output_stop(out), 0);
		output_stats(out, &stats);
		assert_int_equal(stats.written, N);
		output_destroy(out);
		free(rec);
		check_lines(&schema, N);
		if (!jq_count(&objects))
			TEST_SKIP("jq is not installed");
		assert_int_equal(objects, N);
	}
	schema_fini(&schema);
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
		cmocka_unit_test_teardown(test_back_pressure, teardown),
		cmocka_unit_test_teardown(test_reader_gone, teardown),
		cmocka_unit_test_teardown(test_disk_full, teardown),
		cmocka_unit_test_teardown(test_abort, teardown),
		cmocka_unit_test_teardown(test_latency_and_idleness, teardown),
		cmocka_unit_test_teardown(test_every_prefix, teardown),
		cmocka_unit_test_teardown(test_refused, teardown),
		cmocka_unit_test_teardown(test_cannot_open, teardown),
		cmocka_unit_test_teardown(test_terminal, teardown),
		cmocka_unit_test_teardown(test_encoder_find, teardown),
		cmocka_unit_test_teardown(test_million_lines, teardown),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, setup_folder, teardown_folder);
}
