/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Steps of a stream, as spans [first, end). Zeroed memory has none; spans_fini() frees them.
 */

struct span {
	uint64_t first, end;
};

struct spans {
	struct span *at;
	size_t n, cap;
};

/* Adds [first, end), unless it is empty; in any order. 0 or -ENOMEM. */
int spans_add(struct spans *spans, uint64_t first, uint64_t end);

/* Ascending, and those that touch or overlap become one. */
void spans_settle(struct spans *spans);

/* spans_settle(), and then those that are least apart become one, with what lies between, until
 * there are no more than most (not 0). */
void spans_limit(struct spans *spans, size_t most);

void spans_fini(struct spans *spans);
