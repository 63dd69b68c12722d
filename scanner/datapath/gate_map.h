/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * A set of denied IPv4 addresses that lcores look into while it grows. The truth has three levels:
 * a byte for each /16, a word for each /24 where a /16 is mixed, 256 bits where a /24 is. Before
 * them stand two bitmaps that answer nearly every look-up, for nearly every probe is allowed: a bit
 * for each /16 (8 KiB, stays in the first cache) and for each /24 (2 MiB) in which anything may be
 * denied.
 * One writer. Readers need no lock as long as it only denies.
 */
struct gate_map {
	uint8_t *block;	     /* of each /16: MAP_ALLOW, MAP_DENY, MAP_MIXED */
	uint32_t *net;	     /* of each /24: MAP_ALLOW, MAP_DENY, or MAP_MIXED + its leaf */
	uint64_t (*leaf)[4]; /* a bit for each address, 1 is denied */
	uint32_t n_leaves;   /* used; each /24 has at most one, and keeps it */
	uint64_t *some16;    /* a bit for each /16: something in it may be denied */
	uint64_t *some24;    /* likewise for each /24 */
};

enum { MAP_ALLOW, MAP_DENY, MAP_MIXED };

/* Everything is allowed. 0 or -errno. */
int gate_map_init(struct gate_map *map);
void gate_map_fini(struct gate_map *map);

/* Denies first ... last, or, before readers come, allows it again. */
void gate_map_set(struct gate_map *map, uint32_t first, uint32_t last, bool deny);

/* Whether anything near addr is denied: first a look for its /16, then one for its /24. */
static inline bool gate_map_some16(const struct gate_map *map, uint32_t addr)
{
	return __atomic_load_n(&map->some16[addr >> 22], __ATOMIC_RELAXED) >> (addr >> 16 & 63) & 1;
}

static inline bool gate_map_some24(const struct gate_map *map, uint32_t addr)
{
	return __atomic_load_n(&map->some24[addr >> 14], __ATOMIC_RELAXED) >> (addr >> 8 & 63) & 1;
}

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
