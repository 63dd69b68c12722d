/* SPDX-License-Identifier: BSD-3-Clause */

#include "spans.h"

#include "vec.h"

int spans_add(struct spans *spans, uint64_t first, uint64_t end)
{
	return first < end ? vec_push(spans, ((struct span){first, end})) : 0;
}

static int compare_span(const void *a, const void *b)
{
	uint64_t x = ((const struct span *)a)->first, y = ((const struct span *)b)->first;

	return (x > y) - (x < y);
}

void spans_settle(struct spans *spans)
{
	size_t kept = 0;

	if (spans->n != 0)
		qsort(spans->at, spans->n, sizeof(*spans->at), compare_span);
	for (size_t i = 0; i < spans->n; i++) {
		struct span next = spans->at[i];

		if (kept == 0 || next.first > spans->at[kept - 1].end)
			spans->at[kept++] = next;
		else if (next.end > spans->at[kept - 1].end)
			spans->at[kept - 1].end = next.end;
	}
	spans->n = kept;
}

void spans_fini(struct spans *spans)
{
	vec_free(spans);
}
