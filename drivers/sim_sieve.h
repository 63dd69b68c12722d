/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

#include "sim_internet.h"

/*
 * Most probes are never answered: which of a burst are? Bit i of the result stands for port[i] of
 * addr[i], n <= SIM_SIEVE of them: its state is not SIM_SILENT. Where hosts play tricks, who is
 * silent may send something all the same, and all bits are set.
 */
enum { SIM_SIEVE = 64 };

uint64_t sim_sieve(const struct sim_internet *internet, const uint32_t *addr, const uint16_t *port,
		   unsigned n);

/* The same for all SIM_SIEVE, of an internet without tricks. */
uint64_t sim_sieve_avx512(const struct sim_internet *internet, const uint32_t *addr,
			  const uint16_t *port);
