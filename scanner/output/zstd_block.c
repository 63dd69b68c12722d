/* SPDX-License-Identifier: BSD-3-Clause */

#include "zstd_block.h"

#include <errno.h>
#include <stdlib.h>

#include <zstd.h>
#include <zstd_errors.h>

enum { LEVEL = 1 }; /* the writer must keep up; the next level saves a few percent */

struct zstd_packer {
	ZSTD_CCtx *context;
	size_t size;
	char frame[];
};

struct zstd_unpacker {
	ZSTD_DCtx *context;
	char text[ZSTD_BLOCK_TEXT];
};

size_t zstd_frame_max(void)
{
	return ZSTD_compressBound(ZSTD_BLOCK_TEXT);
}

struct zstd_packer *zstd_packer_create(void)
{
	struct zstd_packer *p = malloc(sizeof(*p) + zstd_frame_max());

	if (p == NULL)
		return NULL;
	p->size = zstd_frame_max();
	p->context = ZSTD_createCCtx();
	if (p->context == NULL ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(p->context, ZSTD_c_compressionLevel, LEVEL)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(p->context, ZSTD_c_checksumFlag, 1))) {
		zstd_packer_destroy(p);
		return NULL;
	}
	return p;
}

void zstd_packer_destroy(struct zstd_packer *p)
{
	if (p == NULL)
		return;
	ZSTD_freeCCtx(p->context);
	free(p);
}

ssize_t zstd_pack(struct zstd_packer *p, const void *text, size_t len, const void **frame)
{
	size_t n = ZSTD_compress2(p->context, p->frame, p->size, text, len);

	*frame = p->frame;
	return ZSTD_isError(n) ? -ENOMEM : (ssize_t)n; /* there is room: nothing else can fail */
}

struct zstd_unpacker *zstd_unpacker_create(void)
{
	struct zstd_unpacker *u = malloc(sizeof(*u));

	if (u == NULL)
		return NULL;
	u->context = ZSTD_createDCtx();
	if (u->context == NULL) {
		zstd_unpacker_destroy(u);
		return NULL;
	}
	return u;
}

void zstd_unpacker_destroy(struct zstd_unpacker *u)
{
	if (u == NULL)
		return;
	ZSTD_freeDCtx(u->context);
	free(u);
}

ssize_t zstd_unpack(struct zstd_unpacker *u, const void *buf, size_t len, const char **text,
		    size_t *text_len)
{
	size_t frame = ZSTD_findFrameCompressedSize(buf, len), n;

	if (ZSTD_isError(frame))
		return ZSTD_getErrorCode(frame) == ZSTD_error_srcSize_wrong &&
				       len < zstd_frame_max()
			       ? 0
			       : -EILSEQ;
	if (ZSTD_getFrameContentSize(buf, frame) > sizeof(u->text))
		return -EILSEQ; /* or it does not say */
	n = ZSTD_decompressDCtx(u->context, u->text, sizeof(u->text), buf, frame);
	if (ZSTD_isError(n))
		return -EILSEQ;
	*text = u->text;
	*text_len = n;
	return (ssize_t)frame;
}
