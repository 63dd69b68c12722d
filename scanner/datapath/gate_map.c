/* SPDX-License-Identifier: BSD-3-Clause */

#include "gate_map.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define BLOCKS (UINT32_C(1) << 16)
#define NETS   (UINT32_C(1) << 24)

/* Room for all there can be, so that nothing moves while lcores read; untouched pages cost nothing.
 */
static const size_t net_size = NETS * sizeof(uint32_t);
static const size_t leaf_size = NETS * sizeof(uint64_t[4]);
static const size_t some24_size = NETS / 8, part28_size = GATE_PARTS / 8;
static const size_t some20_size = BLOCKS * 16 / 8, some16_size = BLOCKS / 8;
static const size_t block_size = BLOCKS * sizeof(uint8_t);

static size_t map_size(void)
{
	return net_size + leaf_size + 2 * some24_size + part28_size + some20_size + some16_size +
	       block_size;
}

int gate_map_init(struct gate_map *map)
{
	uint8_t *at = mmap(NULL, map_size(), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		return -ENOMEM;
	map->net = (uint32_t *)at;
	map->leaf = (uint64_t(*)[4])(at += net_size);
	map->some24 = (uint64_t *)(at += leaf_size);
	map->whole24 = (uint64_t *)(at += some24_size);
	map->part28 = (uint64_t *)(at += some24_size);
	map->some20 = (uint64_t *)(at += part28_size);
	map->some16 = (uint64_t *)(at += some20_size);
	map->block = at + some16_size;
	map->n_leaves = 0;
	/* fewer TLB misses */
	madvise(map->some24, 2 * some24_size + part28_size, MADV_HUGEPAGE);
	return 0;
}

void gate_map_fini(struct gate_map *map)
{
	if (map->net != NULL)
		munmap(map->net, map_size());
}

static void bits_write(uint64_t *bits, uint64_t first, uint64_t end, bool deny)
{
	for (uint64_t i = first / 64; first < end; first = ++i * 64) {
		uint64_t word = UINT64_MAX << first % 64;

		if (end < (i + 1) * 64)
			word &= UINT64_MAX >> (64 - end % 64);
		__atomic_store_n(&bits[i], deny ? bits[i] | word : bits[i] & ~word,
				 __ATOMIC_RELEASE);
	}
}

static void leaf_set(uint64_t *leaf, unsigned first, unsigned last, bool deny)
{
	uint64_t bits;

	for (unsigned i = first / 64; i <= last / 64; i++) {
		bits = UINT64_MAX;
		if (i == first / 64)
			bits &= UINT64_MAX << first % 64;
		if (i == last / 64)
			bits &= UINT64_MAX >> (63 - last % 64);
		__atomic_store_n(&leaf[i], deny ? leaf[i] | bits : leaf[i] & ~bits,
				 __ATOMIC_RELAXED);
	}
}

/* Part of the /24 (an address >> 8): first ... last are its last octets. */
static void net_set(struct gate_map *map, uint32_t net, unsigned first, unsigned last, bool deny)
{
	uint32_t state = map->net[net], leaf, part = net * 16 % GATE_PARTS;

	if (deny && first == 0 && last == 255)
		bits_write(map->whole24, net, net + 1, true);
	else if (deny)
		bits_write(map->part28, part + first / 16, part + last / 16 + 1, true);
	if (state >= MAP_MIXED) {
		leaf_set(map->leaf[state - MAP_MIXED], first, last, deny);
		return;
	}
	if (first == 0 && last == 255) {
		__atomic_store_n(&map->net[net], deny ? MAP_DENY : MAP_ALLOW, __ATOMIC_RELEASE);
		return;
	}
	if ((state == MAP_DENY) == deny)
		return;
	leaf = map->n_leaves++;
	memset(map->leaf[leaf], state == MAP_DENY ? 0xff : 0, sizeof(map->leaf[leaf]));
	leaf_set(map->leaf[leaf], first, last, deny);
	__atomic_store_n(&map->net[net], MAP_MIXED + leaf, __ATOMIC_RELEASE);
}

/* Part of the /16 (an address >> 16): first ... last are its last two octets. */
static void block_set(struct gate_map *map, uint32_t block, unsigned first, unsigned last,
		      bool deny)
{
	uint8_t state = map->block[block];
	unsigned end;

	if (first == 0 && last == 0xffff) {
		if (deny)
			bits_write(map->whole24, block << 8, (block + 1) << 8, true);
		__atomic_store_n(&map->block[block], deny ? MAP_DENY : MAP_ALLOW, __ATOMIC_RELEASE);
		return;
	}
	if (state != MAP_MIXED) {
		if ((state == MAP_DENY) == deny)
			return;
		for (unsigned net = 0; net < 256; net++)
			net_set(map, block << 8 | net, 0, 255, state == MAP_DENY);
	}
	for (; first <= last; first = end + 1) {
		end = (first | 0xff) < last ? first | 0xff : last;
		net_set(map, block << 8 | first >> 8, first & 0xff, end & 0xff, deny);
	}
	__atomic_store_n(&map->block[block], MAP_MIXED, __ATOMIC_RELEASE);
}

/* In all prefixes that they touch, something may be denied; of those allowed, in the whole ones
 * nothing is. */
static void bits_set(uint64_t *bits, unsigned shift, uint64_t first, uint64_t last, bool deny)
{
	uint64_t inside = (UINT64_C(1) << shift) - 1;

	if (deny)
		bits_write(bits, first >> shift, (last >> shift) + 1, true);
	else
		bits_write(bits, (first + inside) >> shift, (last + 1) >> shift, false);
}

void gate_map_set(struct gate_map *map, uint32_t first, uint32_t last, bool deny)
{
	for (uint32_t block = first >> 16; block <= last >> 16; block++)
		block_set(map, block, block == first >> 16 ? first & 0xffff : 0,
			  block == last >> 16 ? last & 0xffff : 0xffff, deny);
	bits_set(map->some24, 8, first, last, deny);
	bits_set(map->some20, 12, first, last, deny);
	bits_set(map->some16, 16, first, last, deny);
}
