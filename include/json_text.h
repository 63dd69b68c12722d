/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>

#include <jansson.h>

/*
 * JSON to text and back, whole or not at all. When jansson (2.14) cannot get memory for more of a
 * word or a text, it goes on without: 198.51.100.0/24 becomes 198.51.100.0/2, and nobody is told.
 * So its allocations are watched here, and with one refused there is no result. Any thread.
 */

/* The JSON text of len bytes, keys named twice refused; NULL, and *error (unless that is NULL) says
 * why: line is -1 when out of memory. */
json_t *json_from_text(const char *text, size_t len, json_error_t *error);

/* As json_dumps(): the caller frees it. NULL when out of memory, or json is NULL. */
char *json_to_text(const json_t *json, size_t flags);
