/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "numbering.h"

/*
 * Adds to each number what its cell says, and returns the mask of those of which that is not all:
 * their addresses are still to be found. numbering.c has the plain one.
 */
typedef uint64_t numbering_add(const struct numbering *num, const uint32_t *number, uint32_t *addr,
			       unsigned n);

numbering_add numbering_add_plain, numbering_add_avx2, numbering_add_avx512;
