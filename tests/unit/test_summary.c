/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor.h"

static char dir[] = "/tmp/peal-test-summary-XXXXXX";
static struct job job;

static int setup(void **state)
{
	static char *argv[] = {(char *)"198.18.0.0/16", (char *)"-p", (char *)"80", (char *)"-i",
			       (char *)"sim",		(char *)"-e", (char *)"7"};
	struct err err;

	(void)state;
	if (job_parse(&job, ARRAY_LEN(argv), argv, CMD_SCAN, &err) < 0) {
		print_error("%s\n", err.text);
		return -1;
	}
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	job_fini(&job);
	return rmdir(dir);
}

static struct summary_meta meta_of(void)
{
	static const struct coverage coverage = {
		.again = 200,
		.both = 190,
		.step = {{.rate = 10000, .again = 150, .both = 150},
			 {.rate = RATE_MAX, .again = 50, .both = 40}},
		.n_steps = 2,
	};

	return (struct summary_meta){
		.job = &job,
		.coverage = &coverage,
		.isa = "aes-ni",
		.device = "sim",
		.exit_reason = "max-runtime",
		.started = 1790000000,
		.ended = 1790000010.25,
	};
}

static const struct snapshot stopped = {
	.phase = PHASE_DONE,
	.send_seconds = 2.5,
	.targets = 1000,
	.excluded = 24,
	.attempts = 2,
	.sent = 1500,
	.resent = 11,
	.outages = 3,
	.outage_ms = 2250,
	.opted_out = 100,
	.not_reached = 400,
	.received = 500,
	.repeats = 20,
	.repeats_written = 3,
	.handed = 450,
	.ring_full = 5,
	.rx_missed = 6,
	.rx_errors = 13,
	.tx_dropped = 7,
	.filtered_out = 50,
	.written = 400,
	.control = 9,
	.control_lost = 8,
	.prefix_peak = 12,
	.rejected = {[REJECT_COOKIE] = 25},
	.first = {10, 20, 30, 40},
	.yield = {90, 10},
};

static json_t *parse(const struct summary_meta *meta, const struct snapshot *s)
{
	char *text = summary_to_json(meta, s);
	json_error_t error;
	json_t *object;

	assert_non_null(text);
	object = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	assert_non_null(object);
	free(text);
	return object;
}

static void check_string(json_t *object, const char *key, const char *expected)
{
	const char *value = json_string_value(json_object_get(object, key));

	if (value == NULL)
		fail_msg("no string %s", key);
	else
		assert_string_equal(value, expected);
}

static void test_keys(void **state)
{
	static const struct {
		const char *key;
		json_int_t value;
	} numbers[] = {
		{"targets", 1000},    {"excluded", 24},	      {"sent", 1500},
		{"not_reached", 400}, {"opted_out", 100},     {"attempts", 2},
		{"tx_dropped", 7},    {"received", 500},      {"records", 400},
		{"repeats", 20},      {"repeats_written", 3}, {"open", 10},
		{"closed", 20},	      {"unreachable", 30},    {"filtered", 40},
		{"filtered_out", 50}, {"rx_missed", 6},	      {"ring_full", 5},
		{"written", 400},     {"resent", 11},	      {"gate_hits", 0},
		{"control", 9},	      {"control_lost", 8},    {"seed", 7},
		{"rx_errors", 13},    {"outages", 3},
	};
	struct summary_meta meta = meta_of();
	json_t *object = parse(&meta, &stopped), *rejected, *yield;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		if (!json_is_integer(json_object_get(object, numbers[i].key)))
			fail_msg("no integer %s", numbers[i].key);
		assert_int_equal(json_integer_value(json_object_get(object, numbers[i].key)),
				 numbers[i].value);
	}
	check_string(object, "version", PEAL_VERSION);
	check_string(object, "isa", "aes-ni");
	check_string(object, "device", "sim");
	check_string(object, "started", "2026-09-21T14:13:20.000Z");
	check_string(object, "ended", "2026-09-21T14:13:30.250Z");
	check_string(object, "exit_reason", "max-runtime");
	assert_float_equal(json_real_value(json_object_get(object, "send_seconds")), 2.5, 0);
	assert_float_equal(json_real_value(json_object_get(object, "outage_seconds")), 2.25, 0);
	assert_float_equal(json_real_value(json_object_get(object, "hit_rate")), 1, 1e-9);
	assert_true(json_is_false(json_object_get(object, "complete")));
	assert_true(json_is_null(json_object_get(object, "truth")));
	assert_true(json_is_null(json_object_get(object, "prefix_peak")));
	assert_true(json_is_null(json_object_get(object, "contact")));
	assert_true(json_is_null(json_object_get(object, "purpose")));
	assert_true(json_is_object(json_object_get(object, "job")));
	yield = json_object_get(object, "yield");
	assert_int_equal(json_array_size(yield), 2);
	assert_int_equal(json_integer_value(json_array_get(yield, 0)), 90);
	assert_int_equal(json_integer_value(json_array_get(yield, 1)), 10);
	rejected = json_object_get(object, "rejected");
	assert_int_equal(json_object_size(rejected), REJECT_COUNT);
	assert_int_equal(json_integer_value(json_object_get(rejected, "wrong_cookie")), 25);
	assert_int_equal(json_integer_value(json_object_get(rejected, "arp")), 0);
	json_decref(object);
}

static void test_device_counters(void **state)
{
	static struct io_counter counters[] = {{"rx_q0_packets", 3}, {"tx_q1_packets", 4}};
	struct summary_meta meta = meta_of();
	struct snapshot s = stopped;
	json_t *object, *device;

	(void)state;
	s.n_devices = 2;
	s.device[0] = (struct device_count){.name = "null"};
	s.device[1] = (struct device_count){
		.name = "sim", .sent = 7, .rx_missed = 2, .taken = 9, .unsent = 1};
	meta.counters[1] = counters;
	meta.n_counters[1] = 2;
	object = parse(&meta, &s);
	assert_int_equal(json_array_size(json_object_get(object, "devices")), 2);
	device = json_array_get(json_object_get(object, "devices"), 1);
	check_string(device, "device", "sim");
	assert_int_equal(json_integer_value(json_object_get(device, "sent")), 7);
	assert_int_equal(json_integer_value(json_object_get(device, "rx_missed")), 2);
	assert_int_equal(json_integer_value(json_object_get(device, "tx_taken")), 9);
	assert_int_equal(json_integer_value(json_object_get(device, "tx_unsent")), 1);
	device = json_object_get(json_object_get(object, "device_counters"), "sim");
	assert_int_equal(json_object_size(device), 2);
	assert_int_equal(json_integer_value(json_object_get(device, "rx_q0_packets")), 3);
	assert_int_equal(json_integer_value(json_object_get(device, "tx_q1_packets")), 4);
	json_decref(object);
}

static void test_truth_and_people(void **state)
{
	struct summary_meta meta = meta_of();
	struct snapshot s = stopped;
	struct job signed_job = job;
	json_t *object, *truth;

	(void)state;
	s.truth_known = true;
	s.truly_open = 12;
	signed_job.contact = "noc@example.org \"quoted\"\n";
	signed_job.purpose = "a survey";
	signed_job.prefix_rate = 100;
	meta.job = &signed_job;
	meta.complete = true;
	object = parse(&meta, &s);
	truth = json_object_get(object, "truth");
	assert_int_equal(json_integer_value(json_object_get(truth, "open")), 12);
	assert_int_equal(json_integer_value(json_object_get(truth, "found")), 10);
	assert_int_equal(json_integer_value(json_object_get(object, "prefix_peak")), 12);
	assert_true(json_is_true(json_object_get(object, "complete")));
	check_string(object, "contact", "noc@example.org \"quoted\"\n");
	check_string(object, "purpose", "a survey");
	json_decref(object);
}

/* The seed is as the job prints it, so that it reads back whatever reads it. */
static void test_seed(void **state)
{
	struct summary_meta meta = meta_of();
	struct job large = job, drawn = job;
	struct err err;
	json_t *object;

	(void)state;
	large.seed = UINT64_MAX;
	meta.job = &large;
	object = parse(&meta, &stopped);
	check_string(object, "seed", "18446744073709551615");
	check_string(json_object_get(object, "job"), "seed", "18446744073709551615");
	json_decref(object);

	meta.job = &drawn;
	for (int i = 0; i < 100; i++) {
		drawn.seed_given = false;
		assert_int_equal(job_draw_seed(&drawn, &err), 0);
		object = parse(&meta, &stopped);
		assert_int_equal(json_integer_value(json_object_get(object, "seed")), drawn.seed);
		assert_true(json_equal(json_object_get(object, "seed"),
				       json_object_get(json_object_get(object, "job"), "seed")));
		assert_true(drawn.seed < UINT64_C(1) << 53);
		json_decref(object);
	}
	assert_int_equal(job_draw_seed(&large, &err), 0);
	assert_true(large.seed == UINT64_MAX); /* given: kept */
}

static void read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, buf, size - 1);
	assert_true(n >= 0);
	buf[n] = '\0';
	close(fd);
}

static int entries(void)
{
	DIR *d = opendir(dir);
	int n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

static void test_write(void **state)
{
	char path[64], buf[64];
	struct err err;

	(void)state;
	snprintf(path, sizeof(path), "%s/summary", dir);
	assert_int_equal(summary_write(path, "{\"a\": 1}", NULL, &err), 0);
	assert_int_equal(summary_write(path, "{}", NULL, &err), 0); /* in place of the old one */
	read_file(path, buf, sizeof(buf));
	assert_string_equal(buf, "{}\n");
	assert_int_equal(entries(), 1); /* nothing else is left behind */
	unlink(path);
}

/* A link is not replaced by a file: /dev/stdout is one. */
static void test_write_through_link(void **state)
{
	char path[64], link_path[64], buf[64];
	struct stat st;
	struct err err;

	(void)state;
	snprintf(path, sizeof(path), "%s/summary", dir);
	snprintf(link_path, sizeof(link_path), "%s/link", dir);
	assert_int_equal(symlink(path, link_path), 0);
	assert_int_equal(summary_write(link_path, "{}", NULL, &err), 0);
	assert_int_equal(lstat(link_path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	read_file(path, buf, sizeof(buf));
	assert_string_equal(buf, "{}\n");
	unlink(path);
	unlink(link_path);
}

/* What the sample says: nothing, that nobody answered, or how many had before, and at which rate.
 */
static void test_coverage(void **state)
{
	struct snapshot s = stopped;
	struct summary_meta meta = meta_of();
	const struct coverage none = {0};
	json_t *object, *coverage, *rates;

	(void)state;
	object = parse(&meta, &s);
	assert_true(json_is_null(json_object_get(object, "coverage")));
	json_decref(object);

	s.sampled = 1000;
	s.sample_found = 10;
	object = parse(&meta, &s);
	coverage = json_object_get(object, "coverage");
	assert_int_equal(json_integer_value(json_object_get(coverage, "sampled")), 1000);
	assert_int_equal(json_integer_value(json_object_get(coverage, "answered")), 200);
	assert_int_equal(json_integer_value(json_object_get(coverage, "answered_before")), 190);
	assert_int_equal(json_integer_value(json_object_get(coverage, "found")), 10);
	assert_float_equal(json_real_value(json_object_get(coverage, "percent")), 95, 1e-9);
	assert_true(json_real_value(json_object_get(coverage, "low")) < 95);
	assert_true(json_real_value(json_object_get(coverage, "high")) > 95);
	rates = json_object_get(coverage, "rates");
	assert_int_equal(json_array_size(rates), 2);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(rates, 0), "rate")),
			 10000);
	assert_true(json_is_null(json_object_get(json_array_get(rates, 1), "rate")));
	assert_float_equal(json_real_value(json_object_get(json_array_get(rates, 1), "percent")),
			   80, 1e-9);
	json_decref(object);

	meta.coverage = &none;
	object = parse(&meta, &s);
	coverage = json_object_get(object, "coverage");
	assert_true(json_is_null(json_object_get(coverage, "percent")));
	assert_null(json_object_get(coverage, "low"));
	json_decref(object);
}

/* What the check says is what writing says later, and it leaves nothing behind. */
static void test_check(void **state)
{
	static const char *const bad[] = {"/nonexistent/dir/s", dir, "/proc/nonexistent"};
	char path[64], link_path[64], buf[64];
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_true(summary_check(bad[i], &err) < 0);
		assert_int_equal(err.code, EXIT_OUTPUT);
		assert_true(summary_write(bad[i], "{}", NULL, &err) < 0);
	}
	snprintf(path, sizeof(path), "%s/summary", dir);
	snprintf(link_path, sizeof(link_path), "%s/link", dir);
	assert_int_equal(summary_check(path, &err), 0);
	assert_int_equal(entries(), 0);
	assert_int_equal(symlink(path, link_path), 0);
	assert_int_equal(summary_check(link_path, &err), 0);
	assert_int_equal(summary_write(path, "{}", NULL, &err), 0);
	assert_int_equal(summary_check(path, &err), 0);
	assert_int_equal(summary_check(link_path, &err), 0);
	assert_int_equal(summary_check("/dev/null", &err), 0);
	read_file(path, buf, sizeof(buf));
	assert_string_equal(buf, "{}\n");
	unlink(link_path);
	assert_int_equal(mkfifo(link_path, 0600), 0); /* whose reader may come later */
	assert_int_equal(summary_check(link_path, &err), 0);
	unlink(link_path);
	unlink(path);
}

static void test_write_errors(void **state)
{
	struct err err = {0};

	(void)state;
	assert_true(summary_write("/nonexistent/dir/s", "{}", NULL, &err) < 0);
	assert_int_equal(err.code, EXIT_OUTPUT);
	assert_string_equal(err.text, "cannot create the summary /nonexistent/dir/s.new: "
				      "No such file or directory");
	assert_true(summary_write("/dev/full", "{}", NULL, &err) < 0);
	assert_string_equal(err.text,
			    "cannot write the summary /dev/full: No space left on device");
	assert_true(summary_write(dir, "{}", NULL, &err) < 0);
	assert_non_null(strstr(err.text, "Is a directory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_truth_and_people),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_through_link),
		cmocka_unit_test(test_write_errors),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_seed),
		cmocka_unit_test(test_coverage),
		cmocka_unit_test(test_device_counters),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
