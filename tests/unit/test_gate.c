/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "gates.h"

enum { LISTS = 4 };

/* Texts as they were given, the way target_load() hands them over. */
struct lists {
	struct listing deny[LISTS], scope[LISTS], lift[LISTS];
	struct exclusion excl;
};

static void lists_add(struct lists *l, char which, const char *text)
{
	struct listing *at;

	l->excl.deny = l->deny;
	l->excl.scope = l->scope;
	l->excl.lift = l->lift;
	if (which == 'd')
		at = &l->deny[l->excl.n_deny++];
	else if (which == 's')
		at = &l->scope[l->excl.n_scope++];
	else
		at = &l->lift[l->excl.n_lift++];
	*at = (struct listing){.name = (char *)"list", .text = (char *)text, .len = strlen(text)};
}

static struct gate *gate_of(const struct lists *l)
{
	struct gate *gate = NULL;
	struct err err = {0};

	if (gate_create(&l->excl, &gate, &err) != 0)
		fail_msg("%s", err.text);
	return gate;
}

static bool allows(const struct gate *gate, uint32_t addr)
{
	uint64_t bug, opted_out;

	return gate_all_steps(gate, &addr, 1, &bug, &opted_out) != 0;
}

/* --- the grammar --- */

static void test_grammar(void **state)
{
	static const char text[] = "\xef\xbb\xbf# head\r\n"
				   "20.0.0.1\r\n"
				   "\n"
				   "  20.0.1.7/24 \t# host bits\n"
				   "20.0.3.0-20.0.3.9,20.0.4.4/32,, 20.0.5.0/31#glued\n"
				   "255.255.255.255/32-is not read # ";
	struct lists l = {0};
	struct gate *gate;
	struct err err = {0};

	(void)state;
	lists_add(&l, 'd', text);
	assert_true(gate_create(&l.excl, &gate, &err) < 0);
	assert_int_equal(err.code, EXIT_BOOKS);
	assert_non_null(strstr(err.text, "disagree at list:6"));

	l.deny[0].len = (size_t)(strstr(text, "255") - text);
	gate = gate_of(&l);
	assert_true(allows(gate, 0x14000000));
	assert_false(allows(gate, 0x14000001));
	assert_true(allows(gate, 0x14000002));
	assert_false(allows(gate, 0x14000100));
	assert_false(allows(gate, 0x140001ff));
	assert_true(allows(gate, 0x14000200));
	assert_false(allows(gate, 0x14000300));
	assert_false(allows(gate, 0x14000309));
	assert_true(allows(gate, 0x1400030a));
	assert_false(allows(gate, 0x14000404));
	assert_true(allows(gate, 0x14000405));
	assert_false(allows(gate, 0x14000501));
	assert_true(allows(gate, 0x14000502));
	gate_destroy(gate);
}

static void test_fails_closed(void **state)
{
	static const char *const bad[] = {
		"1.2.3",
		"1.2.3.4.5",
		"1.2.3.256",
		"1.2.3.4/33",
		"1.2.3.4/",
		"1.2.3.4/8/8",
		"1.2.3.4-",
		"-1.2.3.4",
		"2.0.0.0-1.0.0.0",
		"1.2.3.04",
		"00.0.0.0",
		"1.2.3.4/024",
		"1.2.3.4/000",
		"1.2.3.4;5.6.7.8",
		"host.example",
		"2001:db8::/32",
		"1.2.3.4/24-1.2.4.0",
		"1..2.3",
		"1.2.3.4 - 1.2.3.9",
		"+1.2.3.4",
		"0x1.2.3.4",
		"4294967297.0.0.1",
		"1.2.3.4/4294967296",
		"1.2.3.4\v",
		"1.2.3.\xd9\xa1",
		"\xef\xbb",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct lists l = {0};
		struct gate *gate = NULL;
		struct err err = {0};

		lists_add(&l, "dsl"[i % 3], bad[i]);
		if (gate_create(&l.excl, &gate, &err) == 0)
			fail_msg("accepted \"%s\"", bad[i]);
		assert_int_equal(err.code, EXIT_BOOKS);
		assert_non_null(strstr(err.text, "list:1"));
	}
}

static void test_embedded_nul(void **state)
{
	struct lists l = {0};
	struct gate *gate = NULL;
	struct err err = {0};

	(void)state;
	lists_add(&l, 'd', "1.2.3.4");
	l.deny[0].text = (char *)"1.2.3.4\n\0\n1.2.3.5";
	l.deny[0].len = 17;
	assert_true(gate_create(&l.excl, &gate, &err) < 0);
	assert_non_null(strstr(err.text, "list:2"));
}

/* --- what is denied --- */

static void test_boundaries(void **state)
{
	static const struct {
		const char *deny;
		uint32_t first, last;
	} cases[] = {
		{"0.0.0.0", 0, 0},
		{"255.255.255.255", UINT32_MAX, UINT32_MAX},
		{"0.0.0.0/0", 0, UINT32_MAX},
		{"0.0.0.0-255.255.255.255", 0, UINT32_MAX},
		{"0.0.0.1-255.255.255.254", 1, UINT32_MAX - 1},
		{"128.0.0.0/1", 0x80000000, UINT32_MAX},
		{"20.0.0.255-20.0.1.0", 0x140000ff, 0x14000100},
		{"20.0.255.255-20.1.0.0", 0x1400ffff, 0x14010000},
		{"20.0.0.63-20.0.0.64", 0x1400003f, 0x14000040},
		{"20.3.0.0/08", 0x14000000, 0x14ffffff},
		{"20.0.0.0/16", 0x14000000, 0x1400ffff},
		{"20.0.7.0/24", 0x14000700, 0x140007ff},
		{"20.0.0.1-20.3.255.254", 0x14000001, 0x1403fffe},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint32_t first = cases[i].first, last = cases[i].last;
		struct lists l = {0};
		struct gate *gate;

		lists_add(&l, 'l', "0.0.0.0/0"); /* so that only the listing counts */
		lists_add(&l, 'd', cases[i].deny);
		gate = gate_of(&l);
		assert_false(allows(gate, first));
		assert_false(allows(gate, last));
		assert_false(allows(gate, first + (last - first) / 2));
		if (first > 0)
			assert_true(allows(gate, first - 1));
		if (last < UINT32_MAX)
			assert_true(allows(gate, last + 1));
		gate_destroy(gate);
	}
}

static void test_special_purpose(void **state)
{
	struct lists l = {0};
	struct gate *gate = gate_of(&l);

	(void)state;
	assert_true(n_special_purpose > 10);
	for (size_t i = 0; i < n_special_purpose; i++) {
		assert_false(allows(gate, special_purpose[i].first));
		assert_false(allows(gate, special_purpose[i].last));
	}
	assert_true(allows(gate, 0x01010101));
	assert_false(allows(gate, 0xc6120001)); /* 198.18.0.1 */
	assert_false(allows(gate, 0x7f000001));
	gate_destroy(gate);
}

static void test_lift(void **state)
{
	struct lists l = {0};
	struct gate *gate;

	(void)state;
	lists_add(&l, 'l', "198.18.0.0/16");
	lists_add(&l, 'l', "10.1.2.3/32");
	lists_add(&l, 's', "198.18.0.0/15, 10.0.0.0/8");
	lists_add(&l, 'd', "198.18.7.0/24");
	gate = gate_of(&l);
	assert_true(allows(gate, 0xc6120001));	/* lifted */
	assert_false(allows(gate, 0xc6130001)); /* the other half is not */
	assert_false(allows(gate, 0xc6120701)); /* denied, lifted or not */
	assert_true(allows(gate, 0x0a010203));
	assert_false(allows(gate, 0x0a010204));
	assert_false(allows(gate, 0x01010101)); /* out of scope */
	gate_destroy(gate);

	/* a lift does not widen the scope */
	l = (struct lists){0};
	lists_add(&l, 'l', "198.18.0.0/16");
	lists_add(&l, 's', "20.0.0.0/8");
	gate = gate_of(&l);
	assert_false(allows(gate, 0xc6120001));
	assert_true(allows(gate, 0x14000001));
	gate_destroy(gate);

	/* an empty scope allows nothing: it was asked for */
	l = (struct lists){0};
	lists_add(&l, 's', "# nothing\n");
	gate = gate_of(&l);
	assert_false(allows(gate, 0x14000001));
	gate_destroy(gate);
}

/* --- against brute force --- */

/*
 * A small universe: sixteen islands of 48 addresses around the edges of the structure. Each random
 * range starts and ends on islands; the oracle is a loop over all ranges.
 */
enum { ISLANDS = 16, ISLAND = 48, RANGES = 12 };

static const uint32_t islands[ISLANDS] = {
	0x00000000, 0x13ffffe8, 0x140000e8, 0x140001e8, 0x1400ffe8, 0x1401ffe8,
	0x1402fee8, 0x14100030, 0x7effffe8, 0x7fffffe8, 0x9fffffe8, 0xc611ffe8,
	0xc612ffe8, 0xc613ffe8, 0xdfffffe8, 0xffffffd0,
};

struct oracle {
	uint32_t first[3][RANGES], last[3][RANGES];
	int n[3]; /* deny, scope, lift */
};

static bool oracle_in(const struct oracle *o, int which, uint32_t addr)
{
	for (int i = 0; i < o->n[which]; i++)
		if (addr >= o->first[which][i] && addr <= o->last[which][i])
			return true;
	return false;
}

static bool oracle_allows(const struct oracle *o, uint32_t addr)
{
	bool special = false;

	for (size_t i = 0; i < n_special_purpose; i++)
		special |= addr >= special_purpose[i].first && addr <= special_purpose[i].last;
	if (special && !oracle_in(o, 2, addr))
		return false;
	if (o->n[1] != 0 && !oracle_in(o, 1, addr))
		return false;
	return !oracle_in(o, 0, addr);
}

static uint32_t random_addr(uint64_t *seed)
{
	return islands[test_random(seed) % ISLANDS] + (uint32_t)(test_random(seed) % ISLAND);
}

/* Appends one random word to text and its meaning to the oracle. */
static void random_range(uint64_t *seed, struct oracle *o, int which, char *text)
{
	uint32_t a = random_addr(seed), b = random_addr(seed), len, mask;
	uint32_t *first = &o->first[which][o->n[which]], *last = &o->last[which][o->n[which]];
	char word[64];

	o->n[which]++;
	*first = a < b ? a : b;
	*last = a < b ? b : a;
	switch (test_random(seed) % 4) {
	case 0:
		*first = *last = a;
		snprintf(word, sizeof(word), "%u.%u.%u.%u\n", a >> 24, a >> 16 & 255, a >> 8 & 255,
			 a & 255);
		break;
	case 1:
		len = (uint32_t)(test_random(seed) % 28) + 5;
		mask = UINT32_MAX << (32 - len);
		*first = a & mask;
		*last = a | ~mask;
		snprintf(word, sizeof(word), "%u.%u.%u.%u/%u # cidr\n", a >> 24, a >> 16 & 255,
			 a >> 8 & 255, a & 255, len);
		break;
	case 2: /* a short range */
		*first = a;
		*last = a > UINT32_MAX - 300 ? UINT32_MAX : a + (uint32_t)(test_random(seed) % 300);
		/* fall through */
	default:
		snprintf(word, sizeof(word), "%u.%u.%u.%u-%u.%u.%u.%u, ", *first >> 24,
			 *first >> 16 & 255, *first >> 8 & 255, *first & 255, *last >> 24,
			 *last >> 16 & 255, *last >> 8 & 255, *last & 255);
	}
	memcpy(text + strlen(text), word, strlen(word) + 1); /* RANGES words fit */
}

static void check_universe(const struct gate *gate, const struct oracle *o)
{
	uint32_t addr[ISLAND];
	uint64_t allowed, bug, opted_out, expected;

	for (int i = 0; i < ISLANDS; i++) {
		expected = 0;
		for (uint32_t k = 0; k < ISLAND; k++) {
			addr[k] = islands[i] + k;
			expected |= (uint64_t)oracle_allows(o, addr[k]) << k;
		}
		allowed = gate_all_steps(gate, addr, ISLAND, &bug, &opted_out);
		assert_int_equal(allowed, expected);
		assert_int_equal(bug, ~expected & ((UINT64_C(1) << ISLAND) - 1));
		assert_int_equal(opted_out, 0);
	}
}

static void test_against_brute_force(void **state)
{
	static char text[3][RANGES * 64];
	uint64_t seed = 4;

	(void)state;
	for (int run = 0; run < (test_long() ? 100000 : 10000); run++) {
		struct oracle o = {0};
		struct lists l = {0};
		struct gate *gate;

		for (int which = 0; which < 3; which++) {
			uint64_t n = test_random(&seed) % (RANGES + 1);

			text[which][0] = '\0';
			if (which != 0 && test_random(&seed) % 2)
				continue;
			for (uint64_t i = 0; i < n; i++)
				random_range(&seed, &o, which, text[which]);
			if (n != 0)
				lists_add(&l, "dsl"[which], text[which]);
		}
		gate = gate_of(&l);
		check_universe(gate, &o);
		gate_destroy(gate);
	}
}

/* --- growth --- */

static void test_layers(void **state)
{
	const uint32_t addr[4] = {0x14000001, 0x14000002, 0x7f000001, 0x14000003};
	struct lists l = {0}, more = {0}, broken = {0};
	struct gate *gate = gate_of(&l);
	uint64_t bug, opted_out;
	struct err err = {0};

	(void)state;
	assert_int_equal(gate_generation(gate), 0);
	assert_int_equal(gate_all_steps(gate, addr, 4, &bug, &opted_out), 0xb);
	assert_int_equal(bug, 0x4);
	assert_int_equal(opted_out, 0);

	/* a text that cannot be read changes nothing, not even its good lines */
	lists_add(&broken, 'd', "20.0.0.1\n20.0.0\n");
	assert_true(gate_deny_more(gate, &broken.excl, &err) < 0);
	assert_int_equal(err.code, EXIT_BOOKS);
	assert_int_equal(gate_generation(gate), 0);
	assert_true(allows(gate, 0x14000001));

	lists_add(&more, 'd', "20.0.0.2\n127.0.0.0/8\n");
	assert_int_equal(gate_deny_more(gate, &more.excl, &err), 0);
	assert_int_equal(gate_generation(gate), 1);
	assert_int_equal(gate_all_steps(gate, addr, 4, &bug, &opted_out), 0x9);
	assert_int_equal(bug, 0x4); /* the static layer's word goes first */
	assert_int_equal(opted_out, 0x2);
	gate_destroy(gate);
}

static void test_full_burst(void **state)
{
	uint64_t bug, opted_out;
	struct lists l = {0};
	struct gate *gate;
	uint32_t addr[64];

	(void)state;
	lists_add(&l, 'd', "20.0.0.0/26");
	gate = gate_of(&l);
	for (uint32_t i = 0; i < 64; i++)
		addr[i] = 0x14000000 + 2 * i;
	assert_int_equal(gate_all_steps(gate, addr, 64, &bug, &opted_out), UINT64_MAX << 32);
	assert_int_equal(bug, UINT32_MAX);
	assert_int_equal(gate_all_steps(gate, addr, 0, &bug, &opted_out), 0);
	gate_destroy(gate);
}

struct reader {
	const struct gate *gate;
	bool stop;
	uint64_t looks, returned; /* returned: addresses allowed again after they were denied */
};

enum { WATCHED = 64 };

static uint32_t watched_addr(uint32_t i)
{
	return 0x14000000 + i * 0x4321;
}

static void *watch(void *arg)
{
	struct reader *r = arg;
	uint32_t addr[WATCHED];
	uint64_t denied = 0, allowed, bug, opted_out;

	for (uint32_t i = 0; i < WATCHED; i++)
		addr[i] = watched_addr(i);
	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		allowed = gate_all_steps(r->gate, addr, WATCHED, &bug, &opted_out);
		r->returned += (allowed & denied) != 0 || bug != 0;
		denied |= ~allowed;
		__atomic_fetch_add(&r->looks, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* A reader never sees a denied address become allowed, and no address denied that is on no list. */
static void test_growth_while_reading(void **state)
{
	struct lists none = {0};
	struct reader r = {.gate = gate_of(&none)};
	uint64_t seed = 5;
	pthread_t thread;
	struct err err;
	char text[64];

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, watch, &r), 0);
	while (__atomic_load_n(&r.looks, __ATOMIC_RELAXED) == 0)
		sched_yield(); /* until it is looking */
	for (int round = 0; round < 2000; round++) {
		uint32_t a = watched_addr((uint32_t)(test_random(&seed) % (WATCHED / 2)) * 2);
		unsigned len = round < 1900 ? 32 : 24 - (unsigned)(round % 2) * 8;
		struct lists more = {0};

		snprintf(text, sizeof(text), "%u.%u.%u.%u/%u", a >> 24, a >> 16 & 255, a >> 8 & 255,
			 a & 255, len);
		lists_add(&more, 'd', text);
		assert_int_equal(gate_deny_more((struct gate *)r.gate, &more.excl, &err), 0);
		assert_false(allows(r.gate, a));
		if (round < 1900)
			for (uint32_t i = 1; i < WATCHED; i += 2)
				assert_true(allows(r.gate, watched_addr(i)));
	}
	__atomic_store_n(&r.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	assert_int_equal(r.returned, 0);
	assert_int_equal(gate_generation(r.gate), 2000);
	gate_destroy((struct gate *)r.gate);
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void test_million_lines(void **state)
{
	enum { LINES = 1000000 };
	char *text = malloc(LINES * 24), *at = text;
	uint64_t seed = 6;
	struct lists l = {0};
	struct gate *gate;
	double start;

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < LINES; i++) {
		uint32_t a = (uint32_t)test_random(&seed);

		at += snprintf(at, 24, "%u.%u.%u.%u/%u\n", a >> 24, a >> 16 & 255, a >> 8 & 255,
			       a & 255, i % 4 == 0 ? 24 : 32);
	}
	lists_add(&l, 'd', "");
	l.deny[0].text = text;
	l.deny[0].len = (size_t)(at - text);
	start = seconds();
	gate = gate_of(&l);
	print_message("# %d lines in %.3f s\n", LINES, seconds() - start);
	seed = 6;
	for (int i = 0; i < LINES; i++)
		assert_false(allows(gate, (uint32_t)test_random(&seed)));
	gate_destroy(gate);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_fails_closed),
		cmocka_unit_test(test_embedded_nul),
		cmocka_unit_test(test_boundaries),
		cmocka_unit_test(test_special_purpose),
		cmocka_unit_test(test_lift),
		cmocka_unit_test(test_against_brute_force),
		cmocka_unit_test(test_layers),
		cmocka_unit_test(test_full_burst),
		cmocka_unit_test(test_growth_while_reading),
		cmocka_unit_test(test_million_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
