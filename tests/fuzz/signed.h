/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "digest.h"
#include "err.h"
#include "reach.h"

/*
 * Texts that end in the digest of what is before, which no fuzzer finds by itself: behind an S, an
 * input gets the right one; behind anything else, it is taken as it is.
 */

struct input {
	char *text; /* of exactly its size, so that the sanitizer sees each byte too many */
	size_t len;
};

/* before and after: what the text has around the digest's digits. */
static struct input input_of(const uint8_t *data, size_t size, const char *before,
			     const char *after)
{
	const size_t len[] = {size > 0 ? size - 1 : 0, strlen(before), DIGEST_HEX, strlen(after)};
	char hex[DIGEST_HEX + 1];
	struct digest digest;
	struct input in = {.len = len[0]};

	if (size > 0 && data[0] == 'S')
		in.len += len[1] + len[2] + len[3];
	in.text = malloc(in.len > 0 ? in.len : 1);
	CHECK(in.text != NULL);
	if (len[0] > 0)
		memcpy(in.text, data + 1, len[0]);
	if (in.len == len[0])
		return in;
	digest_of(in.text, len[0], &digest);
	hex_write(digest.byte, DIGEST_SIZE, hex);
	memcpy(in.text + len[0], before, len[1]);
	memcpy(in.text + len[0] + len[1], hex, len[2]);
	memcpy(in.text + len[0] + len[1] + len[2], after, len[3]);
	return in;
}

/* Why a text is refused: the first places of reached[]. */
enum { DAMAGED, OTHER_VERSION, CONTRADICTS, TAKEN };

#define REACHED_REFUSED                                                                            \
	[DAMAGED] = {"damaged", 0}, [OTHER_VERSION] = {"other_version", 0},                        \
	[CONTRADICTS] = {"contradicts", 0}

/* It must be with a message of printable text. */
static void check_refused(const struct err *err)
{
	CHECK(err->code == EXIT_INPUT && err->text[0] != '\0');
	check_printable(err->text);
	if (strstr(err->text, "damaged") != NULL)
		reached[DAMAGED].n++;
	else if (strstr(err->text, "another version") != NULL)
		reached[OTHER_VERSION].n++;
	else
		reached[CONTRADICTS].n++;
}
