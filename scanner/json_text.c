/* SPDX-License-Identifier: BSD-3-Clause */

#include "json_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static __thread bool refused;

static void *json_alloc(size_t size)
{
	void *memory = malloc(size);

	if (memory == NULL)
		refused = true;
	return memory;
}

static void json_watch(void)
{
	json_set_alloc_funcs(json_alloc, free);
	refused = false;
}

json_t *json_from_text(const char *text, size_t len, json_error_t *error)
{
	json_t *json;

	json_watch();
	json = json_loadb(text, len, JSON_REJECT_DUPLICATES, error);
	if (!refused)
		return json;
	json_decref(json);
	if (error != NULL) {
		error->line = -1;
		snprintf(error->text, sizeof(error->text), "out of memory");
	}
	return NULL;
}

char *json_to_text(const json_t *json, size_t flags)
{
	char *text;

	json_watch();
	text = json_dumps(json, flags);
	if (!refused)
		return text;
	free(text);
	return NULL;
}
