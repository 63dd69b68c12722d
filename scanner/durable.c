/* SPDX-License-Identifier: BSD-3-Clause */

#include "durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int durable_fill(int fd, const void *data, size_t len)
{
	const char *at = data;

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
int durable_sync(int fd)
{
	while (fsync(fd) < 0) {
		if (errno == EINVAL || errno == EROFS || errno == ENOTSUP)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

static int write_new(int folder, const char *name, mode_t mode, const void *data, size_t len)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	int rc;

	if (fd < 0)
		return -errno;
	rc = durable_fill(fd, data, len);
	if (rc == 0)
		rc = durable_sync(fd);
	if (close(fd) < 0 && errno != EINTR && rc == 0) /* interrupted, it is closed all the same */
		rc = -errno;
	return rc;
}

int durable_write(int folder, const char *name, mode_t mode, const void *data, size_t len)
{
	char temp[64];
	int rc;

	if ((size_t)snprintf(temp, sizeof(temp), "%s.new", name) >= sizeof(temp))
		return -ENAMETOOLONG;
	rc = write_new(folder, temp, mode, data, len);
	if (rc == 0 && renameat(folder, temp, folder, name) < 0)
		rc = -errno;
	if (rc < 0) {
		unlinkat(folder, temp, 0);
		return rc;
	}
	return durable_sync(folder);
}

static int read_all(int fd, size_t most, char **text, size_t *len)
{
	struct stat st;
	size_t have = 0;
	char *buf;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if ((uint64_t)st.st_size > most)
		return -EFBIG;
	buf = malloc((size_t)st.st_size + 1);
	if (buf == NULL)
		return -ENOMEM;
	while (have < (size_t)st.st_size) {
		ssize_t n = read(fd, buf + have, (size_t)st.st_size - have);

		if (n == 0 || (n < 0 && errno != EINTR)) {
			int error = n == 0 ? -EIO : -errno;

			free(buf);
			return error;
		}
		have += n > 0 ? (size_t)n : 0;
	}
	buf[have] = '\0';
	*text = buf;
	*len = have;
	return 0;
}

int durable_read(int folder, const char *name, size_t most, char **text, size_t *len)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int rc = fd < 0 ? -errno : read_all(fd, most, text, len);

	if (fd >= 0)
		close(fd);
	return rc;
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
	rc = durable_sync(fd);
	close(fd);
	return rc;
}
