/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

/*
 * Which answers were seen: bits for each target, found by its offset in the order (its position
 * without the pass), set once. Answers lie near the front of sending, so what is touched stays in
 * the cache although the whole is large.
 *
 * Exact while a pass has at most 2^32 positions: each state has a bit of its own up to 2^31
 * positions; beyond, open has one and the other states share one. A longer pass has a window of the
 * last 2^32 positions, that is, minutes at the least; its offsets go on counting from attempt to
 * attempt, for an earlier attempt has left the window when the next one comes by.
 * Memory (1 GiB at most) is reserved, and costs nothing until it is touched.
 *
 * Any lcore may call dedup_seen() and dedup_knows(); the lcore that claims positions calls
 * dedup_claim().
 */
struct dedup;

/* A longer pass has a window. */
#define DEDUP_EXACT_MAX (UINT64_C(1) << 32)

/* length: positions of one pass. 0 or -errno. */
int dedup_create(uint64_t length, struct dedup **dedup);
void dedup_destroy(struct dedup *d);

/* Marks that the target at offset (< length) answered with state; returns whether it was marked. */
bool dedup_seen(struct dedup *d, uint64_t offset, enum record_state state);

/* dedup_seen() for n <= 64 answers in turn; bit i of the result: answer i was marked before. */
uint64_t dedup_seen_burst(struct dedup *d, const uint64_t *offset, const uint8_t *state,
			  unsigned n);

/* From here on one lcore alone marks, which then need not lock the bus. */
void dedup_alone(struct dedup *d);

/*
 * Before the first probe of the offsets first ... first + count - 1: in window mode forgets the
 * offsets of 2^32 before. Nothing to do when exact.
 */
void dedup_claim(struct dedup *d, uint64_t first, uint64_t count);

/*
 * Whether dedup_seen() can tell, front being the highest offset claimed so far. False when offset
 * has left the window, or has come within 2^20 of its end: lcores claim a little ahead of the front
 * that others see.
 */
bool dedup_knows(const struct dedup *d, uint64_t offset, uint64_t front);
