/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "sink.h"

struct zstd_packer;

/*
 * A file that gets lines in blocks, compressed where its name ends in .zst. A new one, or one that
 * takes another's place, is NAME.part until it is whole; a pipe, a device or stdout is written to
 * as it is.
 *
 * The calls without a struct err return 0 or EXIT_OUTPUT; merge_file_failed() says why.
 */
struct merge_file {
	struct sink sink;
	const char *path; /* NULL: it is not open */
	char *part;	  /* NULL: written to as it is */
	struct zstd_packer *packer;
	char *block;
	size_t used;
	uint64_t lines;	  /* in the block */
	uint64_t written; /* lines of blocks that were written whole */
	int error;	  /* -errno */
};

/* path must live as long. EXIT_OUTPUT */
int merge_file_open(struct merge_file *f, const char *path, struct err *err);

/* Before the first line: what counts as none. */
int merge_file_head(struct merge_file *f, const char *head, size_t len);

/* At most ENCODED_MAX bytes. */
int merge_file_put(struct merge_file *f, const char *line, size_t len);
int merge_file_flush(struct merge_file *f);

int merge_file_failed(const struct merge_file *f, struct err *err);

/* It is on the disk, under its name. EXIT_OUTPUT */
int merge_file_close(struct merge_file *f, struct err *err);

/* Removes it, if it is open and not under its name yet. */
void merge_file_abandon(struct merge_file *f);
