/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "record.h"

/*
 * An encoder turns records into bytes, a sink takes bytes somewhere (sink.h): m formats and n
 * destinations need m + n files. Add yours to the table in scanner/output/output.c.
 */

enum { ENCODED_MAX = 2048 }; /* no record and no header line is longer, whatever the fields */

struct fieldset; /* which fields, in which order: private to output/ */

struct encoder {
	const char *name, *help;
	/* What comes before the first record; bytes written to buf (ENCODED_MAX), 0 if nothing. */
	size_t (*begin)(const struct fieldset *fields, char *buf);
	/* One record, line end included; bytes written to buf (ENCODED_MAX). Cannot fail. */
	size_t (*record)(const struct fieldset *fields, const struct record *rec, char *buf);
};

/* By name, NULL if there is none. */
const struct encoder *encoder_find(const char *name);
