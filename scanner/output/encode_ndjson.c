/* SPDX-License-Identifier: BSD-3-Clause */

#include "encode.h"
#include "fieldset.h"

/*
 * One JSON object a line (record.v1.json). Nothing is escaped because nothing needs it: values are
 * numbers, addresses and words from tables, and test_field checks every word there is.
 */

static size_t ndjson_begin(const struct fieldset *set, char *buf)
{
	(void)set;
	(void)buf;
	return 0;
}

static inline char *ndjson_value(char *p, const struct column *column, const struct record *rec,
				 struct memo *memo)
{
	char *end = value_write(p, column->field, rec, memo);

	if (end == p) { /* null has no quotes: the opening one goes again */
		memcpy(p - column->quoted, "null", 4);
		return p - column->quoted + 4;
	}
	if (column->field->type == FIELD_BOOL)
		return text_word(p, *p == '1' ? "true" : "false");
	*end = '"';
	return end + column->quoted;
}

static size_t ndjson_record(const struct fieldset *set, const struct record *rec, char *buf)
{
	const struct column *end = set->column + set->n;
	char *p = buf;

	for (const struct column *column = set->column; column < end; column++) {
		memcpy(p, column->key, COLUMN_KEY); /* the whole: a fixed length needs no loop */
		p = ndjson_value(p + column->key_len, column, rec, set->memo);
	}
	memcpy(p, "}\n", 2);
	return (size_t)(p + 2 - buf);
}

const struct encoder encode_ndjson = {
	.name = "ndjson",
	.help = "one JSON object a line",
	.begin = ndjson_begin,
	.record = ndjson_record,
};
