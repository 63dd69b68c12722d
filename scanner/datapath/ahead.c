/* SPDX-License-Identifier: BSD-3-Clause */

#include "ahead.h"

#include "gate.h"
#include "prefix.h"

bool ahead_pays(const struct stream *s)
{
	return target_space_is_far(s->space) || gate_is_far(s->gate);
}

/* First: where the walk comes to, in numbers. Then what says their addresses is asked for, but not
 * at once. */
static void ahead_order(struct ahead_burst *b, const struct stream *s, uint64_t from, uint64_t end)
{
	if (b->from == from && b->end == end && b->next != from)
		return;
	b->from = b->next = from;
	b->end = end;
	b->found = b->checked = false;
	b->n = walk_next(&s->walk, &b->next, end, b->targets.step, b->index, TX_BURST);
	target_space_number(s->space, b->index, b->number, b->targets.dport, b->n);
}

/* A burst later: its addresses. Then what gate and ceilings have of them is asked for. */
static void ahead_find(struct ahead_burst *b, const struct stream *s)
{
	if (b->found)
		return;
	b->found = true;
	target_space_find(s->space, b->index, b->number, b->targets.daddr, b->targets.dport, b->n);
	b->suspects = gate_near(s->gate, b->targets.daddr, b->n);
	if (s->prefix != NULL)
		prefix_pace_prefetch(s->prefix, b->targets.daddr, b->n);
}

/* A while later: hardly any of them is left for the gate to suspect. */
static void ahead_check(struct ahead_burst *b, const struct stream *s)
{
	if (b->checked)
		return;
	b->checked = true;
	b->suspects = gate_close(s->gate, b->targets.daddr, b->suspects);
}

struct ahead_burst *ahead_next(struct ahead *ahead, const struct stream *s, uint64_t *next,
			       uint64_t end)
{
	struct ahead_burst *b[AHEAD_DEPTH];

	for (unsigned i = 0; i < AHEAD_DEPTH; i++)
		b[i] = &ahead->burst[(ahead->now + i) % AHEAD_DEPTH];
	ahead_order(b[0], s, *next, end);
	ahead_order(b[1], s, b[0]->next, end);
	ahead_find(b[0], s);
	ahead_find(b[1], s);
	ahead_order(b[2], s, b[1]->next, end); /* which gives what was asked for time to come */
	ahead_check(b[0], s);
	ahead_check(b[1], s);
	*next = b[0]->next;
	b[0]->end = 0; /* it is the caller's now, and not to be found again */
	/* last, for cookies come next, and wait for nothing: so many lines at once hold all up */
	target_space_prefetch(s->space, b[2]->number, b[2]->n);
	ahead->now = (ahead->now + 1) % AHEAD_DEPTH;
	return b[0];
}
