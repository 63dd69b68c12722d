/* SPDX-License-Identifier: BSD-3-Clause */

#include "sample.h"

#include <errno.h>
#include <stdlib.h>

enum { RUN = 64 }; /* sampled offsets of a claim */

/* The least offset that is in the sample and not below `from`. */
static uint64_t sample_at(const struct sample *s, uint64_t from)
{
	uint64_t mask = (UINT64_C(1) << s->bits) - 1;

	return from + ((s->residue - from) & mask);
}

int sample_create(const struct walk *w, unsigned bits, uint64_t first, uint64_t draw,
		  struct sample **sample)
{
	uint64_t words = (w->length >> bits) / 64 + 1;
	struct sample *s = calloc(1, sizeof(*s));

	*sample = s;
	if (s == NULL)
		return -ENOMEM;
	s->bits = bits;
	s->residue = draw & ((UINT64_C(1) << bits) - 1);
	s->first = s->cursor = first;
	s->length = w->length;
	if (sample_at(s, first) < s->length)
		s->size = ((s->length - 1 - sample_at(s, first)) >> bits) + 1;
	s->answered = calloc(words, sizeof(uint64_t));
	s->again = calloc(words, sizeof(uint64_t));
	return s->answered == NULL || s->again == NULL ? -ENOMEM : 0;
}

void sample_destroy(struct sample *s)
{
	if (s == NULL)
		return;
	free(s->answered);
	free(s->again);
	free(s);
}

void sample_begin(struct sample *s)
{
	__atomic_store_n(&s->begun, true, __ATOMIC_RELEASE);
}

bool sample_waits(const struct sample *s)
{
	return sample_has_begun(s) && __atomic_load_n(&s->cursor, __ATOMIC_ACQUIRE) < s->length;
}

bool sample_claim(struct sample *s, uint64_t *first, uint64_t *end)
{
	uint64_t run = (uint64_t)RUN << s->bits;

	if (!sample_waits(s)) /* looked at first, so that nobody winds it up */
		return false;
	*first = __atomic_fetch_add(&s->cursor, run, __ATOMIC_ACQ_REL);
	if (*first >= s->length)
		return false;
	*end = s->length - *first < run ? s->length : *first + run;
	return true;
}

unsigned sample_next(const struct sample *s, const struct walk *w, uint64_t *next, uint64_t end,
		     uint64_t *at, uint64_t *index, unsigned n)
{
	unsigned found = 0;

	while (found < n && *next < end) {
		uint64_t one = sample_at(s, *next);

		*next = one < end ? one + 1 : end;
		if (one < end)
			found += walk_next(w, &one, one + 1, &at[found], &index[found], 1);
	}
	return found;
}

/* --- answers --- */

static bool bit_set(uint64_t *map, uint64_t k)
{
	uint64_t bit = UINT64_C(1) << (k % 64);

	return __atomic_fetch_or(&map[k / 64], bit, __ATOMIC_RELAXED) & bit;
}

bool sample_mark(struct sample *s, uint64_t offset, bool again)
{
	return bit_set(again ? s->again : s->answered, offset >> s->bits);
}

bool sample_answered(const struct sample *s, uint64_t offset)
{
	uint64_t k = offset >> s->bits;

	return __atomic_load_n(&s->answered[k / 64], __ATOMIC_RELAXED) >> (k % 64) & 1;
}

struct sample_count sample_count(const struct sample *s, uint64_t first, uint64_t end)
{
	struct sample_count count = {0};

	end = end < s->length ? end : s->length;
	for (uint64_t at = sample_at(s, first < s->first ? s->first : first); at < end;
	     at += UINT64_C(1) << s->bits) {
		uint64_t k = at >> s->bits;
		uint64_t again = __atomic_load_n(&s->again[k / 64], __ATOMIC_RELAXED) >> (k % 64);

		count.again += again & 1;
		count.both += (again & 1) != 0 && sample_answered(s, at);
	}
	return count;
}
