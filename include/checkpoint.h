/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "digest.h"
#include "err.h"
#include "spans.h"
#include "stats.h"

/*
 * Where a scan stands, on disk, so that it can go on after anything: a stop, a kill, a power cut.
 *
 * A state directory (0700) has these files, all of mode 0600:
 *
 *	job.json	the effective job, with absolute paths
 *	targets-0 ...	copies of the lists that the job names: targets-, blocklist-, scope-
 *	optout		what SIGHUP added to the blocklists
 *	checkpoint	the rest; written anew again and again, always whole (durable.h)
 *	summary.json	unless the job names another file
 *
 * The checkpoint is a line of JSON and a line with its SHA-256. It has the key of the cookies, so
 * that late answers still count: keep the directory to yourself.
 */

enum { CHECKPOINT_MAX = 16 << 20 }; /* bytes; none is larger */

struct checkpoint {
	/* what it belongs to */
	struct digest job;   /* of job.json */
	struct digest lists; /* of the lists, each with its name and length before it */
	uint64_t targets;    /* of one attempt */
	uint64_t steps;	     /* of all attempts */
	uint8_t secret[16];

	/* how far it has come: see struct stream_place */
	uint64_t cursor, sent_below;
	struct spans todo;
	bool over; /* nothing is left to do */

	/* what it counted */
	double started; /* seconds since 1970 */
	struct snapshot books;
};

void checkpoint_fini(struct checkpoint *c);

/* As text, which the caller frees; NULL when out of memory. */
char *checkpoint_encode(const struct checkpoint *c);

/*
 * Reads len bytes into *c, which checkpoint_fini() frees on failure, too. name is for messages.
 * EXIT_INPUT for anything that checkpoint_encode() did not write, or that contradicts itself;
 * EXIT_DEVICE when out of memory.
 */
int checkpoint_decode(struct checkpoint *c, const char *text, size_t len, const char *name,
		      struct err *err);

/* A state directory that is in use, by one process at a time. */
struct state {
	int folder;
	char *path;
};

/* Makes it for a new scan: EXIT_USAGE when it has the state of another one. */
int state_create(struct state *state, const char *path, struct err *err);

/* Opens it to go on: EXIT_INPUT when it has no state. */
int state_open(struct state *state, const char *path, struct err *err);
void state_close(struct state *state);

/* A file in it: the caller frees *text, which is NUL-terminated. EXIT_INPUT. */
int state_read(const struct state *state, const char *name, char **text, size_t *len,
	       struct err *err);
bool state_has(const struct state *state, const char *name);

/* EXIT_OUTPUT */
int state_write(const struct state *state, const char *name, const void *data, size_t len,
		struct err *err);

int state_load(const struct state *state, struct checkpoint *c, struct err *err);
/* 0 or -errno. */
int state_save(const struct state *state, const struct checkpoint *c);
