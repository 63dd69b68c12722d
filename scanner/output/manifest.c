/* SPDX-License-Identifier: BSD-3-Clause */

#include "manifest.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "durable.h"
#include "encoder.h"
#include "json_text.h"
#include "json_tree.h"
#include "vec.h"

const char manifest_file[] = "manifest.json";

static const char schema[] = "peal.manifest.v1";
static const char before_digest[] = ",\"sha256\":\"", after_digest[] = "\"}\n";

void manifest_fini(struct manifest *m)
{
	free((void *)(uintptr_t)m->filter);
	free((void *)(uintptr_t)m->fields);
	vec_free(&m->segments);
	*m = (struct manifest){0};
}

void manifest_name(const struct manifest *m, size_t i, char name[MANIFEST_NAME])
{
	snprintf(name, MANIFEST_NAME, "records-%06zu.%s%s", i, m->format,
		 m->compressed ? ".zst" : "");
}

uint64_t manifest_records(const struct manifest *m)
{
	uint64_t n = 0;

	for (size_t i = 0; i < m->segments.n; i++)
		n += m->segments.at[i].records;
	return n;
}

/* --- writing --- */

static json_t *seed_to_json(uint64_t seed)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, seed);
	return json_string(text);
}

static json_t *scan_to_json(const struct manifest *m)
{
	return json_pack("{s:o, s:o, s:I, s:I, s:I, s:I, s:f, s:s?, s:b}", "space",
			 tree_hex_new(m->space.byte, DIGEST_SIZE), "seed", seed_to_json(m->seed),
			 "attempts", (json_int_t)m->attempts, "shard", (json_int_t)m->shard.index,
			 "shards", (json_int_t)m->shard.total, "max_targets",
			 (json_int_t)m->max_targets.count, "max_targets_percent",
			 m->max_targets.percent, "filter", m->filter, "open", m->open_only);
}

static json_t *fields_to_json(const char *fields)
{
	json_t *array = json_array();

	while (*fields != '\0') {
		size_t len = strcspn(fields, ",");

		tree_add(&array, json_stringn(fields, len));
		fields += len + (fields[len] == ',');
	}
	return array;
}

static json_t *segments_to_json(const struct manifest *m)
{
	json_t *array = json_array();

	for (size_t i = 0; i < m->segments.n; i++) {
		const struct manifest_segment *s = &m->segments.at[i];

		tree_add(&array, json_pack("{s:s, s:I, s:I, s:o}", "name", s->name, "records",
					   (json_int_t)s->records, "bytes", (json_int_t)s->bytes,
					   "sha256", tree_hex_new(s->digest.byte, DIGEST_SIZE)));
	}
	return array;
}

static json_t *manifest_to_json(const struct manifest *m)
{
	const struct manifest_counts *c = &m->counts;

	return json_pack("{s:s, s:o, s:s, s:o, s:s, s:o, s:b, s:o}", "schema", schema, "scan",
			 scan_to_json(m), "format", m->format, "fields", fields_to_json(m->fields),
			 "compression", m->compressed ? "zstd" : "none", "segments",
			 segments_to_json(m), "complete", m->complete, "counts",
			 json_pack("{s:I, s:I, s:I}", "targets", (json_int_t)c->targets, "sent",
				   (json_int_t)c->sent, "records", (json_int_t)c->records));
}

char *manifest_encode(const struct manifest *m)
{
	json_t *object = manifest_to_json(m);
	char *line = json_to_text(object, JSON_COMPACT);
	char *text;

	json_decref(object);
	if (line == NULL)
		return NULL;
	line[strlen(line) - 1] = '\0'; /* the brace at its end */
	text = digest_sign(line, before_digest, after_digest);
	free(line);
	return text;
}

/* --- reading: every key once, nothing else, and each within its bounds --- */

static bool small_of(const json_t *object, const char *key, uint32_t most, uint32_t *n)
{
	uint64_t value;
	bool good = tree_number(object, key, most, &value);

	*n = (uint32_t)value;
	return good;
}

/* As seed_to_json() has it, and no other way. */
static bool seed_of(const json_t *object, uint64_t *seed)
{
	const char *text = json_string_value(json_object_get(object, "seed"));
	char again[24];

	if (text == NULL || strspn(text, "0123456789") != strlen(text))
		return false;
	*seed = strtoull(text, NULL, 10);
	snprintf(again, sizeof(again), "%" PRIu64, *seed);
	return strcmp(text, again) == 0;
}

static bool quota_of(const json_t *object, struct quota *quota)
{
	const json_t *percent = json_object_get(object, "max_targets_percent");

	quota->percent = json_real_value(percent);
	return json_is_real(percent) && quota->percent >= 0 && quota->percent <= 100 &&
	       tree_number(object, "max_targets", INT64_MAX, &quota->count);
}

/* The texts are checked to be whole: JSON's may have a NUL inside. */
static bool filter_of(const json_t *object, const char **filter)
{
	const json_t *value = json_object_get(object, "filter");
	const char *text = json_string_value(value);

	if (json_is_null(value))
		return true;
	if (text == NULL || strlen(text) != json_string_length(value))
		return false;
	*filter = strdup(text);
	return *filter != NULL;
}

enum { KEYS = 9, SCAN_KEYS = 9, SEGMENT_KEYS = 4, COUNTS_KEYS = 3 };

static bool scan_of(const json_t *object, struct manifest *m)
{
	return json_object_size(object) == SCAN_KEYS &&
	       tree_hex(object, "space", m->space.byte, DIGEST_SIZE) && seed_of(object, &m->seed) &&
	       small_of(object, "attempts", 255, &m->attempts) && m->attempts > 0 &&
	       small_of(object, "shards", UINT32_MAX, &m->shard.total) &&
	       small_of(object, "shard", UINT32_MAX, &m->shard.index) &&
	       m->shard.index < m->shard.total && quota_of(object, &m->max_targets) &&
	       filter_of(object, &m->filter) && tree_truth(object, "open", &m->open_only);
}

static bool format_of(const json_t *object, struct manifest *m)
{
	const char *format = json_string_value(json_object_get(object, "format"));
	const char *compression = json_string_value(json_object_get(object, "compression"));
	const struct encoder *encoder = format != NULL ? encoder_find(format) : NULL;

	if (encoder == NULL || compression == NULL)
		return false;
	m->format = encoder->name;
	m->compressed = strcmp(compression, "zstd") == 0;
	return m->compressed || strcmp(compression, "none") == 0;
}

static bool fields_of(const json_t *array, const char **fields)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	char *text = NULL;
	size_t len = 0, i;
	FILE *to = open_memstream(&text, &len);
	bool good = json_is_array(array) && to != NULL;
	json_t *item;

	json_array_foreach (array, i, item) {
		const char *name = good ? json_string_value(item) : NULL;
		size_t n = name != NULL ? json_string_length(item) : 0;

		good = n != 0 && strspn(name, letters) == n;
		if (good)
			fprintf(to, "%s%s", i != 0 ? "," : "", name);
	}
	if (to != NULL && fclose(to) != 0)
		good = false;
	*fields = text;
	return good && text != NULL;
}

static bool segment_of(const json_t *object, const struct manifest *m, struct manifest_segment *s)
{
	const json_t *name = json_object_get(object, "name");

	manifest_name(m, m->segments.n, s->name);
	return json_object_size(object) == SEGMENT_KEYS && json_is_string(name) &&
	       json_string_length(name) == strlen(s->name) &&
	       strcmp(json_string_value(name), s->name) == 0 &&
	       tree_number(object, "records", INT64_MAX, &s->records) && s->records > 0 &&
	       tree_number(object, "bytes", INT64_MAX, &s->bytes) && s->bytes > 0 &&
	       tree_hex(object, "sha256", s->digest.byte, DIGEST_SIZE);
}

static bool segments_of(const json_t *array, struct manifest *m)
{
	uint64_t records = 0;
	size_t i;
	json_t *item;

	if (!json_is_array(array) || json_array_size(array) > MANIFEST_SEGMENTS)
		return false;
	json_array_foreach (array, i, item) {
		struct manifest_segment s;

		if (!segment_of(item, m, &s) || s.records > INT64_MAX - records ||
		    vec_push(&m->segments, s) < 0)
			return false;
		records += s.records;
	}
	return true;
}

static bool counts_of(const json_t *object, struct manifest_counts *c)
{
	return json_object_size(object) == COUNTS_KEYS &&
	       tree_number(object, "targets", INT64_MAX, &c->targets) &&
	       tree_number(object, "sent", INT64_MAX, &c->sent) &&
	       tree_number(object, "records", INT64_MAX, &c->records);
}

/* Its own digest, the last key, is checked already. */
static bool manifest_of(const json_t *object, struct manifest *m)
{
	return json_object_size(object) == KEYS && scan_of(json_object_get(object, "scan"), m) &&
	       format_of(object, m) && fields_of(json_object_get(object, "fields"), &m->fields) &&
	       segments_of(json_object_get(object, "segments"), m) &&
	       tree_truth(object, "complete", &m->complete) &&
	       counts_of(json_object_get(object, "counts"), &m->counts) &&
	       (!m->complete || m->counts.records == manifest_records(m));
}

/* What is not read is not damaged for that. */
static int no_memory(const char *name, struct err *err)
{
	return err_set(err, EXIT_DEVICE, "%s: out of memory", name);
}

int manifest_decode(struct manifest *m, const char *text, size_t len, const char *name,
		    struct err *err)
{
	json_error_t error = {0};
	bool is_signed =
		len <= MANIFEST_MAX && digest_signed(text, len, before_digest, after_digest) != 0;
	json_t *object = is_signed ? json_from_text(text, len, &error) : NULL;
	const char *kind = json_string_value(json_object_get(object, "schema"));
	bool known, good;

	*m = (struct manifest){0};
	if (object == NULL && error.line < 0)
		return no_memory(name, err);
	if (kind == NULL) {
		json_decref(object);
		return err_set(err, EXIT_INPUT,
			       "%s: damaged, or no manifest of peal's: its sha256 is not that of "
			       "its text",
			       name);
	}
	known = strcmp(kind, schema) == 0;
	errno = 0; /* what fails for want of memory says so by it */
	good = known && manifest_of(object, m);
	json_decref(object);
	if (!known)
		return err_set(err, EXIT_INPUT,
			       "%s: its schema is not %s: another version of peal wrote it, which "
			       "alone can read it",
			       name, schema);
	if (!good && errno == ENOMEM)
		return no_memory(name, err);
	return good ? 0
		    : err_set(err, EXIT_INPUT,
			      "%s: contradicts itself: these are not the segments of a scan", name);
}

/* --- the file --- */

int manifest_load(struct manifest *m, int folder, const char *path, struct err *err)
{
	char *text = NULL, *name = NULL;
	size_t len = 0;
	int rc;

	*m = (struct manifest){0};
	rc = durable_read(folder, manifest_file, MANIFEST_MAX, &text, &len);
	if (rc < 0)
		return err_set(err, rc == -ENOMEM ? EXIT_DEVICE : EXIT_INPUT, "%s/%s: %s", path,
			       manifest_file, strerror(-rc));
	if (asprintf(&name, "%s/%s", path, manifest_file) < 0)
		rc = no_memory(manifest_file, err);
	else
		rc = manifest_decode(m, text, len, name, err);
	free(name);
	free(text);
	return rc;
}

int manifest_save(const struct manifest *m, int folder)
{
	char *text = manifest_encode(m);
	int rc;

	if (text == NULL)
		return -ENOMEM;
	rc = durable_write(folder, manifest_file, 0644, text, strlen(text));
	free(text);
	return rc;
}

/* --- two of them --- */

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

const char *manifest_differs(const struct manifest *a, const struct manifest *b)
{
	if (!digest_equal(&a->space, &b->space))
		return "targets";
	if (a->seed != b->seed)
		return "seed";
	if (a->attempts != b->attempts)
		return "--attempts";
	if (a->shard.total != b->shard.total)
		return "number of shards";
	if (a->max_targets.count != b->max_targets.count ||
	    a->max_targets.percent != b->max_targets.percent)
		return "--max-targets";
	if (!same_text(a->filter, b->filter) || a->open_only != b->open_only)
		return "filter";
	if (!same_text(a->format, b->format))
		return "format";
	if (!same_text(a->fields, b->fields))
		return "fields";
	return NULL;
}
