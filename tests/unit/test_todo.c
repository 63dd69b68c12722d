/* SPDX-License-Identifier: BSD-3-Clause */

/* Pieces of work: in order, each to one claimer alone, and no more than there is room for. */

#include "test.h"

#include <pthread.h>
#include <sched.h>

#include "datapath/todo.h"

enum { ROOM = 64, CLAIMERS = 4, PIECES = 200000 };

static void test_in_order(void **state)
{
	struct span piece;
	struct todo *t;
	uint64_t number;

	(void)state;
	assert_int_equal(todo_create(3, &t), 0);
	assert_false(todo_claim(t, &piece, &number));
	assert_int_equal(todo_room(t), 3);
	todo_add(t, (struct span){5, 9});
	assert_false(todo_claim(t, &piece, &number)); /* not published */
	todo_add(t, (struct span){7, 8});
	todo_publish(t);
	assert_int_equal(todo_room(t), 1);
	assert_int_equal(todo_end(t), 2);
	assert_true(todo_claim(t, &piece, &number));
	assert_true(piece.first == 5 && piece.end == 9 && number == 0);
	assert_int_equal(todo_claimed(t), 1);
	assert_int_equal(todo_room(t), 1); /* remembered */
	assert_int_equal(todo_at(t, 0).end, 9);
	todo_forget(t, 1);
	assert_int_equal(todo_room(t), 2);
	todo_add(t, (struct span){1, 2});
	todo_add(t, (struct span){2, 3});
	todo_publish(t);
	for (uint64_t i = 1; i < 4; i++)
		assert_true(todo_claim(t, &piece, &number) && number == i);
	assert_int_equal(piece.first, 2);
	assert_false(todo_claim(t, &piece, &number));
	todo_destroy(t);

	assert_int_equal(todo_create(0, &t), 0);
	assert_int_equal(todo_room(t), 0);
	assert_false(todo_claim(t, &piece, &number));
	todo_destroy(t);
	todo_destroy(NULL);
}

struct race {
	struct todo *todo;
	uint8_t *got; /* pieces, by their number */
	uint64_t wrong, done;
};

static void *claim_all(void *arg)
{
	struct race *r = arg;
	struct span piece;
	uint64_t number;

	while (__atomic_load_n(&r->done, __ATOMIC_RELAXED) < PIECES) {
		if (!todo_claim(r->todo, &piece, &number)) {
			sched_yield();
			continue;
		}
		__atomic_fetch_add(&r->got[number], 1, __ATOMIC_RELAXED);
		if (piece.first != 3 * number || piece.end != 4 * number + 1)
			__atomic_fetch_add(&r->wrong, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&r->done, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* Who adds forgets what is claimed at once, so that places are used again while others look. */
static void test_race(void **state)
{
	struct race r = {.got = calloc(PIECES, 1)};
	pthread_t claimer[CLAIMERS];

	(void)state;
	assert_int_equal(todo_create(ROOM, &r.todo), 0);
	for (unsigned i = 0; i < CLAIMERS; i++)
		assert_int_equal(pthread_create(&claimer[i], NULL, claim_all, &r), 0);
	for (uint64_t i = 0; i < PIECES;) {
		todo_forget(r.todo, todo_claimed(r.todo));
		for (size_t room = todo_room(r.todo); room > 0 && i < PIECES; room--, i++)
			todo_add(r.todo, (struct span){3 * i, 4 * i + 1});
		todo_publish(r.todo);
		sched_yield();
	}
	for (unsigned i = 0; i < CLAIMERS; i++)
		pthread_join(claimer[i], NULL);
	assert_int_equal(r.wrong, 0);
	for (uint64_t i = 0; i < PIECES; i++)
		assert_int_equal(r.got[i], 1);
	todo_destroy(r.todo);
	free(r.got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_order),
		cmocka_unit_test(test_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
