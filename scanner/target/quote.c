/* SPDX-License-Identifier: BSD-3-Clause */

#include "quote.h"

#include <string.h>

const char *quote(char buf[QUOTE_MAX], const char *text, size_t len)
{
	static const char more[] = "...";
	size_t n = len < QUOTE_MAX ? len : QUOTE_MAX - sizeof(more);

	for (size_t i = 0; i < n; i++)
		buf[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	buf[n] = '\0';
	if (n < len)
		memcpy(buf + n, more, sizeof(more));
	return buf;
}
