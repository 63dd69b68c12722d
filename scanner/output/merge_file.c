/* SPDX-License-Identifier: BSD-3-Clause */

#include "merge_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "durable.h"
#include "encoder.h"
#include "zstd_block.h"

enum { BLOCK = ZSTD_BLOCK_TEXT };

/* Whether a file can be made beside it, to take its place. */
static bool replaceable(const char *path)
{
	struct stat st;

	return strcmp(path, "-") != 0 && (lstat(path, &st) < 0 || S_ISREG(st.st_mode));
}

int merge_file_open(struct merge_file *f, const char *path, struct err *err)
{
	int rc;

	*f = (struct merge_file){.sink.fd = -1};
	f->block = malloc(BLOCK);
	if (sink_name_packed(path))
		f->packer = zstd_packer_create();
	if (f->block == NULL || (sink_name_packed(path) && f->packer == NULL) ||
	    (replaceable(path) && asprintf(&f->part, "%s.part", path) < 0))
		rc = err_set(err, EXIT_OUTPUT, "--output: out of memory");
	else
		rc = sink_open(&f->sink, f->part != NULL ? f->part : path, false, NULL, err);
	if (rc < 0)
		f->sink.fd = -1;
	f->path = path;
	if (rc < 0)
		return rc;
	f->error = sink_cut(&f->sink, 0);
	return f->error < 0 ? merge_file_failed(f, err) : 0;
}

int merge_file_flush(struct merge_file *f)
{
	const void *bytes = f->block;
	ssize_t len = (ssize_t)f->used;

	if (f->used != 0 && f->packer != NULL)
		len = zstd_pack(f->packer, f->block, f->used, &bytes);
	f->error = len < 0 ? (int)len : f->sink.ops->write(&f->sink, bytes, (size_t)len);
	if (f->error < 0)
		return EXIT_OUTPUT;
	f->written += f->lines;
	f->lines = f->used = 0;
	return 0;
}

int merge_file_head(struct merge_file *f, const char *head, size_t len)
{
	memcpy(f->block, head, len);
	f->used = len;
	return merge_file_flush(f);
}

int merge_file_put(struct merge_file *f, const char *line, size_t len)
{
	int rc = f->used + len > BLOCK ? merge_file_flush(f) : 0;

	if (rc != 0)
		return rc;
	memcpy(f->block + f->used, line, len);
	f->used += len;
	f->lines++;
	return 0;
}

int merge_file_failed(const struct merge_file *f, struct err *err)
{
	return err_set(err, EXIT_OUTPUT, "--output: %s: %s",
		       strcmp(f->path, "-") == 0 ? "stdout" : f->path, strerror(-f->error));
}

int merge_file_close(struct merge_file *f, struct err *err)
{
	f->error = f->sink.ops->close(&f->sink);
	if (f->error == 0 && f->part != NULL && rename(f->part, f->path) < 0)
		f->error = -errno;
	if (f->error < 0)
		return merge_file_failed(f, err);
	if (f->part != NULL)
		f->error = durable_entry(f->path);
	free(f->part);
	f->part = NULL; /* it is there */
	return f->error < 0 ? merge_file_failed(f, err) : 0;
}

void merge_file_abandon(struct merge_file *f)
{
	if (f->path == NULL)
		return;
	if (f->sink.fd >= 0)
		f->sink.ops->close(&f->sink);
	if (f->part != NULL)
		unlink(f->part);
	zstd_packer_destroy(f->packer);
	free(f->part);
	free(f->block);
	*f = (struct merge_file){.sink.fd = -1};
}
