/* SPDX-License-Identifier: BSD-3-Clause */

#include "pairset.h"

#include <stdbool.h>

#include "vec.h"

int pairset_add(struct pairset *set, uint64_t pair)
{
	return vec_push(set, pair);
}

void pairset_fini(struct pairset *set)
{
	vec_free(set);
}

static int pair_compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static bool pairset_sorted(const struct pairset *set)
{
	for (size_t i = 1; i < set->n; i++)
		if (set->at[i - 1] > set->at[i])
			return false;
	return true;
}

void pairset_normalise(struct pairset *set)
{
	size_t kept = 0;

	if (set->n == 0)
		return;
	if (!pairset_sorted(set))
		qsort(set->at, set->n, sizeof(*set->at), pair_compare);
	for (size_t i = 1; i < set->n; i++)
		if (set->at[i] != set->at[kept])
			set->at[++kept] = set->at[i];
	set->n = kept + 1;
}

size_t pairset_below(const struct pairset *set, uint64_t pair)
{
	size_t low = 0, high = set->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (set->at[mid] < pair)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}
