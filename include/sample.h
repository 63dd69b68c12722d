/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "walk.h"

/*
 * A random sample of a walk's targets, which is probed once more when all is sent: of those that
 * answer then, how many had answered before? That share is the coverage of the scan, whatever share
 * of the targets is silent: two captures of one population, as Lincoln and Petersen count it (see
 * Seber, The Estimation of Animal Abundance, 1982, chapter 3).
 *
 * The order is a random one, so every 2^bits-th offset of it, from a random one on, is a random
 * sample, and an offset leads to its bits without a look-up. Lcores claim and mark; the main thread
 * makes it, begins it, and reads what was marked.
 */

struct sample {
	/* const once made */
	unsigned bits;
	uint64_t residue; /* of the sampled offsets */
	uint64_t first;	  /* offsets below are not in it */
	uint64_t length;  /* of the walk */
	uint64_t size;	  /* offsets that are in it, gaps too */

	uint64_t cursor;	    /* offsets below are claimed; lcores, atomic */
	bool begun;		    /* main; lcores read */
	uint64_t *answered, *again; /* bit k is that of offset k * 2^bits + residue; atomic */
};

/* The largest share that can be asked for is all, the least one in 2^32. */
enum { SAMPLE_BITS_MAX = 32 };

/* One in 2^bits of the offsets [first, w->length), beginning at `draw` modulo 2^bits, which is to
 * be random. 0 or -ENOMEM. */
int sample_create(const struct walk *w, unsigned bits, uint64_t first, uint64_t draw,
		  struct sample **sample);
void sample_destroy(struct sample *s);

/* From now on it is claimed. Main thread. */
void sample_begin(struct sample *s);

/* Any thread. */
static inline bool sample_has_begun(const struct sample *s)
{
	return __atomic_load_n(&s->begun, __ATOMIC_ACQUIRE);
}

/* Whether it has begun, and not all is claimed. Any thread. */
bool sample_waits(const struct sample *s);

/* The next run of offsets, for the calling lcore alone. False when there is none. */
bool sample_claim(struct sample *s, uint64_t *first, uint64_t *end);

/* As walk_next(), but only what is in the sample. */
unsigned sample_next(const struct sample *s, const struct walk *w, uint64_t *next, uint64_t end,
		     uint64_t *at, uint64_t *index, unsigned n);

static inline bool sample_has(const struct sample *s, uint64_t offset)
{
	return (offset & ((UINT64_C(1) << s->bits) - 1)) == s->residue && offset >= s->first;
}

/* The target at offset, which sample_has(), answered: to the probe of the sample (again), or to one
 * before. Returns whether an answer of this kind had been marked already. */
bool sample_mark(struct sample *s, uint64_t offset, bool again);

/* Whether the target at offset, which sample_has(), has answered a probe before that of the sample.
 */
bool sample_answered(const struct sample *s, uint64_t offset);

/* Of the offsets [first, end): how many answered the sample's probe, and an earlier one as well. */
struct sample_count {
	uint64_t again, both;
};
struct sample_count sample_count(const struct sample *s, uint64_t first, uint64_t end);
