/* SPDX-License-Identifier: BSD-3-Clause */

#include "spans.h"

#include "vec.h"

int spans_add(struct spans *spans, uint64_t first, uint64_t end)
{
	if (first >= end)
		return 0;
	if (spans->n != 0 && spans->at[spans->n - 1].end == first) {
		spans->at[spans->n - 1].end = end;
		return 0;
	}
	return vec_push(spans, ((struct span){first, end}));
}

static int compare_span(const void *a, const void *b)
{
	uint64_t x = ((const struct span *)a)->first, y = ((const struct span *)b)->first;

	return (x > y) - (x < y);
}

/* Those that are no further than gap apart become one. */
static void spans_join(struct spans *spans, uint64_t gap)
{
	size_t kept = 0;

	for (size_t i = 0; i < spans->n; i++) {
		struct span next = spans->at[i];

		if (kept == 0 || (next.first > spans->at[kept - 1].end &&
				  next.first - spans->at[kept - 1].end > gap))
			spans->at[kept++] = next;
		else if (next.end > spans->at[kept - 1].end)
			spans->at[kept - 1].end = next.end;
	}
	spans->n = kept;
}

void spans_settle(struct spans *spans)
{
	if (spans->n != 0)
		qsort(spans->at, spans->n, sizeof(*spans->at), compare_span);
	spans_join(spans, 0);
}

void spans_limit(struct spans *spans, size_t most)
{
	spans_settle(spans);
	for (uint64_t gap = 1; spans->n > most; gap *= 2)
		spans_join(spans, gap);
}

void spans_fini(struct spans *spans)
{
	vec_free(spans);
}
