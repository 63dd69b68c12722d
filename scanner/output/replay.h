/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "digest.h"
#include "encoder.h"
#include "fieldset.h"
#include "output.h"

/* Reads what the encoders wrote. */

/* Whether target and state can be read off the lines of this format and these fields. */
bool replay_can(const struct encoder *encoder, const struct fieldset *set);

/* saddr, sport and state of one line, without its newline; false if it is none of ours. */
bool replay_line(const struct encoder *encoder, const struct fieldset *set, const char *line,
		 size_t len, struct record *rec);

struct replay {
	const struct encoder *encoder;
	const struct fieldset *set;
	bool packed;	  /* the file is of zstd_block.h */
	uint64_t durable; /* so many records must be there; what is damaged beyond may go ... */
	uint64_t most;	  /* ... and so may what is more than this */
	output_seen *seen;
	void *ctx;
	struct digest_state *digest; /* of the bytes that are kept; NULL when nobody asks */

	uint64_t lines; /* records that are there */
	uint64_t keep;	/* bytes of the file up to the end of the last good line, or frame */

	/* private */
	bool begun; /* the first line was read */
};

/* Reads all of fd from its beginning. 0, -errno, or -EILSEQ: it is not what it must be. */
int replay_fd(struct replay *r, int fd);
