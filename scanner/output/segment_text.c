/* SPDX-License-Identifier: BSD-3-Clause */

#include "segment_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zstd_block.h"

enum { PIECE = 1 << 19 }; /* more than a frame, and many lines */

int segment_text_init(struct segment_text *t)
{
	size_t frame = zstd_frame_max();

	*t = (struct segment_text){.fd = -1, .size = frame > PIECE ? frame : PIECE};
	t->buf = malloc(t->size);
	t->unpacker = zstd_unpacker_create();
	return t->buf != NULL && t->unpacker != NULL ? 0 : -ENOMEM;
}

static void segment_text_close(struct segment_text *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}

void segment_text_fini(struct segment_text *t)
{
	segment_text_close(t);
	zstd_unpacker_destroy(t->unpacker);
	free(t->buf);
	*t = (struct segment_text){.fd = -1};
}

int segment_text_begin(struct segment_text *t, int folder, const struct manifest_segment *segment,
		       bool packed)
{
	struct stat st;

	segment_text_close(t);
	t->packed = packed;
	t->segment = segment;
	t->at = t->have = 0;
	t->bytes = 0;
	digest_begin(&t->digest);
	t->fd = openat(folder, segment->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (t->fd < 0 || fstat(t->fd, &st) < 0)
		return -errno;
	/* it is not read for hours to find that at its end */
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != segment->bytes)
		return -EILSEQ;
	posix_fadvise(t->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return 0;
}

/* Moves what is left to the front and fills the buffer up; bytes read, 0 at the end, or -errno. */
static ssize_t fill(struct segment_text *t)
{
	ssize_t n;

	t->have -= t->at;
	memmove(t->buf, t->buf + t->at, t->have);
	t->at = 0;
	do
		n = read(t->fd, t->buf + t->have, t->size - t->have);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	digest_add(&t->digest, t->buf + t->have, (size_t)n);
	t->have += (size_t)n;
	t->bytes += (uint64_t)n;
	return n;
}

/* Whole lines or a frame of what is in the buffer: how much of it, 0 if there is none, -EILSEQ. */
static ssize_t take(struct segment_text *t, const char **text, size_t *len)
{
	const char *from = t->buf + t->at, *end;
	size_t left = t->have - t->at;

	if (t->packed)
		return left == 0 ? 0 : zstd_unpack(t->unpacker, from, left, text, len);
	end = left == 0 ? NULL : memrchr(from, '\n', left);
	*text = from;
	*len = end != NULL ? (size_t)(end + 1 - from) : 0;
	return (ssize_t)*len;
}

static int finish(struct segment_text *t)
{
	struct digest digest;

	digest_end(&t->digest, &digest);
	return t->at == t->have && t->bytes == t->segment->bytes &&
			       digest_equal(&digest, &t->segment->digest)
		       ? 0
		       : -EILSEQ;
}

int segment_text_next(struct segment_text *t, const char **text, size_t *len)
{
	ssize_t n, got = 1;

	while ((n = take(t, text, len)) == 0 && got > 0)
		got = t->have - t->at == t->size ? -EILSEQ : fill(t);
	if (n < 0 || got < 0)
		return n < 0 ? (int)n : (int)got;
	if (n == 0)
		return finish(t);
	t->at += (size_t)n;
	return *len > 0 && (*text)[*len - 1] != '\n' ? -EILSEQ : 1;
}
