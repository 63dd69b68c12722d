/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <pthread.h>
#include <time.h>

#include "encoder.h"
#include "filter.h"
#include "output.h"
#include "sink.h"

/*
 * The writer thread: takes records off the rings in turn, filters and encodes them into a block,
 * and hands the block to the sink when it is full or 50 ms old; when it is compressed, 500 ms, as
 * small blocks shrink badly. After an error of the sink it stops taking: what was not written stays
 * on the rings, where nobody can mistake it for written.
 */

enum { WRITER_BLOCK = 256 * 1024 };

struct capture_file;
struct segments;
struct zstd_packer;

struct writer {
	/* set by the owner, const while the thread runs */
	const struct encoder *encoder;
	const struct fieldset *fieldset;
	const struct filter *filter;
	struct sink *sink;
	struct segments *segments;  /* in which the sink writes; NULL: it is one file */
	struct zstd_packer *packer; /* NULL: as it is */
	struct result_ring **ring;
	struct capture_file *capture; /* NULL: frames are not wanted */
	struct result_ring **frames;  /* of the records on ring[] */
	unsigned n_rings;
	uint64_t max_results;
	bool begun; /* an earlier run has written the beginning */

	/* the writer thread's own */
	char *block;
	size_t used;
	struct timespec oldest; /* when the block's first byte came */
	uint64_t encoded;	/* lines, those in the block and of earlier runs included */
	uint64_t in_block, in_block_state[STATE_COUNT], in_block_repeats;

	/* atomics */
	struct output_stats stats; /* written by the writer thread */
	bool finish;		   /* written by the owner: drain, then end */
	bool finished;		   /* written by the writer thread: it is about to end */
	bool capture_failed;	   /* likewise: the error is the capture's */

	pthread_t thread;
	bool started; /* the owner's */
};

/* 0 or -errno */
int writer_start(struct writer *writer);

/* Waits for the thread's end, which somebody must have asked for by finish. */
void writer_join(struct writer *writer);
