/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A set of 64-bit keys that only grows, for 10^8 of them: its memory is taken once, 11 bytes a key,
 * and nothing moves afterwards. Open addressing with linear probing, at most three quarters full.
 */
struct key_set {
	uint64_t *slot; /* 0 is empty */
	uint64_t size;
};

/* Room for `most` keys; -ENOMEM. */
int key_set_init(struct key_set *set, uint64_t most);
void key_set_fini(struct key_set *set);

/* Where a key belongs: its bits are spread (the finalizer of MurmurHash3, a bijection), and the
 * upper ones taken as a fraction of the size. */
static inline uint64_t *key_set_place(const struct key_set *set, uint64_t key)
{
	key = (key ^ key >> 33) * UINT64_C(0xff51afd7ed558ccd);
	key = (key ^ key >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	key ^= key >> 33;
	return &set->slot[(uint64_t)((unsigned __int128)key * set->size >> 64)];
}

/* Fetches what key_set_add() needs; some adds earlier, it is there in time. */
static inline void key_set_prefetch(const struct key_set *set, uint64_t key)
{
	__builtin_prefetch(key_set_place(set, key), 1);
}

/* True if the key, which is not 0, was not there yet. Not more than `most` may be. */
static inline bool key_set_add(struct key_set *set, uint64_t key)
{
	uint64_t *at = key_set_place(set, key), *end = set->slot + set->size;

	while (*at != 0) {
		if (*at == key)
			return false;
		if (++at == end)
			at = set->slot;
	}
	*at = key;
	return true;
}
