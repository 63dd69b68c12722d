/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The file sink against a kernel that misbehaves: write(), fsync() and close() are wrapped by the
 * linker, so that failures come where we want them.
 */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sink.h"

ssize_t __real_write(int fd, const void *buf, size_t len);
int __real_fsync(int fd);
int __real_close(int fd);
ssize_t __wrap_write(int fd, const void *buf, size_t len);
int __wrap_fsync(int fd);
int __wrap_close(int fd);

/* What the kernel does next to one descriptor; others are left alone. */
static struct fault {
	int fd;
	size_t at_most;	     /* bytes a write() takes, 0: all */
	unsigned interrupts; /* so many EINTR first */
	size_t room;	     /* bytes until it fails ... */
	int write_errno;     /* ... with this, if not 0 ... */
	unsigned fails;	     /* ... so often, 0: for good */
	unsigned fsync_interrupts;
	int fsync_errno, close_errno;
	unsigned writes, fsyncs;
} fault = {.fd = -1};

ssize_t __wrap_write(int fd, const void *buf, size_t len)
{
	if (fd != fault.fd)
		return __real_write(fd, buf, len);
	fault.writes++;
	if (fault.interrupts != 0 && fault.interrupts-- != 0) {
		errno = EINTR;
		return -1;
	}
	if (fault.at_most != 0 && len > fault.at_most)
		len = fault.at_most;
	if (fault.write_errno != 0 && fault.room == 0) {
		errno = fault.write_errno;
		if (fault.fails != 0 && --fault.fails == 0)
			fault.write_errno = 0;
		return -1;
	}
	if (fault.write_errno != 0 && len > fault.room)
		len = fault.room;
	fault.room -= fault.write_errno != 0 ? len : 0;
	return __real_write(fd, buf, len);
}

int __wrap_fsync(int fd)
{
	fault.fsyncs += fd == fault.fd;
	if (fd == fault.fd && fault.fsync_interrupts != 0 && fault.fsync_interrupts-- != 0) {
		errno = EINTR;
		return -1;
	}
	if (fd != fault.fd || fault.fsync_errno == 0)
		return __real_fsync(fd);
	errno = fault.fsync_errno;
	return -1;
}

int __wrap_close(int fd)
{
	int rc = __real_close(fd);

	if (fd != fault.fd || fault.close_errno == 0)
		return rc;
	errno = fault.close_errno;
	return -1;
}

static char folder[] = "/tmp/peal-sink-XXXXXX";
static char path[64];

static int setup(void **state)
{
	(void)state;
	fault = (struct fault){.fd = -1};
	snprintf(path, sizeof(path), "%s/out", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fault.fd = -1;
	unlink(path);
	return 0;
}

static int setup_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static int teardown_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static void open_sink(struct sink *sink, const char *arg, struct fault what)
{
	struct err err;

	if (sink_open(sink, arg, false, NULL, &err) < 0)
		fail_msg("%s", err.text);
	fault = what;
	fault.fd = sink->fd;
}

/* 100000 bytes that tell a gap or a swap. */
static const char *pattern(void)
{
	static char bytes[100000];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 131 >> 3);
	return bytes;
}

static void assert_content(size_t len)
{
	static char got[100001];
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	assert_int_equal(fread(got, 1, sizeof(got), file), len);
	assert_memory_equal(got, pattern(), len);
	fclose(file);
}

static void test_whole(void **state)
{
	struct sink sink;
	struct stat st;

	(void)state;
	umask(022);
	open_sink(&sink, path, (struct fault){0});
	assert_string_equal(sink.path, path);
	assert_int_equal(sink.ops->write(&sink, pattern(), 60000), 0);
	assert_int_equal(sink.ops->write(&sink, pattern() + 60000, 40000), 0);
	assert_int_equal(fault.writes, 2);
	assert_int_equal(sink.ops->close(&sink), 0);
	assert_int_equal(fault.fsyncs, 1);
	assert_content(100000);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);

	/* what was there is overwritten, as by ZMap, but only when something is to be written */
	open_sink(&sink, path, (struct fault){0});
	assert_content(100000);
	assert_int_equal(sink_cut(&sink, 0), 0);
	assert_int_equal(sink.ops->write(&sink, pattern(), 10), 0);
	assert_int_equal(sink.ops->close(&sink), 0);
	assert_content(10);
}

static void test_short_and_interrupted(void **state)
{
	struct sink sink;

	(void)state;
	open_sink(&sink, path, (struct fault){.at_most = 777, .interrupts = 5});
	assert_int_equal(sink.ops->write(&sink, pattern(), 100000), 0);
	assert_int_equal(fault.writes, 5 + (100000 + 776) / 777);
	assert_int_equal(sink.ops->close(&sink), 0);
	assert_content(100000);
}

static void test_errors(void **state)
{
	static const int errors[] = {ENOSPC, EIO, EDQUOT, EFBIG};
	struct sink sink;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		open_sink(&sink, path, (struct fault){.room = 5000, .write_errno = errors[i]});
		assert_int_equal(sink.ops->write(&sink, pattern(), 4000), 0);
		assert_int_equal(sink.ops->write(&sink, pattern() + 4000, 4000), -errors[i]);
		assert_int_equal(sink.ops->close(&sink), 0);
		assert_content(5000);
	}
	open_sink(&sink, path, (struct fault){.fsync_errno = EIO});
	assert_int_equal(sink.ops->close(&sink), -EIO);
	open_sink(&sink, path, (struct fault){.close_errno = EDQUOT});
	assert_int_equal(sink.ops->close(&sink), -EDQUOT);
	/* the first of two errors is the cause */
	open_sink(&sink, path, (struct fault){.fsync_errno = ENOSPC, .close_errno = EIO});
	assert_int_equal(sink.ops->close(&sink), -ENOSPC);
}

/* A patient sink waits while the disk is full, and goes on where it was, within a line. */
static void test_room_comes_back(void **state)
{
	static const int errors[] = {ENOSPC, EDQUOT};
	struct sink sink;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		open_sink(&sink, path,
			  (struct fault){.room = 5000, .write_errno = errors[i], .fails = 3});
		sink.patient = true;
		assert_int_equal(sink.ops->write(&sink, pattern(), 100000), 0);
		assert_int_equal(fault.fails, 0);
		assert_false(sink.no_room);
		assert_int_equal(sink.ops->close(&sink), 0);
		assert_content(100000);
	}
}

/* Waits until the sink says that there is no room; gives up then. */
static void *give_up_without_room(void *arg)
{
	struct sink *sink = arg;

	while (!__atomic_load_n(&sink->no_room, __ATOMIC_RELAXED))
		poll(NULL, 0, 1);
	sink_give_up(sink);
	return NULL;
}

static void test_room_never_comes(void **state)
{
	struct sink sink;
	pthread_t thread;

	(void)state;
	open_sink(&sink, path, (struct fault){.room = 5000, .write_errno = ENOSPC});
	sink.patient = true;
	assert_int_equal(pthread_create(&thread, NULL, give_up_without_room, &sink), 0);
	assert_int_equal(sink.ops->write(&sink, pattern(), 100000), -ENOSPC);
	pthread_join(thread, NULL);
	assert_int_equal(sink.ops->close(&sink), 0);
	assert_content(5000);

	/* what room would not mend is not waited for */
	open_sink(&sink, path, (struct fault){.room = 5000, .write_errno = EIO});
	sink.patient = true;
	assert_int_equal(sink.ops->write(&sink, pattern(), 100000), -EIO);
	assert_false(sink.no_room);
	assert_int_equal(sink.ops->close(&sink), 0);
}

/* A signal while the disk is slow is no error: of fsync() it says nothing, after close() all is
 * done. */
static void test_interrupted_at_the_end(void **state)
{
	struct sink sink;

	(void)state;
	open_sink(&sink, path, (struct fault){.fsync_interrupts = 3, .close_errno = EINTR});
	assert_int_equal(sink.ops->write(&sink, pattern(), 100000), 0);
	assert_int_equal(sink.ops->close(&sink), 0);
	assert_int_equal(fault.fsyncs, 4);
	assert_content(100000);
}

static void test_full_device(void **state)
{
	struct sink sink;

	(void)state;
	open_sink(&sink, "/dev/full", (struct fault){0});
	sink.patient = true; /* in vain: what is no file never has room again */
	assert_int_equal(sink.ops->write(&sink, "x", 1), -ENOSPC);
	assert_int_equal(sink.ops->close(&sink), 0);
	assert_int_equal(fault.fsyncs, 0); /* only for files on disks */
}

static void test_cannot_open(void **state)
{
	static const struct {
		const char *arg, *message;
	} rows[] = {
		{"/nonexistent/out", "--output: cannot write to /nonexistent/out: No such file"},
		{"/tmp", "--output: cannot write to /tmp: Is a directory"},
		{"", "--output: cannot write to : No such file"},
	};
	struct sink sink;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_true(sink_open(&sink, rows[i].arg, false, NULL, &err) < 0);
		assert_int_equal(err.code, EXIT_OUTPUT);
		assert_null(sink.path);
		if (strstr(err.text, rows[i].message) == NULL)
			fail_msg("%s", err.text);
	}
}

static void test_stdout(void **state)
{
	int out = dup(STDOUT_FILENO);
	struct sink sink;
	struct err err;
	int pipes[2], rc;
	char got[8];

	(void)state;
	fflush(stdout);
	assert_int_equal(pipe(pipes), 0);
	dup2(pipes[1], STDOUT_FILENO);
	rc = sink_open(&sink, "-", false, NULL, &err);
	dup2(out, STDOUT_FILENO);
	assert_int_equal(rc, 0);
	assert_string_equal(sink.path, "stdout");
	assert_int_equal(sink.ops->write(&sink, "hello", 5), 0);
	assert_int_equal(sink.ops->close(&sink), 0);
	assert_int_equal(read(pipes[0], got, sizeof(got)), 5);
	close(pipes[0]);
	close(pipes[1]);

	fflush(stdout);
	close(STDOUT_FILENO);
	rc = sink_open(&sink, "-", false, NULL, &err);
	dup2(out, STDOUT_FILENO);
	close(out);
	assert_int_equal(rc, -EBADF);
	assert_int_equal(err.code, EXIT_OUTPUT);
	assert_string_equal(err.text, "--output: cannot write to stdout: Bad file descriptor");
}

static void *give_up_soon(void *arg)
{
	poll(NULL, 0, 50);
	sink_give_up(arg);
	return NULL;
}

/* A reader that does not read: the write waits, until it is told to give up. */
static void test_give_up(void **state)
{
	struct sink sink;
	pthread_t thread;
	char got[4096];
	int reader;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	open_sink(&sink, path, (struct fault){0});
	assert_int_equal(pthread_create(&thread, NULL, give_up_soon, &sink), 0);
	assert_int_equal(sink.ops->write(&sink, pattern(), 100000), -ECANCELED);
	pthread_join(thread, NULL);

	/* what finds room is still written */
	assert_int_equal(read(reader, got, sizeof(got)), sizeof(got));
	assert_memory_equal(got, pattern(), sizeof(got));
	assert_int_equal(sink.ops->write(&sink, pattern(), 100), 0);
	assert_int_equal(sink.ops->close(&sink), 0);
	close(reader);
}

static void test_reader_gone(void **state)
{
	struct sink sink;
	int reader;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	open_sink(&sink, path, (struct fault){0});
	assert_int_equal(sink.ops->write(&sink, "x", 1), 0);
	close(reader);
	assert_int_equal(sink.ops->write(&sink, "x", 1), -EPIPE);
	assert_int_equal(sink.ops->close(&sink), 0);
}

static unsigned asked; /* how often */

static bool after_three(void)
{
	return ++asked == 3;
}

/* A pipe that nobody reads: waited for, until it is given up. */
static void test_no_reader(void **state)
{
	char want[128];
	struct sink sink;
	struct err err;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	for (int go_on = 0; go_on < 2; go_on++) {
		asked = 0;
		assert_int_equal(sink_open(&sink, path, go_on, after_three, &err), -ECANCELED);
		assert_int_equal(asked, 3);
		assert_int_equal(err.code, EXIT_STOPPED);
		snprintf(want, sizeof(want), "--output: stopped before anybody read %s", path);
		assert_string_equal(err.text, want);
		assert_null(sink.path);
	}
}

static int late_reader;

/* Stands in for the world, which goes on while the reader is waited for. */
static bool read_late(void)
{
	if (++asked == 3)
		late_reader = open(path, O_RDONLY | O_NONBLOCK);
	return false;
}

/* The reader comes while it is waited for: from then on it is a pipe like any other. */
static void test_late_reader(void **state)
{
	struct sink sink;
	struct err err;
	char got[8];

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	for (int go_on = 0; go_on < 2; go_on++) {
		asked = 0;
		assert_int_equal(sink_open(&sink, path, go_on, read_late, &err), 0);
		assert_true(sink.waits);
		assert_int_equal(fcntl(sink.fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_WRONLY);
		assert_int_equal(sink.ops->write(&sink, "hello", 5), 0);
		assert_int_equal(read(late_reader, got, sizeof(got)), 5);
		close(late_reader);
		assert_int_equal(sink.ops->write(&sink, "x", 1), -EPIPE);
		assert_int_equal(sink.ops->close(&sink), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(test_short_and_interrupted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_room_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_room_never_comes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_interrupted_at_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_device, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cannot_open, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stdout, setup, teardown),
		cmocka_unit_test_setup_teardown(test_give_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reader_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_reader, setup, teardown),
		cmocka_unit_test_setup_teardown(test_late_reader, setup, teardown),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, setup_folder, teardown_folder);
}
