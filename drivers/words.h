/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>

/* A list of words of its own memory, NULL-terminated like argv. Zeroed memory is an empty list. */
struct words {
	char **at;
	size_t n, cap;
};

int words_add(struct words *words, const char *word); /* 0 or -ENOMEM */
void words_fini(struct words *words);

/*
 * Appends the words of text, as a shell would split it: at blanks, with 'quotes', "quotes" and
 * \ before a character that is meant. Nothing is expanded. -EINVAL for an open quote.
 */
int words_split(struct words *words, const char *text);
