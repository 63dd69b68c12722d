/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

#include "isa.h"

/*
 * The order of a scan: a keyed bijection between positions (0, 1, 2, ... as the scan goes on) and
 * indices of targets, in both directions, at any place, in constant time.
 *
 * It is a generalised Feistel network (Black and Rogaway, "Ciphers with Arbitrary Finite Domains",
 * CT-RSA 2002) on the rectangle left x 2^right_bits, the smallest near-square one that holds `size`
 * elements. Positions whose index falls outside of `size` are not part of the space and are
 * dropped: fewer than one row, so hardly any for a large space (never half of the positions).
 * The order is not a secret; cookies have a key of their own (cookie.h).
 *
 * Pure: no memory, no clock, any thread.
 */

enum { PERMUTE_ROUNDS = 4 };
#define PERMUTE_SIZE_MAX (UINT64_C(1) << 48)

struct permute {
	uint64_t size;	     /* indices 0 ... size - 1 are targets */
	uint64_t domain;     /* positions 0 ... domain - 1; size <= domain < 2 * size */
	uint32_t left;	     /* rows */
	uint32_t right_bits; /* a row has 2^right_bits elements */
	uint32_t key[PERMUTE_ROUNDS][2];
	enum isa isa; /* that computes it */
};

/* size must be 1 ... PERMUTE_SIZE_MAX, else -EINVAL. Equal size and seed give the equal order on
 * every machine. */
int permute_init(struct permute *p, uint64_t size, uint64_t seed);

/* n positions (each < domain) to indices (each < domain; one >= size is not in the space). In place
 * is allowed. */
void permute_forth(const struct permute *p, const uint64_t *pos, uint64_t *index, unsigned n);

/* The inverse: n indices (each < domain) to positions. In place is allowed. */
void permute_back(const struct permute *p, const uint64_t *index, uint64_t *pos, unsigned n);

/*
 * Walks from *next towards end and keeps what is in the space, until n are found or end is reached;
 * *next is left where the next call goes on. pos[] and index[] get one entry each per target found.
 * Returns how many were found: fewer than n only at end.
 */
unsigned permute_next(const struct permute *p, uint64_t *next, uint64_t end, uint64_t *pos,
		      uint64_t *index, unsigned n);
