/* SPDX-License-Identifier: BSD-3-Clause */

#include "sim_sieve.h"

uint64_t sim_sieve(const struct sim_internet *internet, const uint32_t *addr, const uint16_t *port,
		   unsigned n)
{
	uint64_t all = n < SIM_SIEVE ? (UINT64_C(1) << n) - 1 : UINT64_MAX, answers = 0;

	if (internet->hostile_below != 0)
		return all;
#ifdef __x86_64__
	if (internet->isa == ISA_AVX512 && n == SIM_SIEVE)
		return sim_sieve_avx512(internet, addr, port);
#endif
	for (unsigned i = 0; i < n; i++)
		answers |= (uint64_t)(sim_internet_find(internet, addr[i], port[i]) != SIM_SILENT)
			   << i;
	return answers;
}
