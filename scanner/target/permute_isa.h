/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "permute.h"

/* An implementation of both directions of the order; permute.c has the plain one and the table. */
struct permute_isa {
	void (*forth)(const struct permute *p, const uint64_t *pos, uint64_t *index, unsigned n);
	void (*back)(const struct permute *p, const uint64_t *index, uint64_t *pos, unsigned n);
};

extern const struct permute_isa permute_plain, permute_avx2, permute_avx512;
