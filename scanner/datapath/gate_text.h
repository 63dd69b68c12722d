/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "target.h"
#include "vec.h"

/*
 * The gate's own reader of address lists: address, CIDR (host bits are ignored) and a-b ranges,
 * separated by commas, blanks and line ends, with # comments. Stricter than it need be: what it
 * does not know is an error.
 */

struct gate_range {
	uint32_t first, last; /* inclusive */
};

struct gate_ranges {
	struct gate_range *at;
	size_t n, cap;
};

/*
 * Appends what the n listings name to *ranges, which the caller frees with vec_free(). 0, -ENOMEM,
 * or -EINVAL for a text it cannot read; err has EXIT_BOOKS, name and line.
 */
int gate_text_read(const struct listing *listing, size_t n, struct gate_ranges *ranges,
		   struct err *err);
