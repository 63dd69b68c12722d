/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "probe.h"

/* probe_tcp_syn.write() on vectors of 8 probes: returns how many it did, the rest is left. */
unsigned tcp_syn_write_avx2(const struct probe *p, const uint32_t *daddr, const uint16_t *dport,
			    const struct cookie *cookie, uint8_t *const *frame, unsigned n);

/* On vectors of 16 probes: all of them. */
void tcp_syn_write_avx512(const struct probe *p, const uint32_t *daddr, const uint16_t *dport,
			  const struct cookie *cookie, uint8_t *const *frame, unsigned n);
