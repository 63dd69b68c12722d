/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

/*
 * The mask of the n (up to 64) addresses whose bit is set in a bitmap that has one for each prefix
 * of 32 - shift bits. gate.c has the plain one. Bits may be set meanwhile.
 */
typedef uint64_t gate_bits(const uint64_t *bits, unsigned shift, const uint32_t *addr, unsigned n);

gate_bits gate_bits_avx512;
