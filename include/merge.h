/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "target.h"

/*
 * The records of all shards of a scan in one file: what `peal merge` does. Each byte that is read
 * is compared with what the folders' manifests say of it (manifest.h). One thread.
 */

struct merge;

/*
 * Reads the manifests of the folders: EXIT_INPUT when one is damaged, they are not of one scan, or
 * a shard is there twice; EXIT_DEVICE when out of memory. The strings must live as long. The caller
 * destroys *out.
 */
int merge_create(const struct strlist *folders, struct merge **out, struct err *err);
void merge_destroy(struct merge *m);

/* Which shards are not there, or not complete, as text for a person; NULL when the scan is whole.
 */
const char *merge_missing(const struct merge *m);

/*
 * Writes the records to output, NULL or "-" is stdout; what ends in .zst is compressed. They come
 * by shard and segment. The second record of a target with the same state is left out, unless the
 * scan's filter asked for repeats, or its fields do not tell: see merge_keeps_all(). A file is
 * there under its name once it is whole.
 *
 * EXIT_USAGE when output is in one of the folders; EXIT_INPUT names the segment that is not as its
 * manifest says; EXIT_DEVICE; EXIT_OUTPUT; EXIT_BOOKS when what was read is not what was written
 * and left out. Once.
 */
int merge_write(struct merge *m, const char *output, struct err *err);

/* Why no record is left out, NULL when those that are there twice are. */
const char *merge_keeps_all(const struct merge *m);

struct merge_shard {
	const char *folder;
	uint32_t index, total;
	bool complete;
	uint64_t read, duplicates; /* records; duplicates of its own and of shards before it */
};

/* By shard, *n of them. */
const struct merge_shard *merge_shards(const struct merge *m, size_t *n);
