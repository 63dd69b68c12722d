/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cookie.h"
#include "err.h"
#include "probe.h"
#include "record.h"
#include "spans.h"
#include "target.h"
#include "walk.h"

/*
 * A stream: one probe type on one target space, on its way through its walk, once per attempt.
 * It counts in steps: step = attempt * walk.length + offset. TX lcores claim runs of steps: first
 * what an earlier run left over, then what is to be repeated, then from one shared counter.
 * Everything else here is const while they run.
 *
 * Claims stop at the lease, which the main thread moves on: what lies beyond it has surely not been
 * sent, whatever happens to the process. Without a state to keep, the lease is the whole scan.
 */

struct gate;
struct dedup;
struct sendlog;
struct prefix_pace;
struct sample;
struct todo;

struct stream {
	const struct target_space *space;
	struct walk walk;
	struct probe probe;	      /* its source has the addresses of all devices, ascending */
	const struct source *sources; /* of each device, which the cookie chooses among */
	unsigned n_sources;
	struct cookie_key key;
	uint32_t attempts;
	struct gate *gate;
	struct dedup *dedup;
	struct sendlog *sendlog;
	struct prefix_pace *prefix; /* NULL without a ceiling per prefix */
	struct sample *sample;	    /* probed once more at the end, in a pass of its own; or NULL */

	uint64_t run;	     /* steps a claim has, at most */
	uint64_t steps;	     /* of all attempts */
	uint64_t cursor;     /* steps below are claimed; TX lcores move it atomically, all read */
	uint64_t lease;	     /* no claim goes beyond; main writes, TX lcores read */
	uint64_t sent_below; /* an earlier run may have sent the steps below this */
	struct todo *left;   /* left over below the cursor by the run before */
	struct todo *again;  /* to be repeated */
};

/* Offsets [next, end) of one attempt, all of one lcore. */
struct claim {
	uint64_t next, end;
	uint32_t attempt; /* 0 is the first */
	bool again;	  /* it was sent before */
	uint64_t number;  /* of what is to be repeated, this is the number-th piece */
};

struct stream_conf {
	const struct exclusion *excl; /* what the gate is built from */
	uint64_t rate;		      /* frames/s over all lcores, UINT64_MAX: no limit */
	unsigned lcores;	      /* that send */
	uint64_t prefix_rate;	      /* ceiling for one prefix, probes/s; 0: none */
	unsigned prefix_len;
	uint64_t tsc_hz;
	bool samples; /* once more in the end: one in 2^sample_bits of what is not yet sent */
	unsigned sample_bits;
	const uint8_t *secret;		 /* of the cookies, 16 bytes; NULL: a fresh one */
	const struct stream_place *from; /* NULL: the beginning */
};

/* Where a scan goes on that was stopped or killed. */
struct stream_place {
	uint64_t cursor;	 /* steps below are dealt with, but for those of todo */
	uint64_t sent_below;	 /* steps below may have been sent, 0 if it was stopped in order */
	const struct span *todo; /* ascending, below the cursor */
	size_t n_todo;
};

/*
 * Makes what a stream needs beside its space, walk, probe and attempts, which the caller has set:
 * the cookie key, the gate, and what remembers answers and send times.
 */
int stream_init(struct stream *s, const struct stream_conf *conf, struct err *err);

/* Wipes the key, frees the rest (but not the space). Fine on a zeroed stream. */
void stream_fini(struct stream *s);

/* The blocklist has grown: no probe to what deny names leaves from now on. Main thread, any time.
 */
int stream_opt_out(struct stream *s, const struct exclusion *deny, struct err *err);

/* The next run, for the calling lcore alone. False when all is claimed, or all within the lease. */
bool stream_claim(struct stream *s, struct claim *claim);

/* Whether all is claimed, repeats, too, and the sample once it has begun. */
bool stream_exhausted(const struct stream *s);

/* Claims may go on to step. Main thread. */
void stream_extend(struct stream *s, uint64_t step);

/* Steps below this may have been sent: an answer to a later one is no answer. */
uint64_t stream_front(const struct stream *s);

/* The same, but with those of the sample once it has begun. */
uint64_t stream_latest(const struct stream *s);

/* Steps below this have been claimed. */
uint64_t stream_cursor(const struct stream *s);

/* Targets among the steps [first, end). */
uint64_t stream_targets(const struct stream *s, uint64_t first, uint64_t end);

/*
 * These targets have answered with these states, as the output of an earlier run says: marks them
 * as seen, and counts in first[] those that were not. Returns how many (up to n) are targets of
 * this stream. Before the lcores start.
 */
unsigned stream_replay(struct stream *s, const struct record *rec, unsigned n,
		       uint64_t first[STATE_COUNT]);

/* What dedup.h knows a target by: its offset, or in a pass too long for that, its step. */
uint64_t stream_seen_key(const struct stream *s, uint32_t attempt, uint64_t offset);

/*
 * Repeats: what was sent, but may be lost, is sent again, before anything new, and counted apart.
 * It is cut into pieces, each a claim; pieces are numbered from 0 on in the order in which they
 * were asked for, and are remembered until stream_forget_again().
 */
enum {
	AGAIN_SPANS = 256,   /* that a moment is made up of, at most */
	AGAIN_PIECES = 1024, /* that a call makes, at most, beside one for each span and attempt */
	AGAIN_ROOM = 16384,  /* pieces that are remembered */
};

/*
 * The steps of these spans go out again, as far as they have been claimed: all of them or, with
 * -ENOSPC when too many pieces are remembered, none. Main thread, any time.
 */
int stream_again(struct stream *s, const struct spans *spans);

/*
 * What was sent between two times of the send log, in microseconds, at most AGAIN_SPANS spans:
 * more than that grow together. Beside that it is exact but for what sendlog.h says: of a fast
 * scan, whole groups of steps, and only of its last minute. *sent is empty or freed by the caller.
 * 0 or -ENOMEM. Main thread.
 */
int stream_sent_between(const struct stream *s, uint64_t from_us, uint64_t to_us,
			struct spans *sent);

/* Whether a repeat waits for being claimed. */
bool stream_again_waits(const struct stream *s);

/* Pieces of repeats below this have been claimed, have been asked for. */
uint64_t stream_again_claimed(const struct stream *s);
uint64_t stream_again_asked(const struct stream *s);

/* Adds to *spans what is to be repeated, from piece number on. 0 or -ENOMEM. The thread that calls
 * stream_forget_again(). */
int stream_again_from(const struct stream *s, uint64_t number, struct spans *spans);

/* Pieces below are sent, and whatever they may bring is safe. One thread. */
void stream_forget_again(struct stream *s, uint64_t number);

/* Adds to *spans what is left over and what is to be repeated, as far as nobody has claimed it.
 * 0 or -ENOMEM. When the lcores have stopped. */
int stream_waiting(const struct stream *s, struct spans *spans);

/* Targets, all attempts counted, that nobody has claimed yet, repeats not counted. */
uint64_t stream_unclaimed(const struct stream *s);

/* Whether this is a step of the sample's pass, which comes after those of all attempts. */
static inline bool stream_samples(const struct stream *s, uint64_t step)
{
	return step >= s->steps;
}

/* The step of attempt and offset. */
static inline uint64_t stream_step(const struct stream *s, uint32_t attempt, uint64_t offset)
{
	return attempt * s->walk.length + offset;
}
