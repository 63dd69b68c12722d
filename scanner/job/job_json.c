/* SPDX-License-Identifier: BSD-3-Clause */

#include "job_json.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "json_text.h"
#include "json_tree.h"
#include "number.h"
#include "option.h"
#include "value.h"
#include "vec.h"

/* --- reading --- */

/* A JSON object's text, to tell where in it a key stands: jansson tells only for bad syntax. */
struct source {
	const char *name, *text;
	size_t len;
};

/* The end of the string that begins at i: its closing quote. */
static size_t string_end(const struct source *src, size_t i)
{
	for (i++; i < src->len && src->text[i] != '"'; i++)
		i += src->text[i] == '\\';
	return i;
}

static bool is_key(const struct source *src, size_t end)
{
	for (end++; end < src->len && strchr(" \t\r\n", src->text[end]) != NULL; end++)
		;
	return end < src->len && src->text[end] == ':';
}

/*
 * Finds a key of the outermost object: line and column of its opening quote. The text is known to
 * be good JSON. Column 0 when the key is written with escapes.
 */
static void key_where(const struct source *src, const char *key, unsigned *line, unsigned *column)
{
	size_t len = strlen(key), line_start = 0;
	unsigned depth = 0;

	*column = 0;
	*line = 1;
	for (size_t i = 0; i < src->len; i++) {
		size_t start = i;

		if (src->text[i] == '\n') {
			(*line)++;
			line_start = i + 1;
		}
		depth += src->text[i] == '{' || src->text[i] == '[';
		depth -= src->text[i] == '}' || src->text[i] == ']';
		if (src->text[i] != '"')
			continue;
		i = string_end(src, i);
		if (depth == 1 && i - start - 1 == len && is_key(src, i) &&
		    memcmp(src->text + start + 1, key, len) == 0) {
			*column = (unsigned)(start - line_start + 1);
			return;
		}
	}
}

static void place_name(const struct source *src, const char *key, char *buf, size_t len)
{
	unsigned line, column;

	key_where(src, key, &line, &column);
	if (column == 0)
		snprintf(buf, len, "%s: \"%s\"", src->name, value_quote(key).text);
	else
		snprintf(buf, len, "%s:%u:%u: \"%s\"", src->name, line, column,
			 value_quote(key).text);
}

/* A text that lives as long as the job. */
static const char *job_keep(struct job *job, char *text)
{
	if (text != NULL && vec_push(&job->owned, text) < 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* Words of an array, joined by commas. NULL with errno EINVAL: not all are words. */
static char *join(const json_t *array)
{
	char *joined = NULL;
	size_t size = 0, i;
	json_t *item;
	FILE *to = open_memstream(&joined, &size);

	if (to == NULL)
		return NULL;
	json_array_foreach (array, i, item) {
		if (i > 0)
			fputc(',', to);
		if (json_is_string(item))
			fputs(json_string_value(item), to);
		else if (json_is_integer(item))
			fprintf(to, "%" JSON_INTEGER_FORMAT, json_integer_value(item));
		else
			break;
	}
	if (fclose(to) == 0 && i == json_array_size(array))
		return joined;
	free(joined);
	errno = EINVAL;
	return NULL;
}

/* A value as the command line would have it. NULL with errno EINVAL: of a type that has no text. */
static char *text_of(const json_t *value, const struct option *opt)
{
	char number[NUMBER_TEXT];

	switch (json_typeof(value)) {
	case JSON_STRING:
		return strdup(json_string_value(value));
	case JSON_INTEGER:
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT,
			 json_integer_value(value));
		return strdup(number);
	case JSON_REAL:
		snprintf(number, sizeof(number), "%.15g", json_real_value(value));
		return strdup(number);
	case JSON_TRUE:
	case JSON_FALSE:
		if (opt->type == OPT_FLAG)
			return strdup(json_is_true(value) ? "true" : "false");
		break;
	case JSON_ARRAY:
		if (opt->type == OPT_JOINED)
			return join(value);
		break;
	default:
		break;
	}
	errno = EINVAL;
	return NULL;
}

static int set_text(struct job *job, const struct option *opt, const json_t *value,
		    const struct place *place, struct err *err)
{
	char *text = text_of(value, opt);

	if (text == NULL && errno == EINVAL)
		return err_set(err, EXIT_INPUT, "%s: its value must be %s", place->name,
			       opt->type == OPT_FLAG	 ? "true or false"
			       : option_repeats(opt)	 ? "a string or an array of strings"
			       : opt->type == OPT_JOINED ? "a string or an array of words"
							 : "a string or a number");
	if (job_keep(job, text) == NULL)
		return err_set(err, EXIT_DEVICE, "%s: out of memory", place->name);
	return value_set(job, opt, text, place, err);
}

static int set_value(struct job *job, const struct option *opt, const json_t *value,
		     const struct place *place, struct err *err)
{
	size_t i;
	json_t *item;

	if (opt->type != OPT_LIST || !json_is_array(value))
		return set_text(job, opt, value, place, err);
	json_array_foreach (value, i, item) {
		int rc = set_text(job, opt, item, place, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int unknown_key(const char *key, const struct place *place, struct err *err)
{
	const char *nearest = option_nearest_key(key);

	if (nearest != NULL)
		return err_set(err, EXIT_INPUT, "%s: there is no such key: did you mean \"%s\"?",
			       place->name, nearest);
	return err_set(err, EXIT_INPUT,
		       "%s: there is no such key: keys are options of 'peal scan' with _ for -",
		       place->name);
}

static int read_object(struct job *job, const json_t *object, const struct source *src,
		       struct err *err)
{
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		return err_set(err, EXIT_INPUT, "%s:1:1: a job is one JSON object: {\"ports\": 80}",
			       src->name);
	json_object_foreach ((json_t *)(uintptr_t)object, key, value) {
		const struct option *opt = option_find_key(key);
		char where[256];
		const struct place place = {where, EXIT_INPUT};
		int rc;

		place_name(src, key, where, sizeof(where));
		rc = opt != NULL ? set_value(job, opt, value, &place, err)
				 : unknown_key(key, &place, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int job_json_read(struct job *job, const char *text, size_t len, const char *name, struct err *err)
{
	const struct source src = {name, text, len};
	json_error_t error;
	json_t *object = json_from_text(text, len, &error);
	int rc;

	if (object == NULL && error.line < 0)
		return err_set(err, EXIT_DEVICE, "%s: out of memory", name);
	if (object == NULL)
		return err_set(err, EXIT_INPUT, "%s:%d:%d: %s", name, error.line, error.column,
			       value_quote(error.text).text);
	rc = read_object(job, object, &src, err);
	json_decref(object);
	return rc;
}

int job_json_load(struct job *job, const char *path, struct err *err)
{
	bool standard = strcmp(path, "-") == 0;
	const char *name = standard ? "stdin" : path;
	FILE *from = standard ? stdin : fopen(path, "re");
	char *text = malloc(JOB_FILE_MAX + 2);
	size_t len = 0;
	int rc;

	if (from != NULL && text != NULL)
		len = fread(text, 1, JOB_FILE_MAX + 1, from);
	if (from == NULL || text == NULL || ferror(from)) {
		rc = err_set(err, EXIT_INPUT, "%s: %s", name, strerror(errno));
	} else if (len > JOB_FILE_MAX) {
		rc = err_set(err, EXIT_INPUT,
			     "%s: larger than a job can be (1 MiB): lists of "
			     "targets belong in a file of their own (-I)",
			     name);
	} else {
		text[len] = '\0';
		rc = job_json_read(job, text, len, name, err);
	}
	if (from != NULL && !standard)
		fclose(from);
	free(text);
	return rc;
}

/* --- writing --- */

static json_t *list_to_json(const struct strlist *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->n; i++)
		tree_add(&array, json_string(list->at[i]));
	return array;
}

/* Numbers become numbers where every reader keeps them exact, all else texts. */
static json_t *text_to_json(const struct option *opt, const char *text)
{
	uint64_t n;

	if (opt->type == OPT_FLAG)
		return json_boolean(text[0] == 't');
	if (opt->type != OPT_TEXT && opt->type != OPT_JOINED &&
	    number_plain(text, strlen(text), JSON_NUMBER_MAX, &n) == 0)
		return json_integer((json_int_t)n);
	return json_string(text);
}

/* Puts its key in, unless the option is as it is without being given. */
static void option_to_json(json_t **object, const struct job *job, const struct job *base,
			   const struct option *opt)
{
	char buf[VALUE_TEXT], base_buf[VALUE_TEXT];
	const char *text, *base_text;

	if (opt->type == OPT_LIST) {
		const struct strlist *list =
			(const struct strlist *)((const char *)job + opt->offset);

		if (list->n == 1 && opt->single)
			tree_put(object, opt->key,
				 opt->each == OPT_U32 ? text_to_json(opt, list->at[0])
						      : json_string(list->at[0]));
		else if (list->n != 0)
			tree_put(object, opt->key, list_to_json(list));
		return;
	}
	text = value_text(job, opt, buf);
	base_text = value_text(base, opt, base_buf);
	if (text != NULL && (base_text == NULL || strcmp(text, base_text) != 0))
		tree_put(object, opt->key, text_to_json(opt, text));
}

char *job_to_json(const struct job *job)
{
	json_t *object = json_object();
	struct job base;
	char *text;

	job_defaults(&base);
	base.rate = job_rate_unless_given(job);
	for (size_t i = 0; i < n_options; i++)
		if (options[i].key != NULL)
			option_to_json(&object, job, &base, &options[i]);
	text = json_to_text(object, JSON_INDENT(2));
	json_decref(object);
	return text;
}
