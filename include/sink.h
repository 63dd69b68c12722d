/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

/*
 * Where bytes go. Used by the writer thread alone, but for sink_give_up(). All calls return 0 or
 * -errno; every byte that write() took is either delivered or reported by a later call.
 */
struct sink {
	const struct sink_ops *ops;
	int fd;
	char *path;   /* for messages */
	bool named;   /* path is its name; else it is stdout */
	bool regular; /* a file on a disk */
	bool waits;   /* for a reader: a pipe, a socket or a terminal */
	bool give_up; /* atomic: do not wait for the reader any longer */
	bool synced;  /* the file's name is on the disk */
	bool patient; /* set by the owner: a full disk is waited for, as a reader is */
	bool no_room; /* atomic: it waits for room on the disk */
};

struct sink_ops {
	const char *name, *help;
	/* What is there stays, until sink_cut(). go_on: it can be read, and is written on from its
	 * end. Waits for the reader of a pipe, until give_up(), which may be NULL: then
	 * -ECANCELED, EXIT_STOPPED */
	int (*open)(struct sink *sink, const char *arg, bool go_on, bool (*give_up)(void),
		    struct err *err);
	/* All of it, resuming short writes. Waits for a slow reader, but after sink_give_up(): then
	 * -ECANCELED. Where it is patient, waits for room on a full disk likewise: then -ENOSPC or
	 * -EDQUOT. */
	int (*write)(struct sink *sink, const void *buf, size_t len);
	/* What was written is on the disk; from one other thread, too. */
	int (*sync)(struct sink *sink);
	int (*close)(struct sink *sink); /* syncs a regular file */
};

/* Whether the name of a file asks for what is written to be compressed: it ends in .zst. */
bool sink_name_packed(const char *arg);

/* Opens the sink that arg names: "-" is stdout, anything else a file. */
int sink_open(struct sink *sink, const char *arg, bool go_on, bool (*give_up)(void),
	      struct err *err);

/* Leaves len bytes of a file on a disk that was named, before the first write. What the shell
 * opened as our stdout may have been opened to append: that is not ours to cut. */
int sink_cut(struct sink *sink, uint64_t len);

/* From any thread: what the reader or the disk does not take at once is not written any more. */
void sink_give_up(struct sink *sink);
