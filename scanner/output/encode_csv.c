/* SPDX-License-Identifier: BSD-3-Clause */

#include "encode.h"
#include "fieldset.h"

/*
 * RFC 4180, but for the line end, which is ZMap's: a header line of field names; null is empty, a
 * bool is 0 or 1. There are no quotes because no value needs them: none has a comma, a quote or a
 * control character, and test_field checks every word there is.
 */

static size_t csv_begin(const struct fieldset *set, char *buf)
{
	char *p = buf;

	for (unsigned i = 0; i < set->n; i++) {
		p = text_word(p, set->column[i].field->name);
		*p++ = i + 1 < set->n ? ',' : '\n';
	}
	return (size_t)(p - buf);
}

static size_t csv_record(const struct fieldset *set, const struct record *rec, char *buf)
{
	char *p = buf;

	for (unsigned i = 0; i < set->n; i++) {
		p = value_write(p, set->column[i].field, rec, set->memo);
		*p++ = i + 1 < set->n ? ',' : '\n';
	}
	return (size_t)(p - buf);
}

const struct encoder encode_csv = {
	.name = "csv",
	.help = "a line of field names, then one line a record; null is empty",
	.begin = csv_begin,
	.record = csv_record,
};
