/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cookie.h"
#include "err.h"
#include "probe.h"
#include "target.h"
#include "walk.h"

/*
 * A stream: one probe type on one target space, on its way through its walk, once per attempt.
 * It counts in steps: step = attempt * walk.length + offset. TX lcores claim runs of steps from one
 * shared counter; everything else here is const while they run.
 */

struct gate;
struct dedup;
struct sendlog;
struct prefix_pace;

struct stream {
	const struct target_space *space;
	struct walk walk;
	struct probe probe;
	struct pkt_link link;
	struct pkt_template rst; /* closes what a SYN-ACK opened */
	struct cookie_key key;
	uint32_t attempts;
	struct gate *gate;
	struct dedup *dedup;
	struct sendlog *sendlog;
	struct prefix_pace *prefix; /* NULL without a ceiling per prefix */

	uint64_t run;	 /* steps a claim has, at most */
	uint64_t runs;	 /* claims an attempt has */
	uint64_t cursor; /* claims taken; TX lcores add atomically, anybody reads */
};

/* Offsets [next, end) of one attempt, all of one lcore. */
struct claim {
	uint64_t next, end;
	uint32_t attempt; /* 0 is the first */
};

struct stream_conf {
	const struct exclusion *excl; /* what the gate is built from */
	uint64_t rate;		      /* frames/s over all lcores, UINT64_MAX: no limit */
	unsigned lcores;	      /* that send */
	uint64_t prefix_rate;	      /* ceiling for one prefix, probes/s; 0: none */
	unsigned prefix_len;
	uint64_t tsc_hz;
};

/*
 * Makes what a stream needs beside its space, walk, probe and attempts, which the caller has set:
 * a fresh cookie key, the gate, and what remembers answers and send times.
 */
int stream_init(struct stream *s, const struct stream_conf *conf, struct err *err);

/* Wipes the key, frees the rest (but not the space). Fine on a zeroed stream. */
void stream_fini(struct stream *s);

/* The blocklist has grown: no probe to what deny names leaves from now on. Main thread, any time.
 */
int stream_opt_out(struct stream *s, const struct exclusion *deny, struct err *err);

/* The next run, for the calling lcore alone. False when all is claimed. */
bool stream_claim(struct stream *s, struct claim *claim);

/* Steps below this have been claimed: an answer to a later one is no answer. */
uint64_t stream_front(const struct stream *s);

/* What dedup.h knows a target by: its offset, or in a pass too long for that, its step. */
uint64_t stream_seen_key(const struct stream *s, uint32_t attempt, uint64_t offset);

/* Targets, all attempts counted, that nobody has claimed yet. */
uint64_t stream_unclaimed(const struct stream *s);

/* The step of attempt and offset. */
static inline uint64_t stream_step(const struct stream *s, uint32_t attempt, uint64_t offset)
{
	return attempt * s->walk.length + offset;
}
