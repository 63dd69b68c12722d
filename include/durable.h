/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/*
 * Files that are whole or not there, whatever happens to the process or the machine. All calls
 * return 0 or -errno.
 */

/*
 * Writes len bytes as NAME of the folder: to NAME.new first, down to the disk, then renamed, and
 * the folder synced. On failure the old file, if there was one, is as it was.
 */
int durable_write(int folder, const char *name, mode_t mode, const void *data, size_t len);

/* NAME of the folder, when that is a regular file of at most `most` bytes, else -EFBIG: the caller
 * frees *text, which is NUL-terminated. */
int durable_read(int folder, const char *name, size_t most, char **text, size_t *len);

/* All of it to fd: what was taken in part or interrupted goes on. */
int durable_fill(int fd, const void *data, size_t len);

/* What was written to fd is on the disk; a pipe or the like has nothing to sync. */
int durable_sync(int fd);

/* The entry of path is on the disk, too, when its folder is. */
int durable_entry(const char *path);
