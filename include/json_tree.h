/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "digest.h"

/*
 * JSON with nothing missing: what there is no memory for takes the whole tree away, so that it
 * becomes NULL in the end, and no file says less than it should. Trees may be NULL already, and so
 * may what is added; the value is the tree's from then on, or freed.
 */

static inline void tree_put(json_t **object, const char *key, json_t *value)
{
	if (json_object_set_new(*object, key, value) == 0)
		return;
	json_decref(*object);
	*object = NULL;
}

static inline void tree_add(json_t **array, json_t *value)
{
	if (json_array_append_new(*array, value) == 0)
		return;
	json_decref(*array);
	*array = NULL;
}

/* As hex_write() has n <= DIGEST_SIZE bytes. */
static inline json_t *tree_hex_new(const uint8_t *byte, size_t n)
{
	char text[DIGEST_HEX + 1];

	hex_write(byte, n, text);
	return json_string(text);
}

/* Values that must be there, and of their kind and within their bounds. */

static inline bool tree_number(const json_t *object, const char *key, uint64_t most, uint64_t *n)
{
	const json_t *value = json_object_get(object, key);

	*n = (uint64_t)json_integer_value(value);
	return json_is_integer(value) && json_integer_value(value) >= 0 && *n <= most;
}

static inline bool tree_truth(const json_t *object, const char *key, bool *truth)
{
	const json_t *value = json_object_get(object, key);

	*truth = json_is_true(value);
	return json_is_boolean(value);
}

static inline bool tree_hex(const json_t *object, const char *key, uint8_t *byte, size_t n)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL && hex_read(text, byte, n);
}
