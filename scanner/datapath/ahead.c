/* SPDX-License-Identifier: BSD-3-Clause */

#include "ahead.h"

#include <string.h>

#include "gate.h"
#include "prefix.h"

bool ahead_pays(const struct stream *s)
{
	return target_space_is_far(s->space) || gate_is_far(s->gate);
}

/* First: where the walk comes to. Then its places in the tables of addresses are asked for. */
static void ahead_order(struct ahead_burst *b, const struct stream *s, uint64_t from, uint64_t end)
{
	if (b->from == from && b->end == end && b->next != from)
		return;
	*b = (struct ahead_burst){.from = from, .next = from, .end = end};
	b->n = walk_next(&s->walk, &b->next, end, b->at, b->index, AHEAD_BURST);
	target_space_prefetch(s->space, b->index, b->n);
}

/* A burst later: its addresses. Then their places in gate and ceilings are asked for. */
static void ahead_pick(struct ahead_burst *b, const struct stream *s)
{
	if (b->picked)
		return;
	b->picked = true;
	target_space_pick(s->space, b->index, b->daddr, b->dport, b->n);
	gate_prefetch(s->gate, b->daddr, b->n);
	if (s->prefix != NULL)
		prefix_pace_prefetch(s->prefix, b->daddr, b->n);
}

unsigned ahead_next(struct ahead *ahead, const struct stream *s, uint64_t *next, uint64_t end,
		    uint64_t at[AHEAD_BURST], uint32_t daddr[AHEAD_BURST],
		    uint16_t dport[AHEAD_BURST])
{
	struct ahead_burst *b[AHEAD_DEPTH];

	for (unsigned i = 0; i < AHEAD_DEPTH; i++) {
		b[i] = &ahead->burst[(ahead->now + i) % AHEAD_DEPTH];
		ahead_order(b[i], s, i == 0 ? *next : b[i - 1]->next, end);
	}
	ahead_pick(b[0], s);
	ahead_pick(b[1], s);
	memcpy(at, b[0]->at, sizeof(b[0]->at));
	memcpy(daddr, b[0]->daddr, sizeof(b[0]->daddr));
	memcpy(dport, b[0]->dport, sizeof(b[0]->dport));
	*next = b[0]->next;
	ahead->now = (ahead->now + 1) % AHEAD_DEPTH;
	return b[0]->n;
}
