/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "manifest.h"

struct zstd_unpacker;

/*
 * The text of one segment after the other, in pieces of whole lines, and whether it is what the
 * manifest says. Returns are 0, -errno, or -EILSEQ: it is not.
 */
struct segment_text {
	int fd;
	bool packed;
	const struct manifest_segment *segment;
	struct zstd_unpacker *unpacker;
	char *buf;
	size_t size, at, have; /* the buffer's; from at on to have is not handed out yet */
	uint64_t bytes;	       /* of the file, read so far */
	struct digest_state digest;
};

int segment_text_init(struct segment_text *t); /* -ENOMEM */
void segment_text_fini(struct segment_text *t);

/* The segment must live until the end of it. */
int segment_text_begin(struct segment_text *t, int folder, const struct manifest_segment *segment,
		       bool packed);

/* The next piece, until the next call: 1, or 0 at the end, when all bytes were as they must be. */
int segment_text_next(struct segment_text *t, const char **text, size_t *len);
