/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * A set of denied IPv4 addresses that lcores look into while it grows. Three levels, so that most
 * look-ups end in 64 KiB: a byte for each /16, a word for each /24 where a /16 is mixed, 256 bits
 * where a /24 is.
 * One writer. Readers need no lock as long as it only denies.
 */
struct gate_map {
	uint8_t *block;	     /* of each /16: MAP_ALLOW, MAP_DENY, MAP_MIXED */
	uint32_t *net;	     /* of each /24: MAP_ALLOW, MAP_DENY, or MAP_MIXED + its leaf */
	uint64_t (*leaf)[4]; /* a bit for each address, 1 is denied */
	uint32_t n_leaves;   /* used; each /24 has at most one, and keeps it */
};

enum { MAP_ALLOW, MAP_DENY, MAP_MIXED };

/* Everything is allowed. 0 or -errno. */
int gate_map_init(struct gate_map *map);
void gate_map_fini(struct gate_map *map);

/* Denies first ... last, or, before readers come, allows it again. */
void gate_map_set(struct gate_map *map, uint32_t first, uint32_t last, bool deny);

static inline bool gate_map_denies(const struct gate_map *map, uint32_t addr)
{
	uint32_t state = __atomic_load_n(&map->block[addr >> 16], __ATOMIC_ACQUIRE);
	uint64_t bits;

	if (state != MAP_MIXED)
		return state == MAP_DENY;
	state = __atomic_load_n(&map->net[addr >> 8], __ATOMIC_ACQUIRE);
	if (state < MAP_MIXED)
		return state == MAP_DENY;
	bits = __atomic_load_n(&map->leaf[state - MAP_MIXED][addr >> 6 & 3], __ATOMIC_RELAXED);
	return bits >> (addr & 63) & 1;
}
