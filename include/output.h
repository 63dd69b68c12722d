/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "encoder.h"
#include "err.h"
#include "record.h"

/*
 * Records to the outside: one ring per RX lcore, one writer thread that filters, encodes and
 * writes. RX lcores call result_ring_*, cmd/ and main call output_*.
 */

struct capture_origin;
struct manifest;
struct manifest_counts;

/* --output-dir: files that are whole, one after the other: segments.h */
struct output_segments {
	const char *path;	     /* of the folder */
	uint64_t size, time_ns;	     /* most bytes and age of one */
	bool packed;		     /* --zstd */
	const struct manifest *scan; /* whose they are: manifest.h; but format, fields and packed */
};

struct output_conf {
	const char *path; /* -o: "-" is stdout; what ends in .zst is compressed, see zstd_block.h */
	/* -O: ndjson, csv, list; NULL: list on a terminal if no fields are named, ndjson else */
	const char *format;
	const char *fields;   /* -f: comma-separated; "*" is all; NULL is the default set */
	const char *filter;   /* --filter: ZMap's grammar; NULL is "repeat = 0" */
	bool open_only;	      /* --open */
	uint64_t max_results; /* -N, 0 is no limit: stop after so many records written */
	unsigned n_rings;     /* one per RX lcore */
	bool patient;	      /* --on-full wait: a full disk is waited for */
	bool again;	      /* the fields must tell which targets were written: for go_on */
	bool go_on; /* with what a file has, instead of emptying it: see output_replay() */
	bool (*give_up)(void); /* no longer wait for the reader of a pipe? May be NULL */
	const char *capture;   /* --capture: a file for the frames, NULL for none */
	const struct output_segments *segments; /* in place of path; NULL for none */
	const struct capture_origin *origin;	/* what its headers say: capture.h */
};

struct output;
struct result_ring;

/* Checks conf and opens the sink. No thread runs yet, and what is in a file there stays. */
int output_create(const struct output_conf *conf, struct output **out, struct err *err);

/* Records that the file has already: only saddr, sport and state are set. */
typedef void output_seen(void *ctx, const struct record *rec, unsigned n);

/*
 * With go_on, before output_start(): reads what an earlier run wrote, tells seen() all of it, and
 * cuts what was torn or damaged behind the first `durable` records. *lines is how many records are
 * there, and counts for max_results. What is no file on a disk cannot be read again: nothing
 * happens, and *lines is `durable`. EXIT_INPUT when less than that is there. Where frames are
 * captured, records and frames are cut to as many as there are of both.
 */
int output_replay(struct output *out, uint64_t durable, output_seen *seen, void *ctx,
		  uint64_t *lines, struct err *err);

/* Empties the file, unless go_on, and starts the writer thread. 0 or -errno. */
int output_start(struct output *out);

/*
 * The end, when the RX lcores have put their last record. output_stop() alone is enough: drains the
 * rings, flushes and closes the sink, ends the thread; returns 0, or the -errno of the failed
 * write. It waits for a reader who does not read, and where it is patient, for a disk that is full.
 * Who must not wait like that calls output_finish(), which only asks for the end, looks at
 * output_finished() now and then, and can output_abort(): what reader or disk do not take at once
 * is given up, and the error is -ECANCELED, or that of the disk. Then output_stop().
 */
void output_finish(struct output *out);
bool output_finished(const struct output *out);
void output_abort(struct output *out);
int output_stop(struct output *out);

/*
 * After output_stop(), with segments: what their manifest says of the scan's end. 0 or -errno; when
 * there was no room, it may be called again.
 */
int output_conclude(struct output *out, bool complete, const struct manifest_counts *counts);

void output_destroy(struct output *out);

/* True if the filter could let repeats through: only then RX lcores hand them over. */
bool output_wants_repeats(const struct output *out);

/* The writer's counters; any thread, relaxed. */
struct output_stats {
	uint64_t taken;		     /* records that the writer took off the rings */
	uint64_t filtered_out;	     /* of these: not wanted by the filter, or beyond max_results */
	uint64_t written;	     /* lines in blocks that the sink took whole */
	uint64_t state[STATE_COUNT]; /* of the lines written */
	uint64_t repeats;	     /* likewise: lines of RECORD_REPEAT */
	int error;		     /* 0, or the -errno that stopped the sink */
	bool full;		     /* max_results was reached */
	bool no_room;		     /* the disk is full: the writer waits */
};
void output_stats(const struct output *out, struct output_stats *stats);

/*
 * What *stats (as of output_stats()) says is written is on the disk when this returns. Any one
 * thread, between output_start() and output_stop(). 0 or -errno.
 */
int output_sync(struct output *out, struct output_stats *stats);

/* Where it failed, or waits for room: "--output: PATH", "--output-dir: PATH" or "--capture: PATH".
 * Main thread. */
const char *output_place(const struct output *out);

/* The ring of RX lcore i. */
struct result_ring *output_ring(struct output *out, unsigned i);

/* The one for the frames of its records (capture.h), NULL when they are not wanted. */
struct result_ring *output_frames(struct output *out, unsigned i);

/* Where records are to be written: the ring may wrap between two of them. */
struct result_slots {
	struct record *first, *rest;
	unsigned n_first;
};

static inline struct record *result_slot(const struct result_slots *s, unsigned i)
{
	return i < s->n_first ? &s->first[i] : &s->rest[i - s->n_first];
}

/*
 * Records are made in the ring itself. result_ring_reserve() finds room for up to n of them and
 * returns for how many; the writer sees the first so many of these as result_ring_commit() says.
 * Each reserve is followed by a commit, if only of 0. Single producer: the RX lcore that owns the
 * ring. Neither blocks or allocates.
 */
unsigned result_ring_reserve(struct result_ring *ring, unsigned n, struct result_slots *slots);
void result_ring_commit(struct result_ring *ring, unsigned n);

/* The same for records that are there already: all or as many as there is room for; how many. */
unsigned result_ring_put(struct result_ring *ring, const struct record *rec, unsigned n);

/* True while the ring is more than half full: senders pause until it is not. Any thread. */
bool result_ring_high(const struct result_ring *ring);

/* Checks without opening anything; for job checks. */
int output_check(const struct output_conf *conf, struct err *err);

/* Prints every field with type and meaning, for --list-fields. */
void output_list_fields(void);
