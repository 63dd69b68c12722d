/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "capture.h"
#include "sink.h"

/*
 * The file that the frames go to. Main makes it, goes on with it and destroys it; in between it is
 * the writer thread's, which adds a frame for each record that it encodes, and flushes the frames
 * before the records: what is there of the records is there of the frames.
 */

enum { CAPTURE_BLOCK = 256 * 1024 };

struct capture_file {
	struct sink sink;
	struct capture_iface iface[CAPTURE_IFACES];
	unsigned n_ifaces;
	size_t head; /* bytes of the section header and interfaces, in the block at first */
	size_t used, size;
	uint8_t *block;
};

/* Opens path as sink_open() does, checks that it can be written to, and prepares the headers; what
 * is there stays. */
int capture_file_create(const char *path, bool go_on, bool (*give_up)(void),
			const struct capture_origin *origin, struct capture_file **file,
			struct err *err);

/* The frame of this record. */
void capture_file_add(struct capture_file *f, const struct record *rec, const uint8_t *frame,
		      unsigned len);

/* Whether one more frame may not fit. */
static inline bool capture_file_full(const struct capture_file *f)
{
	return f->used > CAPTURE_BLOCK;
}

/* 0 or -errno: what was added is with the sink. */
int capture_file_flush(struct capture_file *f);

/*
 * How many whole packets an earlier run has left, at most `most` of them, and up to which byte they
 * reach. UINT64_MAX packets for what is no file on a disk: nothing can be said. 0 or -errno.
 */
int capture_file_count(const struct capture_file *f, uint64_t most, uint64_t *packets,
		       uint64_t *bytes);

/* Closes the sink: 0, or the -errno of what did not reach the disk. */
int capture_file_destroy(struct capture_file *f);
