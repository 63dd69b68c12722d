/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * A set of single targets, address:port pairs. Collected in any order; pairset_normalise() sorts
 * it by address, then port, and drops repeats. Zeroed memory is an empty, normal set.
 */
struct pairset {
	uint64_t *at; /* address << 16 | port */
	size_t n, cap;
};

static inline uint32_t pair_addr(uint64_t pair)
{
	return (uint32_t)(pair >> 16);
}

static inline uint16_t pair_port(uint64_t pair)
{
	return (uint16_t)pair;
}

static inline uint64_t pair_make(uint32_t addr, uint16_t port)
{
	return (uint64_t)addr << 16 | port;
}

/* 0 or -ENOMEM */
int pairset_add(struct pairset *set, uint64_t pair);
void pairset_normalise(struct pairset *set);
void pairset_fini(struct pairset *set);

/* How many pairs of a normal set are less than `pair`: its place, if it is there. */
size_t pairset_below(const struct pairset *set, uint64_t pair);
