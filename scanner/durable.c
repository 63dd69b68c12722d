/* SPDX-License-Identifier: BSD-3-Clause */

#include "durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int write_all(int fd, const char *at, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n == 0)
			return -EIO;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* A file system that cannot sync this has nothing to lose. */
static int sync_fd(int fd)
{
	while (fsync(fd) < 0) {
		if (errno == EINVAL || errno == EROFS)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

static int write_new(int folder, const char *name, const void *data, size_t len)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc;

	if (fd < 0)
		return -errno;
	rc = write_all(fd, data, len);
	if (rc == 0)
		rc = sync_fd(fd);
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	return rc;
}

int durable_write(int folder, const char *name, const void *data, size_t len)
{
	char temp[64];
	int rc;

	if ((size_t)snprintf(temp, sizeof(temp), "%s.new", name) >= sizeof(temp))
		return -ENAMETOOLONG;
	rc = write_new(folder, temp, data, len);
	if (rc == 0 && renameat(folder, temp, folder, name) < 0)
		rc = -errno;
	if (rc < 0) {
		unlinkat(folder, temp, 0);
		return rc;
	}
	return sync_fd(folder);
}

int durable_entry(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
	int fd, rc;

	if (folder == NULL)
		return -ENOMEM;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	if (fd < 0)
		return -errno;
	rc = sync_fd(fd);
	close(fd);
	return rc;
}
