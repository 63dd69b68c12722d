/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include "pairset.h"
#include "rangeset.h"
#include "target.h"

/*
 * The one parser of addresses in lists. A word is
 *
 *	192.0.2.1		an address
 *	192.0.2.0/24		a prefix; host bits are ignored, as ZMap does
 *	192.0.2.1-192.0.2.9	a range, both ends included
 *	192.0.2.1:80		one port of one address, where pairs are wanted
 *
 * In an argument, commas separate words. In a file there is one a line; '#' begins a comment,
 * blanks around the word, empty lines and CRLF are fine, anything else after the word is not.
 */

enum listing_kind { LISTING_ARGUMENT, LISTING_FILE };

/* What a list is read into. Both sets still have to be normalised. */
struct target_words {
	struct rangeset *addrs;
	struct pairset *pairs; /* NULL: pairs are an error */
	bool prefixes_only;    /* only addresses and prefixes without host bits */
};

/* Adds what list says. 0; EXIT_USAGE for an argument, EXIT_INPUT with line and column for a file.
 */
int target_parse(const struct listing *list, enum listing_kind kind, struct target_words *to,
		 struct err *err);
