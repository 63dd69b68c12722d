/* SPDX-License-Identifier: BSD-3-Clause */

#include "dedup.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define WINDOW	 DEDUP_EXACT_MAX
#define FINE_MAX (UINT64_C(1) << 31) /* longest pass with a bit for each state */
#define MARGIN	 (UINT64_C(1) << 20)

static_assert(STATE_COUNT == 4, "four bits hold the states");

struct dedup {
	uint64_t *words;
	size_t size;   /* bytes mapped */
	uint64_t mask; /* offset & mask is its place */
	bool windowed;
	bool fine;  /* a bit for each state */
	bool alone; /* no other lcore changes words */
};

int dedup_create(uint64_t length, struct dedup **dedup)
{
	struct dedup *d = calloc(1, sizeof(*d));
	uint64_t places = length < WINDOW ? length : WINDOW;

	if (d == NULL)
		return -ENOMEM;
	d->windowed = length > WINDOW;
	d->fine = length <= FINE_MAX;
	d->mask = d->windowed ? WINDOW - 1 : UINT64_MAX;
	d->size = (size_t)((d->fine ? places / 16 : places / 32) + 1) * sizeof(*d->words);
	d->words = mmap(NULL, d->size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (d->words == MAP_FAILED) {
		free(d);
		return -ENOMEM;
	}
	/* fewer TLB misses; without them it works as well */
	(void)madvise(d->words, d->size, MADV_HUGEPAGE);
	*dedup = d;
	return 0;
}

void dedup_destroy(struct dedup *d)
{
	if (d == NULL)
		return;
	munmap(d->words, d->size);
	free(d);
}

void dedup_alone(struct dedup *d)
{
	d->alone = !d->windowed; /* else dedup_claim() changes words, too */
}

static inline uint64_t *dedup_place(struct dedup *d, uint64_t offset, unsigned state, uint64_t *bit)
{
	uint64_t place = offset & d->mask;

	if (d->fine) {
		*bit = UINT64_C(1) << (place % 16 * 4 + state);
		return &d->words[place / 16];
	}
	*bit = UINT64_C(1) << (place % 32 * 2 + (state != STATE_OPEN));
	return &d->words[place / 32];
}

static bool dedup_mark(uint64_t *word, uint64_t bit)
{
	uint64_t old = __atomic_load_n(word, __ATOMIC_RELAXED);

	if ((old & bit) == 0)
		old = __atomic_fetch_or(word, bit, __ATOMIC_RELAXED);
	return (old & bit) != 0;
}

bool dedup_seen(struct dedup *d, uint64_t offset, enum record_state state)
{
	uint64_t bit, *word = dedup_place(d, offset, state, &bit);

	return dedup_mark(word, bit);
}

/* Nobody else writes: no lock, and no branch that depends on what is there. */
static uint64_t dedup_mark_alone(uint64_t *const *word, const uint64_t *bit, unsigned n)
{
	uint64_t seen = 0;

	for (unsigned i = 0; i < n; i++) {
		uint64_t old = __atomic_load_n(word[i], __ATOMIC_RELAXED);

		__atomic_store_n(word[i], old | bit[i], __ATOMIC_RELAXED);
		seen |= (uint64_t)((old & bit[i]) != 0) << i;
	}
	return seen;
}

uint64_t dedup_seen_burst(struct dedup *d, const uint64_t *offset, const uint8_t *state, unsigned n)
{
	uint64_t *word[64], bit[64], seen = 0;

	/* all words are fetched side by side, wherever they lie */
	for (unsigned i = 0; i < n; i++) {
		word[i] = dedup_place(d, offset[i], state[i], &bit[i]);
		__builtin_prefetch(word[i], 1);
	}
	if (d->alone)
		return dedup_mark_alone(word, bit, n);
	for (unsigned i = 0; i < n; i++)
		seen |= (uint64_t)dedup_mark(word[i], bit[i]) << i;
	return seen;
}

/* Bits of the places from ... to - 1 of one word, two each. */
static uint64_t place_bits(uint64_t from, uint64_t to)
{
	uint64_t below = to < 32 ? (UINT64_C(1) << 2 * to) - 1 : UINT64_MAX;

	return below & ~((UINT64_C(1) << 2 * from) - 1);
}

void dedup_claim(struct dedup *d, uint64_t first, uint64_t count)
{
	uint64_t at = first, end = first + count, stop, bits, *word;

	if (!d->windowed)
		return;
	for (; at < end; at = stop) {
		stop = (at | 31) + 1;
		if (stop > end)
			stop = end;
		bits = place_bits(at % 32, (stop - 1) % 32 + 1);
		word = &d->words[(at & d->mask) / 32];
		/* only what is set: reading leaves untouched memory untouched */
		if (__atomic_load_n(word, __ATOMIC_RELAXED) & bits)
			__atomic_fetch_and(word, ~bits, __ATOMIC_RELAXED);
	}
}

bool dedup_knows(const struct dedup *d, uint64_t offset, uint64_t front)
{
	if (!d->windowed)
		return true;
	return offset <= front && front - offset < WINDOW - MARGIN;
}
