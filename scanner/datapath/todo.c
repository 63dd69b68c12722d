/* SPDX-License-Identifier: BSD-3-Clause */

#include "todo.h"

#include <errno.h>
#include <stdlib.h>

struct todo {
	uint64_t next;	    /* pieces below are claimed: TX lcores */
	uint64_t end;	    /* pieces below are published: who adds */
	uint64_t added;	    /* of who adds alone */
	uint64_t forgotten; /* pieces below are: who forgets */
	size_t room;
	struct span ring[];
};

int todo_create(size_t room, struct todo **todo)
{
	struct todo *t = calloc(1, sizeof(*t) + room * sizeof(t->ring[0]));

	if (t == NULL)
		return -ENOMEM;
	t->room = room;
	*todo = t;
	return 0;
}

void todo_destroy(struct todo *t)
{
	free(t);
}

size_t todo_room(const struct todo *t)
{
	uint64_t held = t->added - __atomic_load_n(&t->forgotten, __ATOMIC_ACQUIRE);

	return t->room - (size_t)held;
}

/* Relaxed, for an lcore that comes late may look at the same place: it will not claim it. */
void todo_add(struct todo *t, struct span piece)
{
	struct span *at = &t->ring[t->added++ % t->room];

	__atomic_store_n(&at->first, piece.first, __ATOMIC_RELAXED);
	__atomic_store_n(&at->end, piece.end, __ATOMIC_RELAXED);
}

void todo_publish(struct todo *t)
{
	__atomic_store_n(&t->end, t->added, __ATOMIC_RELEASE);
}

struct span todo_at(const struct todo *t, uint64_t number)
{
	const struct span *at = &t->ring[number % t->room];

	return (struct span){
		.first = __atomic_load_n(&at->first, __ATOMIC_RELAXED),
		.end = __atomic_load_n(&at->end, __ATOMIC_RELAXED),
	};
}

/* What was read is the piece of that number if nobody has claimed it meanwhile: before that it is
 * not forgotten. */
bool todo_claim(struct todo *t, struct span *piece, uint64_t *number)
{
	uint64_t next = __atomic_load_n(&t->next, __ATOMIC_RELAXED);

	do {
		if (next >= __atomic_load_n(&t->end, __ATOMIC_ACQUIRE))
			return false;
		*piece = todo_at(t, next);
	} while (!__atomic_compare_exchange_n(&t->next, &next, next + 1, false, __ATOMIC_ACQ_REL,
					      __ATOMIC_RELAXED));
	*number = next;
	return true;
}

uint64_t todo_claimed(const struct todo *t)
{
	return __atomic_load_n(&t->next, __ATOMIC_ACQUIRE);
}

uint64_t todo_end(const struct todo *t)
{
	return __atomic_load_n(&t->end, __ATOMIC_ACQUIRE);
}

void todo_forget(struct todo *t, uint64_t number)
{
	__atomic_store_n(&t->forgotten, number, __ATOMIC_RELEASE);
}
