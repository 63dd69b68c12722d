/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "target.h"

/*
 * The gate: the last check of an address before its probe goes to the device. The target space
 * leaves excluded addresses out already; the gate repeats that with code and structures of its own,
 * from the same texts, so that one mistake does not send a probe where none may go.
 *
 * Two layers: the static one is what was excluded at the start, and stops only what the target
 * space let through by mistake. The grown one is what was added to the blocklists while the scan
 * runs.
 *
 * gate_create(), gate_deny_more() and gate_destroy() are the main thread's; lcores may check
 * meanwhile, without locks: an address goes from allowed to denied, never back.
 */
struct gate;

/*
 * Denied is what is special-purpose, unless lifted, what is outside of the scope, if there is one,
 * and what is on a deny listing, lifted or not.
 * Fails closed: a text that the gate cannot read (EXIT_BOOKS, as the target space read it) is an
 * error.
 */
int gate_create(const struct exclusion *excl, struct gate **gate, struct err *err);
void gate_destroy(struct gate *gate);

/* Denies what is on the deny listings, too: all of it, or nothing if a text cannot be read. */
int gate_deny_more(struct gate *gate, const struct exclusion *deny, struct err *err);

/*
 * A check has three steps, each for fewer of the n (up to 64) host-order addresses; a mask's bit i
 * is addr[i]. Where there are very many prefixes, what a step reads is in no near cache: the one
 * before has asked for it, and something else may be done meanwhile.
 */

/* Those near to which the static layer denies something: the others are not for it to deny. */
uint64_t gate_near(const struct gate *gate, const uint32_t *addr, unsigned n);

/* Of these, those that are close to something. May be left out. */
uint64_t gate_close(const struct gate *gate, const uint32_t *addr, uint64_t near);

/*
 * Returns the mask of those that may be probed, suspects being what the steps before have left.
 * *bug has those that the static layer denies, *opted_out those that only the grown one does.
 */
uint64_t gate_check(const struct gate *gate, const uint32_t *addr, unsigned n, uint64_t suspects,
		    uint64_t *bug, uint64_t *opted_out);

/* Whether there are so many prefixes that it is worth while to take the steps one by one. */
bool gate_is_far(const struct gate *gate);

/* How often the gate has grown: when it changes, check again what waits to be sent. */
unsigned gate_generation(const struct gate *gate);
