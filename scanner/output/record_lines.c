/* SPDX-License-Identifier: BSD-3-Clause */

#include "record_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "encode.h"

enum { LIST_MAX = 1024, SHOWN_MAX = 200 };

/* --- which format, which fields? --- */

/* The keys of an object as our encoder writes it, with commas in between; false if it is none. */
static bool ndjson_keys(const char *line, char list[LIST_MAX])
{
	const char *at = line;
	size_t used = 0;

	while (*at == (used == 0 ? '{' : ',')) {
		size_t key, value;

		if (at[1] != '"')
			return false;
		key = strcspn(at + 2, "\"\n");
		if (strncmp(at + 2 + key, "\":", 2) != 0 || used + key + 2 > LIST_MAX)
			return false;
		if (used != 0)
			list[used++] = ',';
		memcpy(list + used, at + 2, key);
		used += key;
		at += 2 + key + 2;
		value = *at == '"' ? strcspn(at + 1, "\"\n") + 2 : strcspn(at, ",}\n");
		if (memchr(at, '\0', value) != NULL)
			return false;
		at += value;
	}
	list[used] = '\0';
	return used != 0 && *at == '}';
}

static bool csv_names(const char *line, char list[LIST_MAX])
{
	size_t len = strcspn(line, "\n");

	if (len == 0 || len >= LIST_MAX)
		return false;
	memcpy(list, line, len);
	list[len] = '\0';
	return field_find(line, strcspn(line, ",\n")) != NULL;
}

static int detect(struct record_lines *r, const char *path, struct err *err)
{
	char list[LIST_MAX];

	r->encoder = &encode_list;
	if (r->line[0] == '{' && ndjson_keys(r->line, list))
		r->encoder = &encode_ndjson;
	else if (csv_names(r->line, list))
		r->encoder = &encode_csv;
	else if (strchr(r->line, '\t') == NULL)
		return err_set(err, EXIT_INPUT, "%s:1: no record, and no names of fields", path);
	r->again = r->encoder != &encode_csv;
	if (fieldset_create(r->encoder == &encode_list ? NULL : list, &r->set, err) == 0)
		return 0;
	return err_set(err, EXIT_INPUT, "%s:1: its fields are not those of peal's records", path);
}

/* --- lines --- */

static ssize_t read_line(struct record_lines *r)
{
	if (r->again) {
		r->again = false;
		return r->len;
	}
	errno = 0;
	r->len = getline(&r->line, &r->size, r->from);
	if (r->len < 0 && errno != 0)
		r->error = -errno;
	r->number += r->len >= 0;
	return r->len;
}

int record_lines_open(struct record_lines *r, const char *path, struct err *err)
{
	*r = (struct record_lines){.from = fopen(path, "re")};
	if (r->from == NULL)
		return err_set(err, EXIT_INPUT, "%s: %s", path, strerror(errno));
	if (read_line(r) >= 0)
		return detect(r, path, err);
	if (r->error != 0)
		return err_set(err, EXIT_INPUT, "%s: %s", path, strerror(-r->error));
	return 0;
}

void record_lines_close(struct record_lines *r)
{
	if (r->from != NULL)
		fclose(r->from);
	free(r->line);
	fieldset_destroy(r->set);
	*r = (struct record_lines){0};
}

ssize_t record_lines_next(struct record_lines *r, const char **line)
{
	ssize_t len = read_line(r);

	*line = r->line;
	return len;
}

/* --- differences --- */

void record_lines_print(const char *text, size_t len, FILE *tell)
{
	size_t n = len < SHOWN_MAX ? len : SHOWN_MAX;

	while (n != 0 && text[n - 1] == '\n')
		n--;
	for (size_t i = 0; i < n; i++)
		fputc(text[i] < 0x20 || text[i] > 0x7e ? '?' : text[i], tell);
	if (len > SHOWN_MAX)
		fputs("...", tell);
}

struct part {
	const char *at; /* NULL: not there */
	size_t len;
};

static struct part ndjson_part(const struct column *column, const char *line)
{
	char key[COLUMN_KEY + 1];
	const char *at;

	/* wherever it stands, so without the brace or comma before it, or the quote behind it */
	snprintf(key, sizeof(key), "%.*s", column->key_len - 1 - column->quoted, column->key + 1);
	at = strstr(line, key);
	if (at == NULL)
		return (struct part){0};
	at += strlen(key);
	return (struct part){at, *at == '"' ? strcspn(at + 1, "\"\n") + 2 : strcspn(at, ",}\n")};
}

static struct part csv_part(unsigned i, const char *line)
{
	for (; i != 0 && line != NULL; i--) {
		line = strchr(line, ',');
		line = line != NULL ? line + 1 : NULL;
	}
	return (struct part){line, line != NULL ? strcspn(line, ",\n") : 0};
}

static struct part list_part(unsigned i, const char *line)
{
	size_t len = strcspn(line, i == 0 ? "\t\n" : "\n"),
	       skip = i == 0 ? 0 : strcspn(line, "\t\n");

	if (i != 0 && line[skip] == '\t')
		skip++;
	return (struct part){line + skip, len - skip};
}

static struct part part_of(const struct record_lines *r, unsigned i, const char *line)
{
	if (r->encoder == &encode_list)
		return list_part(i, line);
	return r->encoder == &encode_csv ? csv_part(i, line)
					 : ndjson_part(&r->set->column[i], line);
}

static void print_part(struct part part, FILE *tell)
{
	if (part.at == NULL)
		fputs("missing", tell);
	else if (part.len == 0)
		fputs("empty", tell);
	else
		record_lines_print(part.at, part.len, tell);
}

void record_lines_differ(const struct record_lines *r, const char *got, const char *want,
			 const char *where, FILE *tell)
{
	static const char *const list_names[] = {"address and port", "state"};
	bool list = r->encoder == &encode_list, told = false;

	for (unsigned i = 0; i < (list ? 2 : r->set->n); i++) {
		struct part g = part_of(r, i, got), w = part_of(r, i, want);

		if (g.at != NULL && w.at != NULL && g.len == w.len &&
		    memcmp(g.at, w.at, g.len) == 0)
			continue;
		fprintf(tell, "%s: %s: got ", where,
			list ? list_names[i] : r->set->column[i].field->name);
		print_part(g, tell);
		fputs(", expected ", tell);
		print_part(w, tell);
		fputc('\n', tell);
		told = true;
	}
	if (told)
		return;
	fprintf(tell, "%s: not as peal writes it: ", where);
	record_lines_print(got, strlen(got), tell);
	fputc('\n', tell);
}
