/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "batch.h"
#include "stream.h"

/*
 * A look ahead: what a walk comes to, found out up to two bursts before it is sent. Where there are
 * very many prefixes, what tells the address of a target, and whether it may be probed, is in no
 * near cache: so it is asked for, and arrives while earlier bursts are on their way.
 *
 * Nothing is decided here, and nothing is claimed: which targets are where is the same whenever it
 * is asked. One lcore's own; all zero at first.
 */

enum { AHEAD_DEPTH = 3 };

struct ahead {
	struct ahead_burst {
		uint64_t from, next, end; /* of the walk: what walk_next() was given, and said */
		unsigned n;
		bool found, checked; /* addresses are there; suspects are as few as can be */
		struct batch_targets targets; /* their steps are offsets of the walk */
		uint64_t index[TX_BURST];
		uint32_t number[TX_BURST];
		uint64_t suspects; /* for gate_check() */
	} burst[AHEAD_DEPTH];
	unsigned now; /* the burst that is next; those after it come behind it, in a ring */
};

/* Does it pay? With few prefixes, all there is to look at is near. */
bool ahead_pays(const struct stream *s);

/* The next targets of the walk from *next on, as walk_next() and target_space_pick() give them, and
 * the suspects among them. They are the caller's, to change, too, until the next call. */
struct ahead_burst *ahead_next(struct ahead *ahead, const struct stream *s, uint64_t *next,
			       uint64_t end);
