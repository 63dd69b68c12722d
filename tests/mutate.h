/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <ctype.h>

#include "test.h"

/* One to four bytes changed, taken out, doubled, or the end cut off; changed in a third of the
 * cases to another one of their kind, which leaves the syntax as it is. Returns the new length. */
static inline size_t test_mutate(char *text, size_t len, uint64_t *random)
{
	unsigned changes = 1 + (unsigned)(test_random(random) % 4);

	while (changes-- > 0 && len > 0) {
		size_t at = test_random(random) % len;

		switch (test_random(random) % 6) {
		case 0:
			text[at] = (char)test_random(random);
			break;
		case 1:
			text[at] ^= (char)(1 << test_random(random) % 8);
			break;
		case 2:
			memmove(text + at, text + at + 1, --len - at);
			break;
		case 3:
			memmove(text + at + 1, text + at, len - at - 1); /* the last one goes */
			break;
		default:
			if (isdigit((unsigned char)text[at]))
				text[at] = (char)('0' + test_random(random) % 10);
			else if (islower((unsigned char)text[at]))
				text[at] = (char)('a' + test_random(random) % 26);
			else if (test_random(random) % 8 == 0)
				len = at + 1;
		}
	}
	return len;
}
