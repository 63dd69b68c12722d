/* SPDX-License-Identifier: BSD-3-Clause */

#include "result_ring.h"

#include <rte_ring_elem.h>
#include <rte_ring_peek_zc.h>
#include <stdlib.h>
#include <sys/mman.h>

/* struct result_ring is an rte_ring of records by value: no more than another name for it, so that
 * users need no DPDK header. */
static struct rte_ring *inner(const struct result_ring *ring)
{
	return (struct rte_ring *)ring;
}

struct result_ring *result_ring_create(void)
{
	ssize_t need = rte_ring_get_memsize_elem(sizeof(struct record), RESULT_RING_SIZE);
	const size_t huge = 2 << 20;
	size_t size;
	void *memory;

	if (need < 0)
		return NULL;
	size = ((size_t)need + huge - 1) / huge * huge;
	memory = aligned_alloc(huge, size);
	if (memory == NULL)
		return NULL;
	madvise(memory, size, MADV_HUGEPAGE); /* fewer TLB misses where the kernel grants it */
	if (rte_ring_init(memory, "result", RESULT_RING_SIZE, RING_F_SP_ENQ | RING_F_SC_DEQ) != 0) {
		free(memory);
		return NULL;
	}
	return memory;
}

void result_ring_destroy(struct result_ring *ring)
{
	free(ring);
}

static void slots_set(struct result_slots *slots, const struct rte_ring_zc_data *zc)
{
	slots->first = zc->ptr1;
	slots->rest = zc->ptr2;
	slots->n_first = zc->n1;
}

unsigned result_ring_reserve(struct result_ring *ring, unsigned n, struct result_slots *slots)
{
	struct rte_ring_zc_data zc = {0}; /* not written when there are none */

	n = rte_ring_enqueue_zc_burst_elem_start(inner(ring), sizeof(struct record), n, &zc, NULL);
	slots_set(slots, &zc);
	return n;
}

void result_ring_commit(struct result_ring *ring, unsigned n)
{
	rte_ring_enqueue_zc_elem_finish(inner(ring), n);
}

unsigned result_ring_put(struct result_ring *ring, const struct record *rec, unsigned n)
{
	struct result_slots slots;

	n = result_ring_reserve(ring, n, &slots);
	for (unsigned i = 0; i < n; i++)
		*result_slot(&slots, i) = rec[i];
	result_ring_commit(ring, n);
	return n;
}

unsigned result_ring_peek(struct result_ring *ring, unsigned n, struct result_slots *slots)
{
	struct rte_ring_zc_data zc = {0}; /* not written when there are none */

	n = rte_ring_dequeue_zc_burst_elem_start(inner(ring), sizeof(struct record), n, &zc, NULL);
	slots_set(slots, &zc);
	return n;
}

void result_ring_drop(struct result_ring *ring, unsigned n)
{
	rte_ring_dequeue_zc_elem_finish(inner(ring), n);
}

unsigned result_ring_room(const struct result_ring *ring)
{
	return rte_ring_free_count(inner(ring));
}

bool result_ring_high(const struct result_ring *ring)
{
	return rte_ring_count(inner(ring)) > RESULT_RING_SIZE / 2;
}
