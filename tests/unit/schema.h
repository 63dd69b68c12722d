/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* As much of JSON Schema as record.v1.json uses: type, enum, minimum, maximum, pattern. */

#include <jansson.h>
#include <regex.h>

#include "test.h"

enum { SCHEMA_PROPERTIES = 64 };

struct schema {
	json_t *root;
	struct schema_property {
		const char *name;
		const json_t *rule;
		regex_t pattern;
		bool has_pattern;
	} property[SCHEMA_PROPERTIES];
	unsigned n;
};

static inline void schema_load(struct schema *schema)
{
	json_error_t error;
	const char *name, *pattern;
	json_t *rule;

	*schema = (struct schema){.root = json_load_file(RECORD_SCHEMA, 0, &error)};
	if (schema->root == NULL)
		fail_msg("%s:%d: %s", RECORD_SCHEMA, error.line, error.text);
	assert_true(json_is_false(json_object_get(schema->root, "additionalProperties")));
	json_object_foreach (json_object_get(schema->root, "properties"), name, rule) {
		struct schema_property *property = &schema->property[schema->n++];

		assert_in_range(schema->n, 1, SCHEMA_PROPERTIES);
		property->name = name;
		property->rule = rule;
		pattern = json_string_value(json_object_get(rule, "pattern"));
		property->has_pattern = pattern != NULL;
		if (pattern != NULL)
			assert_int_equal(
				regcomp(&property->pattern, pattern, REG_EXTENDED | REG_NOSUB), 0);
	}
}

static inline void schema_fini(struct schema *schema)
{
	for (unsigned i = 0; i < schema->n; i++)
		if (schema->property[i].has_pattern)
			regfree(&schema->property[i].pattern);
	json_decref(schema->root);
}

static inline const struct schema_property *schema_property(const struct schema *schema,
							    const char *name)
{
	for (unsigned i = 0; i < schema->n; i++)
		if (strcmp(schema->property[i].name, name) == 0)
			return &schema->property[i];
	return NULL;
}

static inline const char *schema_type(const json_t *value)
{
	static const char *const names[] = {
		[JSON_STRING] = "string", [JSON_INTEGER] = "integer", [JSON_TRUE] = "boolean",
		[JSON_FALSE] = "boolean", [JSON_NULL] = "null",	      [JSON_REAL] = "number",
		[JSON_OBJECT] = "object", [JSON_ARRAY] = "array",
	};

	return names[json_typeof(value)];
}

/* Is the word the rule's, or among the rule's list? */
static inline bool schema_allows_type(const struct schema_property *property, const char *type)
{
	const json_t *types = json_object_get(property->rule, "type"), *one;
	size_t i;

	if (json_is_string(types))
		return strcmp(json_string_value(types), type) == 0;
	json_array_foreach (types, i, one)
		if (strcmp(json_string_value(one), type) == 0)
			return true;
	return false;
}

static inline bool schema_in_enum(const json_t *list, const json_t *value)
{
	const json_t *one;
	size_t i;

	if (list == NULL)
		return true;
	json_array_foreach (list, i, one)
		if (json_equal(one, value))
			return true;
	return false;
}

static inline bool schema_value_ok(const struct schema_property *property, const json_t *value)
{
	const json_t *minimum = json_object_get(property->rule, "minimum");
	const json_t *maximum = json_object_get(property->rule, "maximum");

	if (!schema_allows_type(property, schema_type(value)) ||
	    !schema_in_enum(json_object_get(property->rule, "enum"), value))
		return false;
	if (json_is_string(value) && property->has_pattern)
		return regexec(&property->pattern, json_string_value(value), 0, NULL, 0) == 0;
	if (json_is_integer(value) && minimum != NULL &&
	    json_integer_value(value) < json_integer_value(minimum))
		return false;
	return !json_is_integer(value) || maximum == NULL ||
	       json_integer_value(value) <= json_integer_value(maximum);
}

/* NULL, or the name of the property that breaks the schema. */
static inline const char *schema_check(const struct schema *schema, json_t *object)
{
	const struct schema_property *property;
	const char *name;
	json_t *value;

	if (!json_is_object(object))
		return "the line itself";
	json_object_foreach (object, name, value) {
		property = schema_property(schema, name);
		if (property == NULL || !schema_value_ok(property, value))
			return name;
	}
	return NULL;
}
