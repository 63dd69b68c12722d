/* SPDX-License-Identifier: BSD-3-Clause */

/* A look ahead says what the walk and the target space say, wherever claims begin and end. */

#include "datapath/ahead.h"

#include "datapath/gate.h"
#include "target/target_space.h"

#include "test.h"

enum { RANGES = 5000, RUN = 4096 };

static unsigned suspected;

/* So many single addresses and pairs of them that looking ahead pays. */
static struct target_space *space_of_many(void)
{
	struct rangeset set = {0};
	struct portset ports = {0};
	struct pairset pairs = {0};
	struct target_space *space;

	ports.bits[1] = 1 | 1ul << 16;
	for (uint32_t i = 0; i < RANGES; i++)
		assert_int_equal(rangeset_add(&set, i * 70001, i * 70001 + i % 5), 0);
	rangeset_normalise(&set);
	space = target_space_create(&set, &ports, &pairs);
	assert_non_null(space);
	rangeset_fini(&set);
	return space;
}

/* The gate denies single addresses in the /24 of some targets. */
static void stream_begin(struct stream *s)
{
	char text[RANGES * 20] = "";
	struct listing deny = {.name = "deny", .text = text};
	struct exclusion excl = {.deny = &deny, .n_deny = 1};
	struct err err = {0};

	for (uint32_t i = 0; i < RANGES; i += 3) {
		uint32_t addr = i * 70001 + 20;

		deny.len +=
			(size_t)snprintf(text + deny.len, sizeof(text) - deny.len, "%u.%u.%u.%u\n",
					 addr >> 24, addr >> 16 & 255, addr >> 8 & 255, addr & 255);
	}

	*s = (struct stream){.space = space_of_many(), .attempts = 1};
	assert_int_equal(walk_init(&s->walk, target_space_size(s->space), 1, 0, 1, 0), 0);
	assert_int_equal(gate_create(&excl, &s->gate, &err), 0);
}

static void stream_end(struct stream *s)
{
	gate_destroy(s->gate);
	target_space_destroy((struct target_space *)(uintptr_t)s->space);
}

/* Burst by burst, at the same places with the same addresses; what was taken is the caller's. */
static void claim_is_equal(struct ahead *ahead, const struct stream *s, uint64_t first,
			   uint64_t end, unsigned bursts)
{
	uint64_t next = first, want_next = first, want_at[TX_BURST], index[TX_BURST], near;
	uint32_t want_daddr[TX_BURST];
	uint16_t want_dport[TX_BURST];

	for (; next < end && bursts > 0; bursts--) {
		unsigned n = walk_next(&s->walk, &want_next, end, want_at, index, TX_BURST);
		struct ahead_burst *got = ahead_next(ahead, s, &next, end);

		target_space_pick(s->space, index, want_daddr, want_dport, n);
		assert_int_equal(got->n, n);
		assert_int_equal(next, want_next);
		assert_memory_equal(got->targets.step, want_at, n * sizeof(want_at[0]));
		assert_memory_equal(got->targets.daddr, want_daddr, n * sizeof(want_daddr[0]));
		assert_memory_equal(got->targets.dport, want_dport, n * sizeof(want_dport[0]));
		near = gate_near(s->gate, want_daddr, n);
		assert_int_equal(got->suspects, gate_close(s->gate, want_daddr, near));
		suspected += (unsigned)__builtin_popcountll(got->suspects);
		memset(got->targets.step, 0xff, sizeof(got->targets.step));
		memset(got->targets.daddr, 0xff, sizeof(got->targets.daddr));
	}
}

static void test_claims(void **state)
{
	struct ahead ahead = {0};
	struct stream s;
	uint64_t random = 1;

	(void)state;
	stream_begin(&s);
	assert_true(ahead_pays(&s));
	claim_is_equal(&ahead, &s, 0, s.walk.length, UINT32_MAX);
	claim_is_equal(&ahead, &s, 0, s.walk.length, UINT32_MAX); /* another attempt */
	for (unsigned i = 0; i < 20; i++) /* the same again and again: nothing is left over */
		claim_is_equal(&ahead, &s, 64, 64 + (i / 4 + 1) * TX_BURST, UINT32_MAX);
	for (unsigned i = 0; i < 2000; i++) {
		uint64_t first = test_random(&random) % s.walk.length;
		uint64_t end = first + 1 + test_random(&random) % (i % 2 ? RUN : 100);

		if (i % 3 == 0) /* where the one before ended, or was left */
			first = ahead.burst[ahead.now].from;
		end = end > s.walk.length ? s.walk.length : end;
		claim_is_equal(&ahead, &s, first, end, 1 + (unsigned)test_random(&random) % 20);
	}
	assert_true(suspected > 10000);
	stream_end(&s);
}

static void test_near(void **state)
{
	struct rangeset set = {0};
	struct portset ports = {.bits = {2}};
	struct pairset pairs = {0};
	struct exclusion none = {0};
	const struct target_space *many;
	struct stream s;
	struct err err;

	(void)state;
	stream_begin(&s);
	many = s.space;
	gate_destroy(s.gate);
	assert_int_equal(gate_create(&none, &s.gate, &err), 0);
	assert_true(ahead_pays(&s));
	assert_int_equal(rangeset_add(&set, 1, 1000), 0);
	s.space = target_space_create(&set, &ports, &pairs);
	assert_false(ahead_pays(&s));
	target_space_destroy((struct target_space *)(uintptr_t)s.space);
	rangeset_fini(&set);
	s.space = many;
	stream_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
