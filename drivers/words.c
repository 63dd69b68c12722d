/* SPDX-License-Identifier: BSD-3-Clause */

#include "words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int words_add(struct words *words, const char *word)
{
	size_t cap = words->cap != 0 ? words->cap * 2 : 16;
	char **grown;

	if (words->n + 2 > words->cap) {
		grown = reallocarray(words->at, cap, sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		words->at = grown;
		words->cap = cap;
	}
	words->at[words->n] = strdup(word);
	if (words->at[words->n] == NULL)
		return -ENOMEM;
	words->at[++words->n] = NULL;
	return 0;
}

void words_fini(struct words *words)
{
	for (size_t i = 0; i < words->n; i++)
		free(words->at[i]);
	free(words->at);
	memset(words, 0, sizeof(*words));
}

static const char blanks[] = " \t\r\n";

/* One word from text into buf; returns where it ends, NULL when a quote is open. */
static const char *word_take(const char *text, char *buf)
{
	char quote = 0;

	for (; *text != '\0' && (quote != 0 || strchr(blanks, *text) == NULL); text++) {
		if (quote != 0 && *text == quote)
			quote = 0;
		else if (quote == 0 && (*text == '\'' || *text == '"'))
			quote = *text;
		else if (quote != '\'' && *text == '\\' && text[1] != '\0')
			*buf++ = *++text;
		else
			*buf++ = *text;
	}
	*buf = '\0';
	return quote == 0 ? text : NULL;
}

int words_split(struct words *words, const char *text)
{
	char *buf = malloc(strlen(text) + 1);
	int rc = 0;

	if (buf == NULL)
		return -ENOMEM;
	for (text += strspn(text, blanks); rc == 0 && *text != '\0'; text += strspn(text, blanks)) {
		text = word_take(text, buf);
		if (text == NULL) {
			rc = -EINVAL;
			break;
		}
		rc = words_add(words, buf);
	}
	free(buf);
	return rc;
}
