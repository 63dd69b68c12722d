/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * A set of denied IPv4 addresses that lcores look into while it grows. The truth has three levels:
 * a byte for each /16, a word for each /24 where a /16 is mixed, 256 bits where a /24 is. Before
 * them stand bitmaps, for nearly every probe is allowed, and the truth about very many prefixes is
 * in no cache. All say that something may be denied: in a /16 (8 KiB, stays in the first cache), a
 * /20 (128 KiB, in the second), a /24 (2 MiB, in the third). Of a /24, either all may be (2 MiB),
 * or some of its /28, of which 32 share a bit (1 MiB). One writer. Readers need no lock as long as
 * it only denies.
 */
struct gate_map {
	uint8_t *block;	     /* of each /16: MAP_ALLOW, MAP_DENY, MAP_MIXED */
	uint32_t *net;	     /* of each /24: MAP_ALLOW, MAP_DENY, or MAP_MIXED + its leaf */
	uint64_t (*leaf)[4]; /* a bit for each address, 1 is denied */
	uint32_t n_leaves;   /* used; each /24 has at most one, and keeps it */
	uint64_t *some16;    /* a bit for each /16: something in it may be denied */
	uint64_t *some20;    /* likewise for each /20 */
	uint64_t *some24;    /* for each /24 */
	uint64_t *whole24;   /* for each /24: all of it may be denied */
	uint64_t *part28; /* for each /28, modulo GATE_PARTS, of a /24 that is not denied whole */
};

enum { MAP_ALLOW, MAP_DENY, MAP_MIXED };

#define GATE_PARTS (UINT32_C(1) << 23)

/* Everything is allowed. 0 or -errno. */
int gate_map_init(struct gate_map *map);
void gate_map_fini(struct gate_map *map);

/* Denies first ... last, or, before readers come, allows it again. */
void gate_map_set(struct gate_map *map, uint32_t first, uint32_t last, bool deny);

static inline bool gate_map_bit(const uint64_t *bits, uint32_t i)
{
	return __atomic_load_n(&bits[i / 64], __ATOMIC_RELAXED) >> i % 64 & 1;
}

/* After a look at the bitmap by /16 or by /20: is something in its /24? */
static inline bool gate_map_some_in_net(const struct gate_map *map, uint32_t addr)
{
	return gate_map_bit(map->some24, addr >> 8);
}

/* After that: is something in its /28? */
static inline bool gate_map_some_in_part(const struct gate_map *map, uint32_t addr)
{
	return gate_map_bit(map->part28, addr / 16 % GATE_PARTS) ||
	       gate_map_bit(map->whole24, addr >> 8);
}

/* Asks for what gate_map_some_in_net() reads. */
static inline void gate_map_fetch_net(const struct gate_map *map, uint32_t addr)
{
	__builtin_prefetch(&map->some24[(addr >> 8) / 64]);
}

/* Asks for what gate_map_some_in_part() reads. */
static inline void gate_map_fetch_part(const struct gate_map *map, uint32_t addr)
{
	__builtin_prefetch(&map->part28[addr / 16 % GATE_PARTS / 64]);
	__builtin_prefetch(&map->whole24[(addr >> 8) / 64]);
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
