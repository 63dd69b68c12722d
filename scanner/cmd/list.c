/* SPDX-License-Identifier: BSD-3-Clause */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addr.h"
#include "cmd.h"
#include "io.h"
#include "log.h"
#include "target.h"
#include "walk.h"

/*
 * peal list: the targets of a scan, in its order, without a network. It walks as the scan does, so
 * what it prints is what would be probed.
 */

enum { BURST = 64, LINE_MAX_BYTES = 128, BUFFER = 64 * 1024 };

/* The decimal digits of every byte, for addresses by the million. */
struct octets {
	struct {
		char text[3];
		uint8_t len;
	} at[256];
};

struct list {
	struct walk walk;
	struct target_space *space;
	struct sim_internet *internet; /* with --truth */
	bool json;
	struct octets octets;
	size_t used;
	char buf[BUFFER];
};

static void octets_init(struct octets *o)
{
	for (unsigned i = 0; i < 256; i++) {
		char text[4];

		o->at[i].len = (uint8_t)snprintf(text, sizeof(text), "%u", i);
		memcpy(o->at[i].text, text, sizeof(o->at[i].text));
	}
}

static char *put(char *to, const char *text)
{
	size_t len = strlen(text);

	memcpy(to, text, len);
	return to + len;
}

static char *put_addr(char *to, const struct octets *o, uint32_t addr)
{
	for (int shift = 24; shift >= 0; shift -= 8) {
		unsigned i = addr >> shift & 0xff;

		memcpy(to, o->at[i].text, sizeof(o->at[i].text));
		to += o->at[i].len;
		*to++ = '.';
	}
	return to - 1;
}

static char *put_port(char *to, uint16_t port)
{
	char digits[5];
	unsigned n = 0;

	do {
		digits[n++] = (char)('0' + port % 10);
		port /= 10;
	} while (port != 0);
	while (n > 0)
		*to++ = digits[--n];
	return to;
}

/* At most LINE_MAX_BYTES. */
static char *put_line(const struct list *l, char *to, uint32_t addr, uint16_t port)
{
	const char *state =
		l->internet != NULL ? sim_internet_state(l->internet, addr, port) : NULL;

	if (l->json)
		to = put(to, "{\"saddr\":\"");
	to = put_addr(to, &l->octets, addr);
	to = put(to, l->json ? "\",\"sport\":" : ":");
	to = put_port(to, port);
	if (state != NULL) {
		to = put(to, l->json ? ",\"state\":\"" : " ");
		to = put(to, state);
	}
	if (l->json)
		to = put(to, state != NULL ? "\"}" : "}");
	*to++ = '\n';
	return to;
}

/* 0 or -errno of the write. */
static int flush(struct list *l)
{
	for (size_t done = 0; done < l->used;) {
		ssize_t n = write(STDOUT_FILENO, l->buf + done, l->used - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	l->used = 0;
	return 0;
}

static int list_all(struct list *l)
{
	uint64_t at[BURST], index[BURST], next = 0;
	uint32_t addr[BURST];
	uint16_t port[BURST];
	unsigned n;

	while ((n = walk_next(&l->walk, &next, l->walk.length, at, index, BURST)) > 0) {
		char *to = l->buf + l->used;

		target_space_pick(l->space, index, addr, port, n);
		for (unsigned i = 0; i < n; i++)
			to = put_line(l, to, addr[i], port[i]);
		l->used = (size_t)(to - l->buf);
		if (l->used > BUFFER - BURST * LINE_MAX_BYTES) {
			int rc = flush(l);

			if (rc < 0)
				return rc;
		}
	}
	return flush(l);
}

static int list_seed(struct job *job, struct err *err)
{
	bool given = job->seed_given;
	int rc = job_draw_seed(job, err);

	if (rc == 0 && !given)
		LOG(INFO, "--seed %" PRIu64 " repeats this order", job->seed);
	return rc;
}

/* The order of the scan with the same seed; a share of the targets is a share of this shard's. */
static int list_order(struct list *l, const struct job *job, struct err *err)
{
	uint64_t size = target_space_size(l->space), max;
	int rc;

	rc = walk_init(&l->walk, size, job->seed, job->shard.index, job->shard.total, 0);
	max = rc == 0 ? job_quota(&job->max_targets, l->walk.targets) : 0;
	if (max != 0)
		rc = walk_init(&l->walk, size, job->seed, job->shard.index, job->shard.total, max);
	if (rc < 0)
		return err_set(err, EXIT_USAGE, "%" PRIu64 " targets are more than fit one order",
			       size);
	return 0;
}

static int list_truth(struct list *l, const struct job *job, struct err *err)
{
	struct io_spec spec;
	int rc = io_spec_parse(job->devices.at[0], &spec, err);

	if (rc < 0)
		return rc;
	if (strcmp(spec.driver->name, "sim") != 0)
		return err_set(err, EXIT_USAGE,
			       "--truth: only a simulated internet knows it: -i sim, with the "
			       "settings of the scan");
	return sim_internet_create(spec.arg, &l->internet, err);
}

static int list_print(struct list *l, enum exit_code *code, struct err *err)
{
	int rc = list_all(l);

	if (rc == -EPIPE) { /* the reader has seen enough */
		*code = EXIT_OUTPUT;
		return 0;
	}
	return rc < 0 ? err_set(err, EXIT_OUTPUT, "stdout: %s", strerror(-rc)) : 0;
}

static int list_run(struct job *job, enum exit_code *code, struct err *err)
{
	struct list *l = calloc(1, sizeof(*l));
	struct target_counts counts;
	struct exclusion excl;
	int rc;

	if (l == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	octets_init(&l->octets);
	l->json = strcmp(job->list_format, "ndjson") == 0;
	rc = target_load(&job->target, &l->space, &excl, &counts, err);
	if (rc < 0)
		goto free_list;
	exclusion_fini(&excl);
	rc = list_seed(job, err);
	if (rc == 0)
		rc = list_order(l, job, err);
	if (rc == 0 && job->truth)
		rc = list_truth(l, job, err);
	if (rc == 0)
		rc = list_print(l, code, err);
	sim_internet_destroy(l->internet);
	target_space_destroy(l->space);
free_list:
	free(l);
	return rc;
}

const struct cmd cmd_list = {
	.name = "list",
	.help = "print the targets of a scan, in its order, without a network",
	.options = CMD_LIST,
	.run = list_run,
};
