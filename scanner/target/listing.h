/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "target.h"

/* Reads a whole file, "-" for stdin, through one descriptor; a byte order mark at the start is left
 * out. 0, or EXIT_INPUT. */
int listing_read(struct listing *list, const char *path, struct err *err);

/* The file number i of a kind ("targets", "blocklist", "scope"), or its copy, if conf has copies.
 */
int listing_read_of(struct listing *list, const struct target_conf *conf, const char *kind,
		    size_t i, const char *path, struct err *err);

/* A list that came as an argument; name is the option's. 0, or EXIT_DEVICE when out of memory. */
int listing_copy(struct listing *list, const char *name, const char *text, struct err *err);

void listing_fini(struct listing *list);

/* The one error that nobody can do much about. */
int out_of_memory(struct err *err);
