/* SPDX-License-Identifier: BSD-3-Clause */

#include <endian.h>
#include <string.h>

#include "aes_isa.h"

/*
 * AES-128 bit by bit: slice 8 * i + b holds bit b of byte i of 64 blocks, one block in each of its
 * 64 bits. Every step of the cipher becomes ANDs and XORs of whole slices, so 64 blocks are done
 * side by side, and neither a table nor a branch can tell their contents to a cache or a clock.
 *
 * The S-box is an inversion in GF(2^8) and an affine map. Inverting is cheap in a smaller field, so
 * a byte is seen as h*y + l over GF(2^4) = GF(2)[z] / (z^4 + z + 1), with y^2 = y + L, L = z^3 + z:
 *
 *	1 / (h*y + l) = (h*y + h + l) / d,   d = L*h^2 + h*l + l^2 in GF(2^4)
 *
 * and there 1 / d = d^14 = d^2 * d^4 * d^8, where squares are linear. Both fields of 256 elements
 * are the same but for the names of the elements: the AES element x is here (z^2 + 1) * y, whose
 * powers are the columns of the linear map that to_tower() applies. from_tower() applies its
 *inverse and the affine map in one.
 */

enum { LANES = 64, SLICES = 128 };

struct nibble { /* an element of GF(2^4), in 64 lanes */
	uint64_t b0, b1, b2, b3;
};

static inline struct nibble nibble_add(struct nibble a, struct nibble b)
{
	return (struct nibble){a.b0 ^ b.b0, a.b1 ^ b.b1, a.b2 ^ b.b2, a.b3 ^ b.b3};
}

static inline struct nibble nibble_mul(struct nibble a, struct nibble b)
{
	/* the coefficients of z^4, z^5, z^6 come back as z + 1, z^2 + z, z^3 + z^2 */
	uint64_t z4 = (a.b1 & b.b3) ^ (a.b2 & b.b2) ^ (a.b3 & b.b1);
	uint64_t z5 = (a.b2 & b.b3) ^ (a.b3 & b.b2);
	uint64_t z6 = a.b3 & b.b3;

	return (struct nibble){
		(a.b0 & b.b0) ^ z4,
		(a.b0 & b.b1) ^ (a.b1 & b.b0) ^ z4 ^ z5,
		(a.b0 & b.b2) ^ (a.b1 & b.b1) ^ (a.b2 & b.b0) ^ z5 ^ z6,
		(a.b0 & b.b3) ^ (a.b1 & b.b2) ^ (a.b2 & b.b1) ^ (a.b3 & b.b0) ^ z6,
	};
}

static inline struct nibble nibble_square(struct nibble a)
{
	return (struct nibble){a.b0 ^ a.b2, a.b2, a.b1 ^ a.b3, a.b3};
}

/* L * a^2 */
static inline struct nibble nibble_square_l(struct nibble a)
{
	return (struct nibble){a.b2 ^ a.b3, a.b0 ^ a.b1, a.b1 ^ a.b2, a.b0 ^ a.b1 ^ a.b2};
}

/* 0 stays 0, as AES wants it */
static inline struct nibble nibble_invert(struct nibble a)
{
	struct nibble a2 = nibble_square(a), a4 = nibble_square(a2), a8 = nibble_square(a4);

	return nibble_mul(nibble_mul(a2, a4), a8);
}

static inline void to_tower(const uint64_t x[8], struct nibble *h, struct nibble *l)
{
	uint64_t x57 = x[5] ^ x[7];

	l->b0 = x[0] ^ x[2] ^ x57;
	l->b1 = x[2] ^ x[6] ^ x57;
	l->b2 = x[2];
	l->b3 = x[3] ^ x[4];
	h->b0 = x[1] ^ x57;
	h->b1 = x[2] ^ x[3];
	h->b2 = x[1] ^ x[4] ^ x[6] ^ x[7];
	h->b3 = x57;
}

static inline void from_tower(struct nibble h, struct nibble l, uint64_t s[8])
{
	uint64_t l01 = l.b0 ^ l.b1, l23 = l.b2 ^ l.b3, h12 = h.b1 ^ h.b2;

	s[0] = ~(l01 ^ l23 ^ h.b1 ^ h.b3);
	s[1] = ~(l01 ^ h.b0);
	s[2] = l.b0 ^ l23 ^ h12 ^ h.b3;
	s[3] = l01 ^ l23 ^ h.b2;
	s[4] = l.b0 ^ l.b3 ^ h.b0;
	s[5] = ~(l.b1 ^ l.b2 ^ h12);
	s[6] = ~(h.b0 ^ h12);
	s[7] = l.b1 ^ l23;
}

static void sub_byte(const uint64_t x[8], uint64_t s[8])
{
	struct nibble h, l, sum, d;

	to_tower(x, &h, &l);
	sum = nibble_add(h, l);
	/* h*l + l^2 = (h + l) * l */
	d = nibble_invert(nibble_add(nibble_square_l(h), nibble_mul(sum, l)));
	from_tower(nibble_mul(h, d), nibble_mul(sum, d), s);
}

/* SubBytes and ShiftRows: row r, the bytes r, r + 4, ..., moves r columns to the left. */
static void sub_shift(const uint64_t *in, uint64_t *out)
{
	unsigned i;

	for (i = 0; i < 16; i++)
		sub_byte(in + 8 * ((i + 4 * (i % 4)) % 16), out + 8 * i);
}

/* MixColumns of one byte: 2a + 3b + c + d = a + (a + b + c + d) + x * (a + b) */
static inline void mix_byte(const uint64_t *a, const uint64_t *b, const uint64_t *all,
			    uint64_t *out)
{
	uint64_t high = a[7] ^ b[7], low = 0;
	unsigned i;

	for (i = 0; i < 8; i++) {
		out[i] = a[i] ^ all[i] ^ low ^ (high & -(uint64_t)(0x1b >> i & 1));
		low = a[i] ^ b[i];
	}
}

static void mix_columns(const uint64_t *in, uint64_t *out)
{
	uint64_t all[8];
	unsigned column, i;

	for (column = 0; column < 4; column++, in += 32, out += 32) {
		for (i = 0; i < 8; i++)
			all[i] = in[i] ^ in[8 + i] ^ in[16 + i] ^ in[24 + i];
		for (i = 0; i < 4; i++)
			mix_byte(in + 8 * i, in + 8 * ((i + 1) % 4), all, out + 8 * i);
	}
}

static void add_round_key(uint64_t *slice, const uint8_t round[16])
{
	unsigned i;

	for (i = 0; i < SLICES; i++)
		slice[i] ^= -(uint64_t)(round[i / 8] >> i % 8 & 1);
}

/* Bit j of word i becomes bit i of word j: ever smaller squares change places. */
static void transpose(uint64_t m[64])
{
	uint64_t mask = UINT32_MAX, t;
	unsigned size, i;

	for (size = 32; size > 0; size /= 2, mask ^= mask << size) {
		for (i = 0; i < 64; i = (i + size + 1) & ~size) {
			t = (m[i] >> size ^ m[i + size]) & mask;
			m[i] ^= t << size;
			m[i + size] ^= t;
		}
	}
}

static void encrypt_slices(const struct aes_key *key, uint64_t *a)
{
	uint64_t b[SLICES];
	unsigned round;

	add_round_key(a, key->round[0]);
	for (round = 1; round < 10; round++) {
		sub_shift(a, b);
		mix_columns(b, a);
		add_round_key(a, key->round[round]);
	}
	sub_shift(a, b);
	add_round_key(b, key->round[10]);
	memcpy(a, b, sizeof(b));
}

static void encrypt_lanes(const struct aes_key *key, uint8_t (*block)[16], unsigned n)
{
	uint64_t slice[SLICES] = {0}, word[2];
	unsigned i;

	for (i = 0; i < n; i++) {
		memcpy(word, block[i], sizeof(word));
		slice[i] = le64toh(word[0]);
		slice[LANES + i] = le64toh(word[1]);
	}
	transpose(slice);
	transpose(slice + LANES);
	encrypt_slices(key, slice);
	transpose(slice);
	transpose(slice + LANES);
	for (i = 0; i < n; i++) {
		word[0] = htole64(slice[i]);
		word[1] = htole64(slice[LANES + i]);
		memcpy(block[i], word, sizeof(word));
	}
}

static void encrypt(const struct aes_key *key, uint8_t (*block)[16], unsigned n)
{
	for (; n > LANES; n -= LANES, block += LANES)
		encrypt_lanes(key, block, LANES);
	encrypt_lanes(key, block, n);
}

void aes_plain_sub_word(uint8_t word[4])
{
	uint64_t x[8] = {0}, s[8];
	unsigned i;

	for (i = 0; i < 32; i++)
		x[i % 8] |= (uint64_t)(word[i / 8] >> i % 8 & 1) << i / 8;
	sub_byte(x, s);
	memset(word, 0, 4);
	for (i = 0; i < 32; i++)
		word[i / 8] |= (uint8_t)((s[i % 8] >> i / 8 & 1) << i % 8);
}

const struct aes_isa aes_plain = {.encrypt = encrypt};
