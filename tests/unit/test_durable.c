/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * What keeps a state or a summary, against a kernel that fails: each call that touches the disk is
 * made to fail in turn, in each way that it can. Afterwards the file is whole, old or new, and what
 * was reported as kept is.
 */

#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "durable.h"
#include "faults.h"
#include "monitor.h"

int __real_open64(const char *path, int flags, ...);
int __real_rename(const char *from, const char *to);
int __wrap_open64(const char *path, int flags, mode_t mode);
int __wrap_rename(const char *from, const char *to);

int __wrap_open64(const char *path, int flags, mode_t mode)
{
	return fails() ? -1 : __real_open64(path, flags, mode);
}

int __wrap_rename(const char *from, const char *to)
{
	return fails() ? -1 : __real_rename(from, to);
}

static char folder[] = "/tmp/peal-durable-XXXXXX";
static char path[64];

static int setup_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/file", folder);
	return 0;
}

static int teardown_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static unsigned count_entries(const char *of)
{
	DIR *dir = opendir(of);
	unsigned n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

static const char *content(void)
{
	static char text[256];
	FILE *file = fopen(path, "r");
	size_t n;

	assert_non_null(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	return text;
}

static int keep_state(const char *text)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	assert_true(fd >= 0);
	fault.armed = true;
	rc = durable_write(fd, "file", 0600, text, strlen(text));
	fault.armed = false;
	close(fd);
	return rc;
}

static int keep_summary(const char *text)
{
	struct err err;
	int rc;

	fault.armed = true;
	rc = summary_write(path, text, NULL, &err);
	fault.armed = false;
	if (rc < 0)
		assert_int_equal(err.code, EXIT_OUTPUT);
	return rc;
}

/* Makes each call fail with error; how many there are, and how many failures were reported. */
static void each_call(int (*keep)(const char *), const char *end, int error, unsigned *calls,
		      unsigned *reported)
{
	unsigned entries, descriptors;
	char old[256], new[64];

	*calls = *reported = 0;
	fault = (struct fault){0};
	assert_int_equal(keep("the old one"), 0);
	entries = count_entries(folder);
	descriptors = count_entries("/proc/self/fd");
	for (unsigned nth = 1;; nth++) {
		int rc;

		fault = (struct fault){.how = error == 0 ? HALF : FAIL, .error = error, .nth = nth};
		snprintf(old, sizeof(old), "%s", content());
		snprintf(new, sizeof(new), "the new one, %u", nth);
		rc = keep(new);
		snprintf(new, sizeof(new), "the new one, %u%s", nth, end);
		if (!fault.hit)
			break;
		(*calls)++;
		*reported += rc < 0;
		if (rc == 0 || strcmp(content(), old) != 0)
			assert_string_equal(content(), new);
		assert_int_equal(count_entries(folder), entries);
		assert_int_equal(count_entries("/proc/self/fd"), descriptors);
	}
}

static void check_errors(int (*keep)(const char *), const char *end)
{
	static const int errors[] = {EIO, ENOSPC, EDQUOT};
	unsigned calls, reported;

	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		each_call(keep, end, errors[i], &calls, &reported);
		assert_true(calls >= 5); /* open, write, fsync, close, rename at least */
		assert_int_equal(reported, calls);
	}
	each_call(keep, end, 0, &calls, &reported); /* short writes */
	assert_int_equal(reported, 0);
}

static void test_state(void **state)
{
	(void)state;
	check_errors(keep_state, "");
}

static void test_summary(void **state)
{
	(void)state;
	check_errors(keep_summary, "\n");
}

/* Once interrupted, write(), fsync() and close() succeed; open() and rename() may fail, cleanly. */
static void test_interrupted(void **state)
{
	unsigned calls, reported;

	(void)state;
	each_call(keep_state, "", EINTR, &calls, &reported);
	assert_int_equal(reported, 2);
	each_call(keep_summary, "\n", EINTR, &calls, &reported);
	assert_int_equal(reported, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_summary),
		cmocka_unit_test(test_interrupted),
	};

	return cmocka_run_group_tests(tests, setup_folder, teardown_folder);
}
