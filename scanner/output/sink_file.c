/* SPDX-License-Identifier: BSD-3-Clause */

#include "sink_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "durable.h"
#include "fifo.h"

enum { GIVE_UP_LATENCY_MS = 50 };

/*
 * Of stdout a copy, so that closing it tells about late errors and leaves descriptor 1 taken. A
 * pipe is never opened to read: then its reader's leaving would not be noticed.
 */
static int sink_file_fd(const char *path, bool go_on, bool (*give_up)(void))
{
	int flags = O_CREAT | O_CLOEXEC | (go_on ? O_RDWR | O_APPEND : O_WRONLY);
	int fd;

	if (fifo_is(path))
		return fifo_open(path, give_up);
	if (strcmp(path, "-") == 0)
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	else
		fd = open(path, flags, 0644);
	return fd < 0 ? -errno : fd;
}

static int sink_file_failed(struct sink *sink, const char *name, int rc, struct err *err)
{
	free(sink->path);
	sink->path = NULL;
	if (rc == -ECANCELED)
		err_set(err, EXIT_STOPPED, "--output: stopped before anybody read %s", name);
	else
		err_set(err, EXIT_OUTPUT, "--output: cannot write to %s: %s", name, strerror(-rc));
	return rc;
}

static int sink_file_open(struct sink *sink, const char *arg, bool go_on, bool (*give_up)(void),
			  struct err *err)
{
	const char *name = strcmp(arg, "-") == 0 ? "stdout" : arg;
	struct stat st;

	sink->named = name == arg;
	sink->path = strdup(name);
	if (sink->path == NULL)
		return sink_file_failed(sink, name, -ENOMEM, err);
	sink->fd = sink_file_fd(arg, go_on, give_up);
	if (sink->fd < 0)
		return sink_file_failed(sink, name, sink->fd, err);
	if (fstat(sink->fd, &st) == 0) {
		sink->regular = S_ISREG(st.st_mode);
		sink->waits = S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || isatty(sink->fd);
	}
	return 0;
}

/*
 * A write() to a pipe waits until all of it was taken, and nothing but a signal ends that. So wait
 * in poll() and then write no more than what a pipe that is ready has room for.
 */
static int sink_file_wait(const struct sink *sink)
{
	struct pollfd ready = {.fd = sink->fd, .events = POLLOUT};
	bool give_up;
	int n;

	do {
		give_up = __atomic_load_n(&sink->give_up, __ATOMIC_RELAXED);
		n = poll(&ready, 1, give_up ? 0 : GIVE_UP_LATENCY_MS);
		if (n < 0 && errno != EINTR)
			return -errno;
	} while (n <= 0 && !give_up);
	return n > 0 ? 0 : -ECANCELED;
}

bool sink_file_wait_for_room(struct sink *sink, int error)
{
	if ((error != ENOSPC && error != EDQUOT) || !sink->patient || !sink->regular ||
	    __atomic_load_n(&sink->give_up, __ATOMIC_RELAXED))
		return false;
	__atomic_store_n(&sink->no_room, true, __ATOMIC_RELAXED);
	poll(NULL, 0, GIVE_UP_LATENCY_MS);
	return true;
}

void sink_file_has_room(struct sink *sink)
{
	if (sink->no_room)
		__atomic_store_n(&sink->no_room, false, __ATOMIC_RELAXED);
}

static int sink_file_write(struct sink *sink, const void *buf, size_t len)
{
	const char *at = buf, *end = at + len;
	size_t chunk;
	ssize_t n;
	int rc;

	while (at < end) {
		chunk = (size_t)(end - at);
		if (sink->waits) {
			rc = sink_file_wait(sink);
			if (rc < 0)
				return rc;
			if (chunk > PIPE_BUF)
				chunk = PIPE_BUF;
		}
		n = write(sink->fd, at, chunk);
		if (n > 0)
			at += n;
		else if (n == 0)
			return -EIO;
		else if (errno != EINTR && errno != EAGAIN && !sink_file_wait_for_room(sink, errno))
			return -errno;
	}
	sink_file_has_room(sink);
	return 0;
}

/* The name, too: a new file is no use without. */
static int sink_file_sync(struct sink *sink)
{
	int rc = 0;

	if (!sink->regular)
		return 0;
	rc = durable_sync(sink->fd);
	if (rc < 0)
		return rc;
	if (sink->named && !sink->synced)
		rc = durable_entry(sink->path);
	sink->synced = rc == 0;
	return rc;
}

static int sink_file_close(struct sink *sink)
{
	int rc = sink_file_sync(sink);

	if (close(sink->fd) < 0 && errno != EINTR && rc == 0)
		rc = -errno;
	sink->fd = -1;
	free(sink->path);
	sink->path = NULL;
	return rc;
}

const struct sink_ops sink_file = {
	.name = "file",
	.help = "a file, which is overwritten, or - for stdout",
	.open = sink_file_open,
	.write = sink_file_write,
	.sync = sink_file_sync,
	.close = sink_file_close,
};

int sink_cut(struct sink *sink, uint64_t len)
{
	if (!sink->named || !sink->regular)
		return 0;
	return TEMP_FAILURE_RETRY(ftruncate(sink->fd, (off_t)len)) < 0 ? -errno : 0;
}

void sink_give_up(struct sink *sink)
{
	__atomic_store_n(&sink->give_up, true, __ATOMIC_RELAXED);
}
