/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "encoder.h"
#include "err.h"
#include "manifest.h"
#include "replay.h"
#include "sink.h"

/*
 * A folder of files that are whole, one after the other, instead of one that grows (--output-dir).
 * The current one is NAME.part; when it is large or old enough it is synced and renamed to NAME,
 * and the manifest, written anew, says how many records and bytes it has, and which. So there are
 * at any instant: segments that the manifest names, at most one beyond that is whole, and at most
 * one that is not.
 *
 * Made, replayed, started, closed and destroyed by the main thread, written to by the writer.
 */

struct segments;

enum { SEGMENT_HEAD_MAX = 2 * ENCODED_MAX }; /* bytes; a header that does not shrink has room */

struct segments_conf {
	const char *path;	     /* of the folder, which is made when it is missing */
	uint64_t size;		     /* bytes; only a segment of a single block is larger */
	uint64_t time_ns;	     /* from its first record on */
	const void *head;	     /* what each begins with, copied; ... */
	size_t head_len;	     /* ... at most SEGMENT_HEAD_MAX */
	const struct manifest *scan; /* what the manifest says of it, without segments; its
					texts must live as long */
	bool go_on;		     /* with what is there */
};

/*
 * The sink, which is the caller's, writes the current segment; it has no file before the first
 * record. EXIT_USAGE when the folder has another scan's records, EXIT_INPUT when it cannot be gone
 * on with.
 */
int segments_create(const struct segments_conf *conf, struct sink *sink, struct segments **out,
		    struct err *err);
void segments_destroy(struct segments *s);

/*
 * With go_on: reads all records, by a copy of *like, which says how and whom to tell. What the
 * manifest names must be as it says; of the rest what was torn is cut, behind `durable` records in
 * all. *records is how many are there. EXIT_INPUT.
 */
int segments_replay(struct segments *s, const struct replay *like, uint64_t durable,
		    uint64_t *records, struct err *err);

/* The manifest is there. This and all below: 0 or -errno. */
int segments_start(struct segments *s);

/* Whole lines, or frames of them. Waits for room as the sink does. */
int segments_write(struct segments *s, const void *bytes, size_t len, uint64_t records);

/* Now and then: ends a segment that is old enough. */
int segments_look(struct segments *s);

/* What was written is on the disk. From one other thread, too. */
int segments_sync(struct segments *s);

/* Ends the current segment, unless something was not written whole: that is left as it is. */
int segments_close(struct segments *s, bool whole);

/* After that: what the manifest says of the end. */
int segments_conclude(struct segments *s, bool complete, const struct manifest_counts *counts);
