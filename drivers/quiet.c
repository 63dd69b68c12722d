/* SPDX-License-Identifier: BSD-3-Clause */

#include "quiet.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int turn(int fd, int to)
{
	int saved = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (saved >= 0 && dup2(to, fd) < 0) {
		close(saved);
		return -1;
	}
	return saved;
}

static void turn_back(int fd, int saved)
{
	if (saved < 0)
		return;
	dup2(saved, fd);
	close(saved);
}

void quiet_begin(struct quiet *quiet, bool errors_too)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	fflush(stdout);
	fflush(stderr);
	quiet->saved_out = quiet->saved_err = -1;
	if (nowhere < 0)
		return;
	quiet->saved_out = turn(STDOUT_FILENO, nowhere);
	if (errors_too)
		quiet->saved_err = turn(STDERR_FILENO, nowhere);
	close(nowhere);
}

void quiet_end(struct quiet *quiet)
{
	fflush(stdout);
	fflush(stderr);
	turn_back(STDOUT_FILENO, quiet->saved_out);
	turn_back(STDERR_FILENO, quiet->saved_err);
}
