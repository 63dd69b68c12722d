/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/*
 * Text in blocks, each a zstd frame of its own (RFC 8878) with its length and a checksum. `zstd -d`
 * takes them as one file; what a kill or a power cut left of a file is cut behind its last whole
 * frame, and nothing is kept from one block to the next that would be lost with the process. One
 * thread.
 */

enum { ZSTD_BLOCK_TEXT = 256 * 1024 }; /* bytes; no block has more */

struct zstd_packer;

struct zstd_packer *zstd_packer_create(void); /* NULL when out of memory */
void zstd_packer_destroy(struct zstd_packer *packer);

/* The text as a frame, which is the packer's until the next call: its length, or -ENOMEM. */
ssize_t zstd_pack(struct zstd_packer *packer, const void *text, size_t len, const void **frame);

struct zstd_unpacker;

struct zstd_unpacker *zstd_unpacker_create(void); /* NULL when out of memory */
void zstd_unpacker_destroy(struct zstd_unpacker *unpacker);

/* No frame of ours is longer. */
size_t zstd_frame_max(void);

/*
 * The text of the frame that buf begins with, which is the unpacker's until the next call. Returns
 * how long the frame is, 0 when it is longer than len, or -EILSEQ when it is damaged or none of
 * ours.
 */
ssize_t zstd_unpack(struct zstd_unpacker *unpacker, const void *buf, size_t len, const char **text,
		    size_t *text_len);
