/* SPDX-License-Identifier: BSD-3-Clause */

#include "checkpoint.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "counter.h"
#include "json_text.h"
#include "json_tree.h"

enum { VERSION = 3 };

/* The digest is the second line. */
static const char before_digest[] = "\n\"", after_digest[] = "\"\n";

/* --- writing --- */

static json_t *spans_to_json(const struct spans *spans)
{
	json_t *array = json_array();

	for (size_t i = 0; i < spans->n; i++)
		tree_add(&array, json_pack("[I, I]", (json_int_t)spans->at[i].first,
					   (json_int_t)spans->at[i].end));
	return array;
}

static json_t *books_to_json(const struct snapshot *s)
{
	json_t *object = json_object();

	for (size_t i = 0; i < n_counters; i++)
		if (counters[i].shown & IN_STATE)
			tree_put(&object, counters[i].name,
				 json_integer((json_int_t)counter_value(&counters[i], s)));
	for (int i = 0; i < REJECT_COUNT; i++)
		tree_put(&object, reject_name((enum reject)i),
			 json_integer((json_int_t)s->rejected[i]));
	tree_put(&object, "send_seconds", json_real(s->send_seconds));
	return object;
}

static json_t *checkpoint_to_json(const struct checkpoint *c)
{
	return json_pack("{s:i, s:o, s:o, s:I, s:I, s:o, s:I, s:I, s:o, s:b, s:f, s:o}",
			 "peal_state", VERSION, "job", tree_hex_new(c->job.byte, DIGEST_SIZE),
			 "lists", tree_hex_new(c->lists.byte, DIGEST_SIZE), "targets",
			 (json_int_t)c->targets, "steps", (json_int_t)c->steps, "secret",
			 tree_hex_new(c->secret, sizeof(c->secret)), "cursor",
			 (json_int_t)c->cursor, "sent_below", (json_int_t)c->sent_below, "todo",
			 spans_to_json(&c->todo), "over", c->over, "started", c->started, "books",
			 books_to_json(&c->books));
}

char *checkpoint_encode(const struct checkpoint *c)
{
	json_t *object = checkpoint_to_json(c);
	char *line = json_to_text(object, JSON_COMPACT);
	char *text;

	json_decref(object);
	if (line == NULL)
		return NULL;
	text = digest_sign(line, before_digest, after_digest);
	explicit_bzero(line, strlen(line));
	free(line);
	return text;
}

/* --- reading: every key once, nothing else, and each within its bounds --- */

static bool real_of(const json_t *object, const char *key, double *x)
{
	const json_t *value = json_object_get(object, key);

	*x = json_real_value(value);
	return json_is_real(value) && *x >= 0;
}

/* 0 or -errno */
static int spans_of(const json_t *array, uint64_t below, struct spans *spans)
{
	uint64_t end = 0;
	size_t i;
	json_t *item;

	if (!json_is_array(array))
		return -EINVAL;
	json_array_foreach (array, i, item) {
		json_int_t first = json_integer_value(json_array_get(item, 0));
		json_int_t stop = json_integer_value(json_array_get(item, 1));

		if (json_array_size(item) != 2 || first < (json_int_t)end || stop <= first ||
		    (uint64_t)stop > below)
			return -EINVAL;
		end = (uint64_t)stop;
		if (spans_add(spans, (uint64_t)first, end) < 0)
			return -ENOMEM;
	}
	return 0;
}

static bool books_of(const json_t *object, struct snapshot *s)
{
	size_t keys = 1;

	for (size_t i = 0; i < n_counters; i++) {
		if (!(counters[i].shown & IN_STATE))
			continue;
		keys++;
		if (!tree_number(object, counters[i].name, INT64_MAX,
				 (uint64_t *)((char *)s + counters[i].offset)))
			return false;
	}
	for (int i = 0; i < REJECT_COUNT; i++, keys++)
		if (!tree_number(object, reject_name((enum reject)i), INT64_MAX, &s->rejected[i]))
			return false;
	return real_of(object, "send_seconds", &s->send_seconds) &&
	       json_object_size(object) == keys;
}

enum { KEYS = 12 };

/* 0 or -errno */
static int checkpoint_of(const json_t *object, struct checkpoint *c)
{
	if (json_object_size(object) != KEYS || !tree_truth(object, "over", &c->over) ||
	    !tree_hex(object, "job", c->job.byte, DIGEST_SIZE) ||
	    !tree_hex(object, "lists", c->lists.byte, DIGEST_SIZE) ||
	    !tree_hex(object, "secret", c->secret, sizeof(c->secret)) ||
	    !tree_number(object, "targets", INT64_MAX, &c->targets) ||
	    !tree_number(object, "steps", INT64_MAX, &c->steps) ||
	    !tree_number(object, "cursor", INT64_MAX, &c->cursor) ||
	    !tree_number(object, "sent_below", INT64_MAX, &c->sent_below) || c->cursor > c->steps ||
	    c->sent_below > c->steps || !real_of(object, "started", &c->started) ||
	    !books_of(json_object_get(object, "books"), &c->books))
		return -EINVAL;
	return spans_of(json_object_get(object, "todo"), c->cursor, &c->todo);
}

/* What is not read is not damaged for that. */
static int no_memory(const char *name, struct err *err)
{
	return err_set(err, EXIT_DEVICE, "%s: out of memory", name);
}

int checkpoint_decode(struct checkpoint *c, const char *text, size_t len, const char *name,
		      struct err *err)
{
	size_t line =
		len <= CHECKPOINT_MAX ? digest_signed(text, len, before_digest, after_digest) : 0;
	json_error_t error = {0};
	json_t *object = line != 0 ? json_from_text(text, line, &error) : NULL;
	uint64_t version;
	int rc;

	*c = (struct checkpoint){0};
	if (object == NULL && error.line < 0)
		return no_memory(name, err);
	if (object == NULL || !tree_number(object, "peal_state", INT64_MAX, &version)) {
		json_decref(object);
		return err_set(err, EXIT_INPUT, "%s: damaged: its digest is not that of its text",
			       name);
	}
	rc = version == VERSION ? checkpoint_of(object, c) : 0;
	json_decref(object);
	if (version != VERSION)
		return err_set(err, EXIT_INPUT,
			       "%s: written by another version of peal, which alone can go on with "
			       "it",
			       name);
	if (rc == -ENOMEM)
		return no_memory(name, err);
	return rc == 0 ? 0
		       : err_set(err, EXIT_INPUT,
				 "%s: contradicts itself: this is not the state of a scan", name);
}

void checkpoint_fini(struct checkpoint *c)
{
	spans_fini(&c->todo);
	explicit_bzero(c, sizeof(*c));
}
