/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/*
 * A set of IPv4 addresses as ranges. rangeset_add() collects in any order; rangeset_normalise()
 * then makes the ranges sorted, disjoint and not even adjacent, which every function below it
 * expects. Zeroed memory is an empty, normal set.
 */

struct range {
	uint32_t first, last; /* inclusive, so that the whole space needs no 33rd bit */
};

struct rangeset {
	struct range *at;
	size_t n, cap;
};

/* 0 or -ENOMEM; first <= last */
int rangeset_add(struct rangeset *set, uint32_t first, uint32_t last);
void rangeset_normalise(struct rangeset *set);
void rangeset_fini(struct rangeset *set);

/* What is in a, but not in b; what is in both. out is another set, overwritten: its old memory is
 * not freed. 0, or -ENOMEM and out is empty. */
int rangeset_subtract(struct rangeset *out, const struct rangeset *a, const struct rangeset *b);
int rangeset_intersect(struct rangeset *out, const struct rangeset *a, const struct rangeset *b);

uint64_t rangeset_count(const struct rangeset *set);
bool rangeset_contains(const struct rangeset *set, uint32_t addr);
bool rangeset_overlaps(const struct rangeset *set, struct range range);

enum { PREFIX_TEXT = ADDR4_TEXT + 3 };

/* The smallest prefix that covers a range, as text. Returns buf. */
const char *range_prefix(char buf[PREFIX_TEXT], struct range range);
