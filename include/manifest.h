/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "err.h"
#include "job.h"

/*
 * What a folder of segments (--output-dir) says of itself, in its file manifest.json: of which scan
 * and shard it has the records, which segments are whole, what each must be, and whether the scan
 * has ended. `peal resume` and `peal merge` believe nothing else.
 *
 * The file is one JSON object on one line. Its last key, sha256, is the SHA-256 of all text before
 * that key's comma, so that damage is told from meaning:
 *
 *	{"schema":"peal.manifest.v1",
 *	 "scan":{"space":HEX,"seed":"7","attempts":1,"shard":0,"shards":4,"max_targets":0,
 *	         "max_targets_percent":0.0,"filter":null,"open":false},
 *	 "format":"ndjson","fields":["saddr",...],"compression":"zstd",
 *	 "segments":[{"name":"records-000000.ndjson.zst","records":9,"bytes":512,"sha256":HEX},...],
 *	 "complete":true,"counts":{"targets":9,"sent":9,"records":9},"sha256":HEX}
 *
 * The seed is a text, for not every reader of JSON keeps 64 bits.
 */

enum {
	MANIFEST_NAME = 32, /* bytes of a segment's name, with its NUL */
	MANIFEST_SEGMENTS = 100000,
	MANIFEST_MAX = 32 << 20, /* bytes; none is larger */
};

extern const char manifest_file[]; /* "manifest.json" */

struct manifest_segment {
	char name[MANIFEST_NAME]; /* as manifest_name() has it */
	uint64_t records;
	uint64_t bytes;	      /* of the file ... */
	struct digest digest; /* ... and what they are */
};

/* Zero until the scan has ended. */
struct manifest_counts {
	uint64_t targets; /* of this shard, in one attempt */
	uint64_t sent;	  /* probes, of all attempts */
	uint64_t records; /* of all segments together */
};

struct manifest {
	/* the scan: the same in all its shards, but for the shard */
	struct digest space; /* target_space_digest() */
	uint64_t seed;
	uint32_t attempts;
	struct shard shard;
	struct quota max_targets;
	const char *filter; /* NULL: the default one */
	bool open_only;

	/* its records */
	const char *format; /* the encoder's name */
	const char *fields; /* their names with commas between; "" for list, which has no choice */
	bool compressed;    /* each block is a zstd frame: zstd_block.h */
	struct manifest_segments {
		struct manifest_segment *at;
		size_t n, cap;
	} segments; /* see vec.h */

	/* its end */
	bool complete; /* everything was probed and written: see exit code 0, without -N and -t */
	struct manifest_counts counts;
};

/* What manifest_decode() and manifest_load() have filled, whether they failed or not. Who fills one
 * by hand keeps its texts and frees its segments. */
void manifest_fini(struct manifest *m);

/* Segment i, counted from 0: "records-000007.csv.zst". i < MANIFEST_SEGMENTS. */
void manifest_name(const struct manifest *m, size_t i, char name[MANIFEST_NAME]);

/* Of all segments. */
uint64_t manifest_records(const struct manifest *m);

/* As text, which the caller frees; NULL when out of memory. */
char *manifest_encode(const struct manifest *m);

/*
 * Reads len bytes into *m. name is for messages. EXIT_INPUT for anything that manifest_encode() did
 * not write, or that contradicts itself; EXIT_DEVICE when out of memory.
 */
int manifest_decode(struct manifest *m, const char *text, size_t len, const char *name,
		    struct err *err);

/* The manifest in a folder; path is the folder's, for messages. EXIT_INPUT, EXIT_DEVICE. */
int manifest_load(struct manifest *m, int folder, const char *path, struct err *err);

/* Durably: 0 or -errno. */
int manifest_save(const struct manifest *m, int folder);

/* What two manifests disagree about ("seed"), so that they are of two scans or their records
 * cannot be joined; NULL when they are of one scan, of whichever shards. */
const char *manifest_differs(const struct manifest *a, const struct manifest *b);
