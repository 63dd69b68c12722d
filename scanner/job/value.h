/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "err.h"
#include "job.h"
#include "option.h"

/* One option's value: from text into a job and back, by the option's type. */

/* Where a value stands, for errors: "--rate" on the command line, "job.json:3:2: \"rate\"" in a
 * file. */
struct place {
	const char *name;
	enum exit_code code; /* what an error there leads to */
};

/*
 * Sets the option (lists get one more) to what text says; text is NULL for a flag or count given
 * without one, and is kept, not copied, by options that are texts.
 */
int value_set(struct job *job, const struct option *opt, const char *text,
	      const struct place *place, struct err *err);

/*
 * The value as value_set() reads it, in buf or elsewhere in the job; NULL when it was not given (or
 * is a list).
 */
enum { VALUE_TEXT = 64 };
const char *value_text(const struct job *job, const struct option *opt, char buf[VALUE_TEXT]);

/* A hardware address of one device: six pairs of digits. -EINVAL. */
int value_mac(const char *text, struct mac *mac);

/* Empties a list, zeroes a count. */
void value_reset(struct job *job, const struct option *opt);

/* The list behind an OPT_LIST. */
struct strlist *value_list(struct job *job, const struct option *opt);

/* User input for an error message: short, and without control bytes. */
struct value_quote {
	char text[96];
};
struct value_quote value_quote(const char *text);
