/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * A kernel that fails: the calls that touch the disk, wrapped by the linker, of which each can be
 * made to fail in turn.
 */

#include <errno.h>
#include <unistd.h>

#include "test.h"

/* While armed, the n-th call fails with error, takes half of a write(), or does not come back. */
static struct fault {
	enum { FAIL, HALF, KILL, KILL_HALF } how;
	int error;
	unsigned nth, seen; /* nth 0: none */
	bool armed, hit, fsync_hit;
} fault;

int __real_openat64(int folder, const char *name, int flags, ...);
ssize_t __real_write(int fd, const void *buf, size_t len);
int __real_fsync(int fd);
int __real_close(int fd);
int __real_renameat(int from_folder, const char *from, int to_folder, const char *to);
int __wrap_openat64(int folder, const char *name, int flags, mode_t mode);
ssize_t __wrap_write(int fd, const void *buf, size_t len);
int __wrap_fsync(int fd);
int __wrap_close(int fd);
int __wrap_renameat(int from_folder, const char *from, int to_folder, const char *to);

static bool due(void)
{
	bool now = fault.armed && ++fault.seen == fault.nth;

	fault.hit |= now;
	if (now && fault.how == KILL)
		_exit(0);
	return now;
}

static bool fails(void)
{
	bool now = due();

	if (now && fault.how == KILL_HALF)
		_exit(0);
	if (!now || fault.how != FAIL)
		return false;
	errno = fault.error;
	return true;
}

int __wrap_openat64(int folder, const char *name, int flags, mode_t mode)
{
	return fails() ? -1 : __real_openat64(folder, name, flags, mode);
}

ssize_t __wrap_write(int fd, const void *buf, size_t len)
{
	bool now = due();
	ssize_t n;

	if (now && fault.how == FAIL) {
		errno = fault.error;
		return -1;
	}
	n = __real_write(fd, buf, now && len > 1 ? len / 2 : len);
	if (now && fault.how == KILL_HALF)
		_exit(0);
	return n;
}

int __wrap_fsync(int fd)
{
	bool failed = fails();

	fault.fsync_hit |= failed;
	return failed ? -1 : __real_fsync(fd);
}

/* As in Linux: whatever it says, the descriptor is gone. */
int __wrap_close(int fd)
{
	bool failed = fails();
	int rc = __real_close(fd);

	if (failed)
		errno = fault.error;
	return failed ? -1 : rc;
}

int __wrap_renameat(int from_folder, const char *from, int to_folder, const char *to)
{
	return fails() ? -1 : __real_renameat(from_folder, from, to_folder, to);
}
