/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "output.h"

/* Many enough for a writer that sleeps or waits a moment: 4 MiB, 30 ms at a million a second. */
enum { RESULT_RING_SIZE = 1 << 16 };

/* In memory of its own: needs neither the EAL nor hugepages. NULL when out of memory. */
struct result_ring *result_ring_create(void);
void result_ring_destroy(struct result_ring *ring);

/*
 * Up to n of the oldest records, to be read where they are; returns how many, and then *slots must
 * be given back, if only 0 of them, before the next peek. Single consumer: the writer.
 */
unsigned result_ring_peek(struct result_ring *ring, unsigned n, struct result_slots *slots);
void result_ring_drop(struct result_ring *ring, unsigned n);

/* How many may surely be reserved. The producer's. */
unsigned result_ring_room(const struct result_ring *ring);
