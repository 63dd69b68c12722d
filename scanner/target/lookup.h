/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

/*
 * Which range holds a number? The ranges lie end to end in ascending order and are given by their
 * last numbers. A table cuts the span from the smallest to the largest number into equal buckets
 * and knows for each the ranges that it touches, mostly one or two: between these it is a binary
 * search. So a look-up costs two or three loads when numbers are spread, and never more than the
 * logarithm.
 */
struct lookup {
	const uint32_t *last; /* strictly ascending; belongs to the caller */
	uint32_t *bucket;     /* bucket[b]: the first range that reaches into bucket b */
	uint32_t base, shift; /* number x is in bucket (x - base) >> shift */
};

/* n >= 1, base <= last[0]. 0 or -ENOMEM. */
int lookup_init(struct lookup *l, const uint32_t *last, uint32_t n, uint32_t base);
void lookup_fini(struct lookup *l);

/* The first i with x <= last[i]. x must be in base ... last[n - 1]. */
static inline uint32_t lookup_find(const struct lookup *l, uint32_t x)
{
	uint32_t b = (x - l->base) >> l->shift;
	uint32_t low = l->bucket[b], high = l->bucket[b + 1];

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (l->last[mid] < x)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}
