/* SPDX-License-Identifier: BSD-3-Clause */

#include "permute_isa.h"

#include <errno.h>

/*
 * The idea. Write the numbers 0, 1, 2, ... row by row into a rectangle with `left` rows of
 * 2^right_bits cells, so that a number is a row L and a column R. Now shuffle in rounds, each of
 * which moves every cell by something that depends on the *other* coordinate only:
 *
 *	rotate each column by an amount that depends on the column:	L = (L + F(R)) mod left
 *	flip bits of the column numbers by a mask that depends on the row:	R = R xor F(L)
 *
 * A column that is rotated loses no cell, and neither does a row whose columns trade places. So
 * every round is a bijection, whatever F does, and so are any number of rounds; and since the
 * coordinate that F has seen is still there, a round is undone by subtracting instead of adding.
 * F itself need not be invertible: it only has to look random, and to differ from round to round
 * and from seed to seed, which keys see to.
 *
 * Why a rectangle and not a square of powers of two, as textbooks have it: its number of cells
 * then exceeds the space by less than a row (t = 2^right_bits is about the root of the size)
 * instead of up to four times, and what is not in the space must be walked over at run time.
 * Rows are rotated by adding because `left` is any number; columns may be xor'ed because there are
 * 2^right_bits of them.
 *
 * Why this many rounds: after two, neighbours in a row still share much; with three, single
 * coordinates look random; the fourth mixes the column once more with the final row. The tests
 * measure it: counts over prefixes and ports, neighbours in time, crowding of any /24.
 *
 * No division, no table, no branch: all is multiplication, shift and xor on 32-bit words.
 */

enum {
	BLOCK = 16
}; /* positions that go through a round together: they do not wait for each other,
      and the compiler may use vectors */

/* splitmix64 (Steele, Lea, Flood 2014): 64 well mixed bits a call. */
static uint64_t seed_next(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

int permute_init(struct permute *p, uint64_t size, uint64_t seed)
{
	uint32_t bits = 0;

	if (size == 0 || size > PERMUTE_SIZE_MAX)
		return -EINVAL;
	while ((size - 1) >> bits != 0)
		bits++;

	p->isa = isa_choose();
	p->size = size;
	p->right_bits = bits / 2;
	p->left = (uint32_t)(((size - 1) >> p->right_bits) + 1);
	p->domain = (uint64_t)p->left << p->right_bits;
	for (int round = 0; round < PERMUTE_ROUNDS; round++) {
		uint64_t key = seed_next(&seed);

		p->key[round][0] = (uint32_t)key;
		p->key[round][1] = (uint32_t)(key >> 32);
	}
	return 0;
}

/*
 * F: a number below n, random to look at, from x and a round's key. The multipliers are those of
 * MurmurHash3's finalizer (Appleby); a product's high bits depend on all bits below them, so the
 * shift brings them down for the second product, and the range is cut from the top: h * n / 2^32.
 */
static inline uint32_t mix(uint32_t x, const uint32_t key[2], uint32_t n)
{
	x ^= key[0];
	x *= 0x85ebca6b;
	x ^= x >> 15;
	x += key[1];
	x *= 0xc2b2ae35;
	x ^= x >> 16;
	x *= 0x9e3779b1;
	return (uint32_t)((uint64_t)x * n >> 32);
}

static inline uint32_t min32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* a + b and a - b modulo n, for a, b < n < 2^31: the one that did not wrap is the smaller one. */
static inline uint32_t add_mod(uint32_t a, uint32_t b, uint32_t n)
{
	return min32(a + b, a + b - n);
}

static inline uint32_t sub_mod(uint32_t a, uint32_t b, uint32_t n)
{
	return min32(a - b, a - b + n);
}

static inline void forth_block(const struct permute *p, const uint64_t *pos, uint64_t *index,
			       unsigned n)
{
	uint32_t left[BLOCK] = {0}, right[BLOCK] = {0};
	uint32_t columns = UINT32_C(1) << p->right_bits;

	for (unsigned i = 0; i < n; i++) {
		left[i] = (uint32_t)(pos[i] >> p->right_bits);
		right[i] = (uint32_t)pos[i] & (columns - 1);
	}
	for (int round = 0; round < PERMUTE_ROUNDS; round += 2)
		for (unsigned i = 0; i < BLOCK; i++) {
			left[i] = add_mod(left[i], mix(right[i], p->key[round], p->left), p->left);
			right[i] ^= mix(left[i], p->key[round + 1], columns);
		}
	for (unsigned i = 0; i < n; i++)
		index[i] = (uint64_t)left[i] << p->right_bits | right[i];
}

static inline void back_block(const struct permute *p, const uint64_t *index, uint64_t *pos,
			      unsigned n)
{
	uint32_t left[BLOCK] = {0}, right[BLOCK] = {0};
	uint32_t columns = UINT32_C(1) << p->right_bits;

	for (unsigned i = 0; i < n; i++) {
		left[i] = (uint32_t)(index[i] >> p->right_bits);
		right[i] = (uint32_t)index[i] & (columns - 1);
	}
	for (int round = PERMUTE_ROUNDS - 2; round >= 0; round -= 2)
		for (unsigned i = 0; i < BLOCK; i++) {
			right[i] ^= mix(left[i], p->key[round + 1], columns);
			left[i] = sub_mod(left[i], mix(right[i], p->key[round], p->left), p->left);
		}
	for (unsigned i = 0; i < n; i++)
		pos[i] = (uint64_t)left[i] << p->right_bits | right[i];
}

static void plain_forth(const struct permute *p, const uint64_t *pos, uint64_t *index, unsigned n)
{
	for (; n > BLOCK; n -= BLOCK, pos += BLOCK, index += BLOCK)
		forth_block(p, pos, index, BLOCK);
	forth_block(p, pos, index, n);
}

static void plain_back(const struct permute *p, const uint64_t *index, uint64_t *pos, unsigned n)
{
	for (; n > BLOCK; n -= BLOCK, pos += BLOCK, index += BLOCK)
		back_block(p, index, pos, BLOCK);
	back_block(p, index, pos, n);
}

static unsigned plain_next(const struct permute *p, uint64_t *next, uint64_t end, uint64_t *pos,
			   uint64_t *index, unsigned n)
{
	return permute_walk(p, plain_forth, next, end, pos, index, n);
}

const struct permute_isa permute_plain = {
	.forth = plain_forth,
	.back = plain_back,
	.next = plain_next,
};

static const struct permute_isa *const isas[] = {
	[ISA_PLAIN] = &permute_plain,
	[ISA_AES] = &permute_plain,
#ifdef __x86_64__
	[ISA_AVX2] = &permute_avx2,
	[ISA_AVX512] = &permute_avx512,
#endif
};

void permute_forth(const struct permute *p, const uint64_t *pos, uint64_t *index, unsigned n)
{
	isas[p->isa]->forth(p, pos, index, n);
}

void permute_back(const struct permute *p, const uint64_t *index, uint64_t *pos, unsigned n)
{
	isas[p->isa]->back(p, index, pos, n);
}

unsigned permute_next(const struct permute *p, uint64_t *next, uint64_t end, uint64_t *pos,
		      uint64_t *index, unsigned n)
{
	return isas[p->isa]->next(p, next, end, pos, index, n);
}
