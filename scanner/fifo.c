/* SPDX-License-Identifier: BSD-3-Clause */

#include "fifo.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

enum { ASK_MS = 50, SAY_MS = 500 };

bool fifo_is(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* An open() that blocks ends by a signal only if that comes when it blocks: so ask again. */
int fifo_open(const char *path, bool (*give_up)(void))
{
	int fd, flags;

	for (unsigned ms = 0;; ms += ASK_MS) {
		fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0)
			break;
		if (errno != ENXIO && errno != EINTR)
			return -errno;
		if (give_up != NULL && give_up())
			return -ECANCELED;
		if (ms == SAY_MS)
			LOG(WARN, "%s: a pipe that nobody reads; waiting for a reader", path);
		poll(NULL, 0, ASK_MS);
	}
	flags = fcntl(fd, F_GETFL);
	if (flags >= 0 && fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == 0)
		return fd;
	close(fd);
	return -EIO;
}
