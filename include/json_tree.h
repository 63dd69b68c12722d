/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <jansson.h>

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
