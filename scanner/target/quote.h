/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>

enum { QUOTE_MAX = 64 };

/* The user's text for an error message: cut when it is long, and with nothing in it that a terminal
 * would obey. Returns buf. */
const char *quote(char buf[QUOTE_MAX], const char *text, size_t len);
