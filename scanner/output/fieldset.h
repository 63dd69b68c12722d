/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "err.h"
#include "field.h"
#include "value.h"

/*
 * Which fields, in which order: --fields, made ready for the encoders. Used by one thread, the
 * writer: the memo changes.
 */

enum { FIELDSET_MAX = 48, COLUMN_KEY = 32 };

struct column {
	const struct field *field;
	char key[COLUMN_KEY]; /* what NDJSON has before the value: {"saddr":" or ,"sport": */
	uint8_t key_len;
	uint8_t quoted; /* 1 if the key ends in the opening quote of a string */
};

struct fieldset {
	unsigned n;
	struct column column[FIELDSET_MAX];
	struct memo *memo;
};

/*
 * list: names and commas, blanks around them allowed; "*" is all; NULL is the default set.
 * EXIT_USAGE for an unknown or repeated name. The caller destroys *fields.
 */
int fieldset_create(const char *list, struct fieldset **fieldset, struct err *err);
void fieldset_destroy(struct fieldset *fieldset);
