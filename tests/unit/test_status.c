/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor.h"

static char dir[] = "/tmp/peal-test-status-XXXXXX";
static char path[64];

static int dir_make(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/status", dir);
	return 0;
}

static int dir_remove(void **state)
{
	(void)state;
	return rmdir(dir);
}

static const struct snapshot sending = {
	.phase = PHASE_SENDING,
	.elapsed = 2,
	.paused = true,
	.targets = 1000,
	.attempts = 2,
	.sent = 500,
	.resent = 8,
	.outages = 2,
	.outage_ms = 1500,
	.opted_out = 1,
	.received = 60,
	.repeats = 3,
	.written = 40,
	.filtered_out = 4,
	.rx_missed = 5,
	.ring_full = 6,
	.tx_dropped = 7,
	.rate_now = 250,
	.backoffs = 2,
	.rejected = {[REJECT_ARP] = 8, [REJECT_LATE] = 9},
	.first = {10, 20, 30, 40},
};

static struct status *status_of(void)
{
	struct status *status = NULL;
	struct err err;

	if (status_open(path, &status, &err) != 0)
		fail_msg("%s", err.text);
	return status;
}

/* Line number n of the file, as an object; every line must parse. */
static json_t *line_of(int n)
{
	FILE *file = fopen(path, "r");
	json_t *object = NULL;
	json_error_t error;
	char line[4096];

	assert_non_null(file);
	for (int i = 0; i <= n; i++) {
		json_decref(object);
		assert_non_null(fgets(line, sizeof(line), file));
		object = json_loads(line, JSON_REJECT_DUPLICATES, &error);
		assert_non_null(object);
	}
	fclose(file);
	return object;
}

static int lines(void)
{
	FILE *file = fopen(path, "r");
	int n = 0, c;

	assert_non_null(file);
	while ((c = fgetc(file)) != EOF)
		n += c == '\n';
	fclose(file);
	return n;
}

static void test_keys(void **state)
{
	static const struct {
		const char *key;
		double value;
	} numbers[] = {
		{"elapsed", 2},	       {"percent", 25.05},
		{"sent", 500},	       {"sent_rate", 250},
		{"received", 60},      {"records", 40},
		{"received_rate", 30}, {"open", 10},
		{"closed", 20},	       {"unreachable", 30},
		{"filtered", 40},      {"hit_rate", 2},
		{"repeats", 3},	       {"rejected", 17},
		{"rx_missed", 5},      {"ring_full", 6},
		{"tx_dropped", 7},     {"opted_out", 1},
		{"filtered_out", 4},   {"eta_seconds", 5.98403},
		{"built", 0},	       {"resent", 8},
		{"outages", 2},	       {"outage_seconds", 1.5},
		{"rate", 250},	       {"backoffs", 2},
	};
	struct status *status = status_of();
	json_t *line, *value;

	(void)state;
	assert_int_equal(status_update(status, &sending, false), 0);
	status_close(status);
	line = line_of(0);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		value = json_object_get(line, numbers[i].key);
		if (!json_is_number(value))
			fail_msg("no number %s", numbers[i].key);
		assert_float_equal(json_number_value(value), numbers[i].value, 1e-4);
	}
	assert_string_equal(json_string_value(json_object_get(line, "phase")), "sending");
	assert_true(json_is_true(json_object_get(line, "paused")));
	value = json_object_get(line, "time");
	assert_int_equal(strlen(json_string_value(value)), strlen("2026-01-31T23:59:59.123Z"));
	assert_int_equal(json_object_size(line), ARRAY_LEN(numbers) + 3);
	json_decref(line);
	unlink(path);
}

static void test_once_a_second(void **state)
{
	struct status *status = status_of();
	struct snapshot s = {.phase = PHASE_SENDING, .targets = 10, .attempts = 1};
	json_t *line;

	(void)state;
	for (int tenth = 0; tenth <= 50; tenth++) {
		s.elapsed = tenth / 10.0;
		assert_int_equal(status_update(status, &s, false), 0);
	}
	assert_int_equal(lines(), 6);
	assert_int_equal(status_update(status, &s, true), 0);
	assert_int_equal(lines(), 7);
	for (int i = 0; i < 7; i++) { /* nothing was sent: there is no time left to tell */
		line = line_of(i);
		assert_true(json_is_null(json_object_get(line, "eta_seconds")));
		json_decref(line);
	}
	status_close(status);

	status = status_of(); /* a second scan appends */
	assert_int_equal(status_update(status, &s, false), 0);
	assert_int_equal(lines(), 8);
	status_close(status);
	status_close(NULL);
	unlink(path);
}

/* Largest counters stay exact integers. */
static void test_large(void **state)
{
	struct status *status = status_of();
	struct snapshot s = sending;
	json_t *line;

	(void)state;
	s.sent = (UINT64_C(255) << 48) - 1;
	s.targets = UINT64_C(1) << 48;
	s.attempts = 255;
	assert_int_equal(status_update(status, &s, true), 0);
	status_close(status);
	line = line_of(0);
	assert_int_equal(json_integer_value(json_object_get(line, "sent")), s.sent);
	json_decref(line);
	unlink(path);
}

/* A FIFO without a reader neither blocks nor fails; a reader that comes gets whole lines. */
static void test_fifo(void **state)
{
	struct status *status;
	char buf[65536 * 2];
	json_error_t error;
	json_t *object;
	ssize_t n;
	int fd;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	status = status_of();
	for (int i = 0; i < 1000; i++) /* more than a pipe holds */
		assert_int_equal(status_update(status, &sending, true), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	assert_true(fd >= 0);
	n = read(fd, buf, sizeof(buf) - 1);
	assert_true(n > 1000);
	buf[n] = '\0';
	assert_int_equal(buf[n - 1], '\n');
	for (char *line = buf, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		object = json_loadb(line, (size_t)(end - line), 0, &error);
		assert_non_null(object);
		json_decref(object);
	}
	status_close(status);
	assert_int_equal(read(fd, buf, sizeof(buf)), 0); /* its end */
	close(fd);
	unlink(path);
}

static void test_errors(void **state)
{
	struct status *status = NULL;
	struct err err = {0};

	(void)state;
	assert_true(status_open("/nonexistent/dir/status", &status, &err) < 0);
	assert_int_equal(err.code, EXIT_OUTPUT);
	assert_string_equal(err.text, "cannot open --status-file /nonexistent/dir/status: "
				      "No such file or directory");
	assert_int_equal(status_open("/dev/full", &status, &err), 0);
	assert_int_equal(status_update(status, &sending, false), -ENOSPC);
	status_close(status);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),   cmocka_unit_test(test_once_a_second),
		cmocka_unit_test(test_large),  cmocka_unit_test(test_fifo),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, dir_make, dir_remove);
}
