/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "test.h"

#include "datapath/first_bits.h"
#include "datapath/gate.h"

/* A gate's check with all its steps. What the first two leave out is nothing that it would deny. */
static inline uint64_t gate_all_steps(const struct gate *gate, const uint32_t *addr, unsigned n,
				      uint64_t *bug, uint64_t *opted_out)
{
	uint64_t near = gate_near(gate, addr, n), close = gate_close(gate, addr, near);
	uint64_t all = first_bits(n), unused;

	assert_int_equal(near & ~all, 0);
	assert_int_equal(close & ~near, 0);
	gate_check(gate, addr, n, all, bug, opted_out);
	assert_int_equal(*bug & ~close, 0);
	gate_check(gate, addr, n, near, &unused, opted_out);
	assert_int_equal(unused, *bug);
	return gate_check(gate, addr, n, close, bug, opted_out);
}
