/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>

#include "err.h"

/*
 * Where bytes go. Used by the writer thread alone. All calls return 0 or -errno; every byte that
 * write() took is either delivered or reported by a later call.
 */
struct sink {
	const struct sink_ops *ops;
	int fd;
	char *path; /* for messages */
};

struct sink_ops {
	const char *name, *help;
	int (*open)(struct sink *sink, const char *arg, struct err *err);
	int (*write)(struct sink *sink, const void *buf,
		     size_t len);	 /* all of it, resuming short writes */
	int (*close)(struct sink *sink); /* fsyncs a regular file */
};

/* Opens the sink that arg names: "-" is stdout, anything else a file. */
int sink_open(struct sink *sink, const char *arg, struct err *err);
