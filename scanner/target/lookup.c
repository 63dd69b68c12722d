/* SPDX-License-Identifier: BSD-3-Clause */

#include "lookup.h"

#include <errno.h>
#include <stdlib.h>

enum {
	BUCKETS_PER_RANGE = 4, /* more buckets: fewer steps, more memory */
	BUCKETS_MIN = 1024,    /* 4 KiB stay in the first cache */
};

int lookup_init(struct lookup *l, const uint32_t *last, uint32_t n, uint32_t base)
{
	uint32_t span = last[n - 1] - base;
	uint64_t wanted = (uint64_t)n * BUCKETS_PER_RANGE, buckets;
	uint32_t i = 0;

	if (wanted < BUCKETS_MIN)
		wanted = BUCKETS_MIN;
	*l = (struct lookup){.last = last, .base = base};
	while (span >> l->shift >= wanted)
		l->shift++;
	buckets = (uint64_t)(span >> l->shift) + 1;

	l->bucket = malloc((buckets + 1) * sizeof(*l->bucket));
	if (l->bucket == NULL)
		return -ENOMEM;
	for (uint64_t b = 0; b < buckets; b++) {
		while (last[i] - base < b << l->shift)
			i++;
		l->bucket[b] = i;
	}
	l->bucket[buckets] = n - 1;
	return 0;
}

void lookup_fini(struct lookup *l)
{
	free(l->bucket);
	l->bucket = NULL;
}
