/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The services of the smoke tests' Linux host: listens on each TCP port that is named, on every
 * address, and closes what it accepts. Prints "ready" when all ports listen.
 *
 *	host PORT...
 */

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static int host_listen(uint16_t port)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0 || listen(fd, 65535) < 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	return fd;
}

static int host_open(int poll, const char *text)
{
	struct epoll_event event = {.events = EPOLLIN};
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	if (*end != '\0' || port == 0 || port > UINT16_MAX)
		return -EINVAL;
	event.data.fd = host_listen((uint16_t)port);
	if (event.data.fd < 0)
		return event.data.fd;
	return epoll_ctl(poll, EPOLL_CTL_ADD, event.data.fd, &event) < 0 ? -errno : 0;
}

int main(int argc, char **argv)
{
	struct epoll_event event;
	int poll = epoll_create1(EPOLL_CLOEXEC);

	for (int i = 1; i < argc; i++) {
		int ret = host_open(poll, argv[i]);

		if (ret < 0) {
			fprintf(stderr, "host: port %s: %s\n", argv[i], strerror(-ret));
			return EXIT_FAILURE;
		}
	}
	puts("ready");
	fflush(stdout);

	for (;;) {
		if (epoll_wait(poll, &event, 1, -1) == 1) {
			int fd = accept(event.data.fd, NULL, NULL);

			if (fd >= 0)
				close(fd);
		} else if (errno != EINTR) {
			return EXIT_FAILURE;
		}
	}
}
