/* SPDX-License-Identifier: BSD-3-Clause */

#include "source_claim.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "addr.h"

enum { GUARD_WAIT_MS = 5000, GUARD_STEP_MS = 5 };

/* A run of addresses and a range of ports: what the name of one socket says. */
struct area {
	uint32_t addr_first, addr_last;
	unsigned first, last;
	long pid; /* in its holder's PID namespace */
};

/* --- names --- */

static void area_name(const struct area *area, char *name, size_t len)
{
	snprintf(name, len, "peal-claim/%08x-%08x/%u-%u/%ld", area->addr_first, area->addr_last,
		 area->first, area->last, area->pid);
}

static bool area_parse(const char *name, struct area *area)
{
	int end = 0;

	return sscanf(name, "peal-claim/%8x-%8x/%u-%u/%ld%n", &area->addr_first, &area->addr_last,
		      &area->first, &area->last, &area->pid, &end) == 5 &&
	       end > 0 && strchr("\n", name[end]) != NULL;
}

static bool area_overlaps(const struct area *a, const struct area *b)
{
	return a->addr_first <= b->addr_last && b->addr_first <= a->addr_last &&
	       a->first <= b->last && b->first <= a->last;
}

/* A descriptor, or -errno. */
static int name_bind(const char *name)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	size_t len = strlen(name);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), rc;

	if (fd < 0)
		return -errno;
	memcpy(un.sun_path + 1, name, len);
	if (bind(fd, (const struct sockaddr *)&un,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

/* --- who has what --- */

/* The first claim of another that overlaps. */
static bool find_other(const struct area *own, struct area *other)
{
	FILE *f = fopen("/proc/net/unix", "re");
	char line[512];
	bool found = false;

	if (f == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), f) != NULL) {
		const char *at = strchr(line, '@');

		found = at != NULL && area_parse(at + 1, other) && area_overlaps(own, other);
	}
	fclose(f);
	return found;
}

/* Between looking and claiming nobody else may: the name of this socket is held for that long. */
static int guard_take(void)
{
	const struct timespec nap = {.tv_nsec = GUARD_STEP_MS * 1000000};
	int fd = name_bind("peal-claim");

	for (unsigned ms = 0; fd == -EADDRINUSE && ms < GUARD_WAIT_MS; ms += GUARD_STEP_MS) {
		nanosleep(&nap, NULL);
		fd = name_bind("peal-claim");
	}
	return fd;
}

static int refuse(const struct area *own, const struct area *other, struct err *err)
{
	uint32_t from = own->addr_first > other->addr_first ? own->addr_first : other->addr_first;
	char text[ADDR4_TEXT];

	addr4_format(text, from);
	return err_set(err, EXIT_REFUSED,
		       "another scan (process %ld) sends from %s, ports %u-%u: the two would take "
		       "each other's answers; name other ports with --source-port, or another "
		       "address with --source-ip",
		       other->pid, text, other->first, other->last);
}

static int take_area(struct source_claim *claim, const struct area *area, struct err *err)
{
	struct area other;
	char name[96];
	int fd;

	if (find_other(area, &other))
		return refuse(area, &other, err);
	area_name(area, name, sizeof(name));
	fd = name_bind(name);
	if (fd < 0)
		return err_set(err, EXIT_DEVICE, "source addresses cannot be claimed: %s",
			       strerror(-fd));
	claim->fd[claim->n++] = fd;
	return 0;
}

/* Runs of addresses without a gap; from so many on, one that has all of them. */
static size_t find_runs(const uint32_t *addr, size_t n, struct area runs[SOURCE_CLAIM_SOCKETS])
{
	size_t n_runs = 0;

	for (size_t i = 0; i < n; i++) {
		if (n_runs != 0 && addr[i] - runs[n_runs - 1].addr_last <= 1) {
			runs[n_runs - 1].addr_last = addr[i];
		} else if (n_runs < SOURCE_CLAIM_SOCKETS) {
			runs[n_runs++] = (struct area){.addr_first = addr[i], .addr_last = addr[i]};
		} else {
			runs[0].addr_last = addr[n - 1];
			return 1;
		}
	}
	return n_runs;
}

int source_claim_take(struct source_claim *claim, const uint32_t *addr, size_t n, uint16_t first,
		      uint16_t last, struct err *err)
{
	struct area runs[SOURCE_CLAIM_SOCKETS];
	size_t n_runs = find_runs(addr, n, runs);
	int guard = guard_take(), rc = 0;

	*claim = (struct source_claim){0};
	if (guard < 0)
		return err_set(err, EXIT_REFUSED,
			       "another scan has been starting for %d s, or somebody holds the "
			       "socket @peal-claim: ss -xlp",
			       GUARD_WAIT_MS / 1000);
	for (size_t i = 0; i < n_runs && rc == 0; i++) {
		runs[i].first = first;
		runs[i].last = last;
		runs[i].pid = getpid();
		rc = take_area(claim, &runs[i], err);
	}
	close(guard);
	if (rc < 0)
		source_claim_drop(claim);
	return rc;
}

void source_claim_drop(struct source_claim *claim)
{
	for (size_t i = 0; i < claim->n; i++)
		close(claim->fd[i]);
	claim->n = 0;
}
