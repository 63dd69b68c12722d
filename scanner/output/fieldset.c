/* SPDX-License-Identifier: BSD-3-Clause */

#include "fieldset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void column_init(struct column *column, const struct field *field, bool first)
{
	char *p = column->key;

	column->field = field;
	*p++ = first ? '{' : ',';
	*p++ = '"';
	p = text_word(p, field->name);
	*p++ = '"';
	*p++ = ':';
	column->quoted = field->type == FIELD_STRING;
	if (column->quoted)
		*p++ = '"';
	column->key_len = (uint8_t)(p - column->key);
}

static void fieldset_add(struct fieldset *set, const struct field *field)
{
	column_init(&set->column[set->n], field, set->n == 0);
	set->n++;
}

static bool fieldset_has(const struct fieldset *set, const struct field *field)
{
	for (unsigned i = 0; i < set->n; i++)
		if (set->column[i].field == field)
			return true;
	return false;
}

static int fieldset_add_name(struct fieldset *set, const char *name, size_t len, struct err *err)
{
	const struct field *field;

	for (; len != 0 && *name == ' '; name++)
		len--;
	while (len != 0 && name[len - 1] == ' ')
		len--;
	if (len == 0)
		return err_set(err, EXIT_USAGE,
			       "--fields: a name is missing; names are separated "
			       "by single commas, as in saddr,sport");
	field = field_find(name, len);
	if (field == NULL)
		return field_unknown("--fields", name, len, err);
	if (fieldset_has(set, field))
		return err_set(err, EXIT_USAGE, "--fields: \"%s\" is named twice", field->name);
	fieldset_add(set, field);
	return 0;
}

static int fieldset_fill(struct fieldset *set, const char *list, struct err *err)
{
	bool all = list != NULL && strcmp(list, "*") == 0;
	size_t len;

	if (list == NULL || all) {
		for (unsigned i = 0; i < n_fields; i++)
			if (all || fields[i].standard)
				fieldset_add(set, &fields[i]);
		return 0;
	}
	for (;; list += len + 1) {
		len = strcspn(list, ",");
		if (fieldset_add_name(set, list, len, err) < 0)
			return -EINVAL;
		if (list[len] == '\0')
			return 0;
	}
}

int fieldset_create(const char *list, struct fieldset **fieldset, struct err *err)
{
	struct fieldset *set = calloc(1, sizeof(*set));

	*fieldset = NULL;
	if (set != NULL)
		set->memo = calloc(1, sizeof(*set->memo));
	if (set == NULL || set->memo == NULL) {
		free(set);
		return err_set(err, EXIT_OUTPUT, "--fields: out of memory");
	}
	memo_init(set->memo);
	if (fieldset_fill(set, list, err) < 0) {
		fieldset_destroy(set);
		return -EINVAL;
	}
	*fieldset = set;
	return 0;
}

void fieldset_destroy(struct fieldset *fieldset)
{
	if (fieldset == NULL)
		return;
	free(fieldset->memo);
	free(fieldset);
}
