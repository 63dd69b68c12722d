/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "err.h"
#include "field.h"
#include "vec.h"

/* A filter as filter_parse.c makes it and filter.c runs it: comparisons in postfix order. */

enum filter_kind { FILTER_NUMBER, FILTER_TEXT, FILTER_AND, FILTER_OR };
enum filter_compare { COMPARE_EQ, COMPARE_NE, COMPARE_LT, COMPARE_GT, COMPARE_LE, COMPARE_GE };

enum {
	FILTER_NESTING = 32, /* parentheses within parentheses */
	/* each level can wait with one operand of || and one of && */
	FILTER_STACK = 2 * (FILTER_NESTING + 1) + 2,
	FILTER_LENGTH = 4096, /* characters of an expression */
	FILTER_WORD = 64,
};

struct filter_op {
	enum filter_kind kind;
	enum filter_compare compare;
	const struct field *field;
	uint64_t number;	/* FILTER_NUMBER: compared with this; addresses, too */
	char text[FILTER_WORD]; /* FILTER_TEXT */
};

struct filter {
	VEC(struct filter_op) ops;
	struct memo *memo; /* of the thread that matches */
};

/* Appends the operations of an expression. EXIT_USAGE names the column. */
int filter_parse(struct filter *filter, const char *text, struct err *err);

/* Narrows a filter that is not empty by a further expression. */
int filter_parse_and(struct filter *filter, const char *text, struct err *err);
