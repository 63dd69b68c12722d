/* SPDX-License-Identifier: BSD-3-Clause */

#include "sim_queue.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { TABLE_BITS = 16, TABLE_SIZE = 1 << TABLE_BITS };

struct event {
	uint64_t due;
	uint32_t index;
};

struct sim_queue {
	unsigned capacity, n; /* of the heap */
	unsigned fresh;	      /* answers from here on were never used */
	uint32_t free;	      /* list of answers that were */
	unsigned used;	      /* answers taken */
	struct event *heap;
	struct sim_answer *answer;
	uint32_t table[TABLE_SIZE]; /* heads of lists of half-open connections */
};

/* Zeroed memory that becomes real only where it is touched; malloc() may think otherwise. */
static void *lazy_alloc(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		return NULL;
	return at;
}

static void lazy_free(void *at, size_t size)
{
	if (at != NULL)
		munmap(at, size);
}

struct sim_queue *sim_queue_create(unsigned capacity)
{
	struct sim_queue *queue = calloc(1, sizeof(*queue));

	if (queue == NULL)
		return NULL;
	queue->capacity = capacity;
	queue->free = SIM_NONE;
	memset(queue->table, 0xff, sizeof(queue->table));
	queue->heap = lazy_alloc(capacity * sizeof(*queue->heap));
	queue->answer = lazy_alloc(capacity * sizeof(*queue->answer));
	if (queue->heap == NULL || queue->answer == NULL) {
		sim_queue_destroy(queue);
		return NULL;
	}
	return queue;
}

void sim_queue_destroy(struct sim_queue *queue)
{
	if (queue == NULL)
		return;
	lazy_free(queue->answer, queue->capacity * sizeof(*queue->answer));
	lazy_free(queue->heap, queue->capacity * sizeof(*queue->heap));
	free(queue);
}

unsigned sim_queue_room(const struct sim_queue *queue)
{
	return queue->capacity - queue->used;
}

uint64_t sim_queue_due(const struct sim_queue *queue)
{
	return queue->n > 0 ? queue->heap[0].due : UINT64_MAX;
}

struct sim_answer *sim_queue_at(struct sim_queue *queue, uint32_t index)
{
	return &queue->answer[index];
}

uint32_t sim_queue_take(struct sim_queue *queue)
{
	uint32_t index = queue->free;

	if (index != SIM_NONE)
		queue->free = queue->answer[index].next;
	else
		index = queue->fresh++;
	queue->used++;
	memset(&queue->answer[index], 0, sizeof(queue->answer[index]));
	return index;
}

void sim_queue_add(struct sim_queue *queue, uint32_t index, uint64_t due)
{
	unsigned at = queue->n++, parent;

	while (at > 0 && queue->heap[parent = (at - 1) / 2].due > due) {
		queue->heap[at] = queue->heap[parent];
		at = parent;
	}
	queue->heap[at] = (struct event){.due = due, .index = index};
}

uint32_t sim_queue_pop(struct sim_queue *queue, uint64_t now)
{
	uint32_t index;
	struct event last;
	unsigned at = 0, child;

	if (queue->n == 0 || queue->heap[0].due > now)
		return SIM_NONE;
	index = queue->heap[0].index;
	last = queue->heap[--queue->n];
	while ((child = 2 * at + 1) < queue->n) {
		if (child + 1 < queue->n && queue->heap[child + 1].due < queue->heap[child].due)
			child++;
		if (queue->heap[child].due >= last.due)
			break;
		queue->heap[at] = queue->heap[child];
		at = child;
	}
	queue->heap[at] = last;
	return index;
}

/* --- half-open connections --- */

static unsigned table_slot(uint32_t remote, uint16_t remote_port, uint16_t local_port)
{
	uint32_t key = (remote ^ (uint32_t)remote_port << 16 ^ local_port) * UINT32_C(0x9e3779b1);

	return key >> (32 - TABLE_BITS);
}

void sim_queue_open(struct sim_queue *queue, uint32_t index)
{
	struct sim_answer *answer = &queue->answer[index];
	uint32_t *head =
		&queue->table[table_slot(answer->remote, answer->remote_port, answer->local_port)];

	answer->half_open = true;
	answer->next = *head;
	*head = index;
}

static void queue_unlink(struct sim_queue *queue, uint32_t index)
{
	struct sim_answer *answer = &queue->answer[index];
	uint32_t *link =
		&queue->table[table_slot(answer->remote, answer->remote_port, answer->local_port)];

	while (*link != index)
		link = &queue->answer[*link].next;
	*link = answer->next;
	answer->half_open = false;
}

void sim_queue_release(struct sim_queue *queue, uint32_t index)
{
	if (queue->answer[index].half_open)
		queue_unlink(queue, index);
	queue->answer[index].next = queue->free;
	queue->free = index;
	queue->used--;
}

/* The answer stays in the heap and is released when its time has come. */
void sim_queue_reset(struct sim_queue *queue, const struct sim_frame *rst)
{
	uint32_t at = queue->table[table_slot(rst->dst, rst->dport, rst->sport)], next;

	for (; at != SIM_NONE; at = next) {
		const struct sim_answer *answer = &queue->answer[at];

		next = answer->next;
		if (answer->remote == rst->dst && answer->local == rst->src &&
		    answer->remote_port == rst->dport && answer->local_port == rst->sport &&
		    answer->seq + 1 == rst->seq)
			queue_unlink(queue, at);
	}
}
