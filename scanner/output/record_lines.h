/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "encoder.h"
#include "err.h"
#include "fieldset.h"

/* A file of records as text: what its lines are, and how two of them differ. */

struct record_lines {
	const struct encoder *encoder;
	struct fieldset *set;
	uint64_t number; /* of the last line read, from 1 */
	int error;	 /* -errno when it cannot be read on */

	/* private */
	FILE *from;
	char *line;
	size_t size;
	ssize_t len;
	bool again; /* the line was read, but not taken */
};

/* The first line tells format and fields; a header is taken. An empty file has no records, and
 * encoder is NULL. EXIT_INPUT. */
int record_lines_open(struct record_lines *r, const char *path, struct err *err);
void record_lines_close(struct record_lines *r);

/* The next line, with its newline if it has one, until the next call; its length, -1 at the end. */
ssize_t record_lines_next(struct record_lines *r, const char **line);

/* Tells, a line each, which fields of got differ from want. */
void record_lines_differ(const struct record_lines *r, const char *got, const char *want,
			 const char *where, FILE *tell);

/* As much of a text as a person needs, in printable characters. */
void record_lines_print(const char *text, size_t len, FILE *tell);
