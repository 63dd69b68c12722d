/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include "err.h"
#include "record.h"

/*
 * Which records are written. The grammar is ZMap's, with quotes for values that are no plain words:
 *
 *	expression = term { "||" term }
 *	term       = factor { "&&" factor }
 *	factor     = "(" expression ")" | FIELD op VALUE
 *	op         = "=" | "!=" | "<" | ">" | "<=" | ">="
 *
 * INT fields are compared with a number, BOOL fields with 0, 1, true or false; strings only by =
 *and
 * != with a word (letters, digits, '_', '.', '-') or with any text in double quotes, addresses with
 *an address. A null equals nothing: with != it matches, with all others it does not. (In ZMap null
 * counts as 0.)
 */

struct filter;

/*
 * text NULL is "repeat = 0"; open_only adds && success = 1. EXIT_USAGE names the column. The caller
 * destroys *filter.
 */
int filter_create(const char *text, bool open_only, struct filter **filter, struct err *err);
void filter_destroy(struct filter *filter);

/* One thread at a time. */
bool filter_match(const struct filter *filter, const struct record *rec);

/* False only if no record with repeat = 1 can match. */
bool filter_wants_repeats(const struct filter *filter);
