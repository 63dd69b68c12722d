/* SPDX-License-Identifier: BSD-3-Clause */

#include "filter.h"

#include <stdlib.h>
#include <string.h>

#include "filter_parse.h"
#include "value.h"

/* Ordered so that "and" is the minimum and "or" the maximum. */
enum verdict { VERDICT_NO, VERDICT_MAYBE, VERDICT_YES };

static bool compare_holds(enum filter_compare compare, uint64_t a, uint64_t b)
{
	switch (compare) {
	case COMPARE_EQ:
		return a == b;
	case COMPARE_NE:
		return a != b;
	case COMPARE_LT:
		return a < b;
	case COMPARE_GT:
		return a > b;
	case COMPARE_LE:
		return a <= b;
	case COMPARE_GE:
		return a >= b;
	}
	return false;
}

static bool text_equal(const struct filter_op *op, const struct record *rec, struct memo *memo)
{
	char text[VALUE_MAX + 1];
	size_t len = (size_t)(value_write(text, op->field, rec, memo) - text);

	/* null has no text; an empty literal is refused when the filter is read */
	return len == strlen(op->text) && memcmp(text, op->text, len) == 0;
}

static bool op_holds(const struct filter_op *op, const struct record *rec, struct memo *memo)
{
	uint64_t number;

	if (op->kind == FILTER_TEXT)
		return text_equal(op, rec, memo) == (op->compare == COMPARE_EQ);
	if (!value_present(op->field, rec))
		return op->compare == COMPARE_NE;
	number = op->field->load == LOAD_ADDR ? value_u32(op->field, rec)
					      : value_number(op->field, rec);
	return compare_holds(op->compare, number, op->number);
}

/* One comparison, for a record or, with NULL, for a repeat of which nothing else is known. */
static enum verdict op_verdict(const struct filter_op *op, const struct record *rec,
			       struct memo *memo)
{
	if (rec != NULL)
		return op_holds(op, rec, memo) ? VERDICT_YES : VERDICT_NO;
	if (op->field->load != LOAD_REPEAT)
		return VERDICT_MAYBE;
	return compare_holds(op->compare, 1, op->number) ? VERDICT_YES : VERDICT_NO;
}

/* The operations are in postfix order: a stack does it, without recursion. */
static enum verdict filter_run(const struct filter *filter, const struct record *rec)
{
	enum verdict stack[FILTER_STACK], top = VERDICT_YES, left;
	unsigned depth = 0;

	for (size_t i = 0; i < filter->ops.n; i++) {
		const struct filter_op *op = &filter->ops.at[i];

		if (op->kind == FILTER_NUMBER || op->kind == FILTER_TEXT) {
			stack[depth++] = top;
			top = op_verdict(op, rec, filter->memo);
		} else if (depth > 0) {
			left = stack[--depth];
			if ((op->kind == FILTER_AND) == (left < top))
				top = left;
		}
	}
	return top;
}

bool filter_match(const struct filter *filter, const struct record *rec)
{
	return filter_run(filter, rec) == VERDICT_YES;
}

bool filter_wants_repeats(const struct filter *filter)
{
	return filter_run(filter, NULL) != VERDICT_NO;
}

int filter_create(const char *text, bool open_only, struct filter **filter, struct err *err)
{
	struct filter *f = calloc(1, sizeof(*f));
	int rc;

	*filter = NULL;
	if (f != NULL)
		f->memo = calloc(1, sizeof(*f->memo));
	if (f == NULL || f->memo == NULL) {
		free(f);
		return err_set(err, EXIT_OUTPUT, "--filter: out of memory");
	}
	memo_init(f->memo);
	rc = filter_parse(f, text != NULL ? text : "repeat = 0", err);
	if (rc == 0 && open_only)
		rc = filter_parse_and(f, "success = 1", err);
	if (rc < 0) {
		filter_destroy(f);
		return rc;
	}
	*filter = f;
	return 0;
}

void filter_destroy(struct filter *filter)
{
	if (filter == NULL)
		return;
	vec_free(&filter->ops);
	free(filter->memo);
	free(filter);
}
