/* SPDX-License-Identifier: BSD-3-Clause */

#include "target/target_space.h"

#include "test.h"

enum { BURST = 64 };

/* A space beside the plain list of its targets, in the order of the indices. */
struct model {
	struct rangeset addrs;
	struct portset ports;
	struct pairset pairs;
	uint64_t *target; /* addr << 16 | port */
	size_t n;
};

static void portset_put(struct portset *set, uint16_t port)
{
	set->bits[port / 64] |= UINT64_C(1) << port % 64;
}

static void model_list(struct model *m)
{
	uint64_t product = rangeset_count(&m->addrs) * portset_count(&m->ports);

	m->target = malloc((product + m->pairs.n + 1) * sizeof(*m->target));
	assert_non_null(m->target);
	m->n = 0;
	for (size_t r = 0; r < m->addrs.n && product > 0; r++)
		for (uint64_t a = m->addrs.at[r].first; a <= m->addrs.at[r].last; a++)
			for (uint32_t port = 0; port < PORTS; port++)
				if (portset_contains(&m->ports, (uint16_t)port))
					m->target[m->n++] = a << 16 | port;
	for (size_t i = 0; i < m->pairs.n; i++)
		m->target[m->n++] = m->pairs.at[i];
}

/* Random ranges, ports and pairs; few addresses, so that there are many edges. */
static void model_random(struct model *m, uint64_t *seed)
{
	uint32_t base = test_random(seed) % 2 ? (uint32_t)test_random(seed) : UINT32_MAX - 4095;
	size_t ranges = test_random(seed) % 30, pairs = test_random(seed) % 50, kept = 0;

	memset(m, 0, sizeof(*m));
	base = base < UINT32_MAX - 4095 ? base : UINT32_MAX - 4095;
	for (size_t i = 0; i < ranges; i++) {
		uint32_t first = base + test_random(seed) % 4000;

		rangeset_add(&m->addrs, first, first + test_random(seed) % 30);
	}
	rangeset_normalise(&m->addrs);
	for (size_t i = ranges ? 1 + test_random(seed) % 5 : 0; i > 0; i--)
		portset_put(&m->ports, (uint16_t)(test_random(seed) % 3 ? test_random(seed) : 0));
	for (size_t i = 0; i < pairs || m->addrs.n + m->pairs.n == 0; i++)
		pairset_add(&m->pairs, pair_make(base + test_random(seed) % 4096,
						 (uint16_t)test_random(seed)));
	pairset_normalise(&m->pairs);
	for (size_t i = 0; i < m->pairs.n; i++)
		if (!portset_contains(&m->ports, pair_port(m->pairs.at[i])) ||
		    !rangeset_contains(&m->addrs, pair_addr(m->pairs.at[i])))
			m->pairs.at[kept++] = m->pairs.at[i];
	m->pairs.n = kept;
	model_list(m);
}

static void model_fini(struct model *m)
{
	rangeset_fini(&m->addrs);
	pairset_fini(&m->pairs);
	free(m->target);
}

static struct target_space *model_space(const struct model *m)
{
	struct pairset pairs = {0};
	struct target_space *s;

	for (size_t i = 0; i < m->pairs.n; i++)
		assert_int_equal(pairset_add(&pairs, m->pairs.at[i]), 0);
	s = target_space_create(&m->addrs, &m->ports, &pairs);
	assert_non_null(s);
	assert_null(pairs.at);
	return s;
}

static bool model_has(const struct model *m, uint64_t target)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->target[i] == target)
			return true;
	return false;
}

static void check_pick_and_rank(const struct model *m, const struct target_space *s)
{
	uint64_t index[BURST], back[BURST];
	uint32_t addr[BURST];
	uint16_t port[BURST];

	assert_int_equal(target_space_size(s), m->n);
	for (size_t at = 0; at < m->n; at += BURST) {
		unsigned n = m->n - at < BURST ? (unsigned)(m->n - at) : BURST;

		for (unsigned i = 0; i < n; i++)
			index[i] = at + i;
		target_space_pick(s, index, addr, port, n);
		for (unsigned i = 0; i < n; i++)
			assert_int_equal((uint64_t)addr[i] << 16 | port[i], m->target[at + i]);
		target_space_rank(s, addr, port, back, n);
		assert_memory_equal(back, index, n * sizeof(*index));
	}
}

/* What is not a target has no index; neighbours of targets are the likeliest to be mistaken. */
static void check_absent(const struct model *m, const struct target_space *s, uint64_t *seed)
{
	for (int i = 0; i < 200; i++) {
		uint64_t near = m->target[test_random(seed) % m->n], index;
		uint32_t addr = (uint32_t)(near >> 16) + (uint32_t)(test_random(seed) % 5) - 2;
		uint16_t port = (uint16_t)(near + test_random(seed) % 3 - 1);

		target_space_rank(s, &addr, &port, &index, 1);
		if (model_has(m, (uint64_t)addr << 16 | port))
			assert_int_equal(m->target[index], (uint64_t)addr << 16 | port);
		else
			assert_true(index == TARGET_ABSENT);
	}
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void check_largest_prefix(const struct model *m, const struct target_space *s)
{
	uint64_t *sorted = malloc(m->n * sizeof(*sorted));

	assert_non_null(sorted);
	memcpy(sorted, m->target, m->n * sizeof(*sorted));
	qsort(sorted, m->n, sizeof(*sorted), compare_u64);
	for (unsigned len = 1; len <= 32; len++) {
		uint64_t most = 0, run = 0;

		for (size_t i = 0; i < m->n; i++) {
			bool same = i > 0 && sorted[i] >> (48 - len) == sorted[i - 1] >> (48 - len);

			run = same ? run + 1 : 1;
			most = run > most ? run : most;
		}
		assert_int_equal(target_space_largest_prefix(s, len), most);
	}
	free(sorted);
}

static void test_against_plain_lists(void **state)
{
	uint64_t seed = 10;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct target_space *s;
		struct model m;

		model_random(&m, &seed);
		s = model_space(&m);
		check_pick_and_rank(&m, s);
		check_absent(&m, s, &seed);
		if (round % 4 == 0)
			check_largest_prefix(&m, s);
		target_space_destroy(s);
		model_fini(&m);
	}
}

/* pick and rank undo each other anywhere in a large space, and at its ends. */
static void check_large(const struct target_space *s, uint64_t *seed)
{
	uint64_t size = target_space_size(s), index[BURST], back[BURST];
	uint32_t addr[BURST];
	uint16_t port[BURST];

	for (int round = 0; round < 2000; round++) {
		for (uint64_t i = 0; i < BURST; i++)
			index[i] = round == 0	? i % size
				   : round == 1 ? size - 1 - i % size
						: test_random(seed) % size;
		target_space_pick(s, index, addr, port, BURST);
		target_space_rank(s, addr, port, back, BURST);
		assert_memory_equal(back, index, sizeof(back));
	}
}

static void test_all_of_ipv4_times_all_ports(void **state)
{
	struct rangeset all = {0};
	struct portset ports = {0};
	struct pairset none = {0};
	uint64_t seed = 11, index = (UINT64_C(1) << 48) - 1;
	struct target_space *s;
	uint32_t addr;
	uint16_t port;

	(void)state;
	rangeset_add(&all, 0, UINT32_MAX);
	for (uint32_t p = 0; p < PORTS; p++)
		portset_put(&ports, (uint16_t)p);
	s = target_space_create(&all, &ports, &none);
	assert_non_null(s);
	assert_int_equal(target_space_size(s), UINT64_C(1) << 48);
	target_space_pick(s, &index, &addr, &port, 1);
	assert_int_equal(addr, UINT32_MAX);
	assert_int_equal(port, 65535);
	check_large(s, &seed);
	assert_int_equal(target_space_largest_prefix(s, 1), UINT64_C(1) << 47);
	assert_int_equal(target_space_largest_prefix(s, 24), 256 * 65536);
	assert_int_equal(target_space_largest_prefix(s, 32), 65536);
	target_space_destroy(s);
	rangeset_fini(&all);
}

/* Pairs are beside all ports of other addresses as they are beside some. */
static void test_all_ports_and_pairs(void **state)
{
	const uint64_t pairs_at = 4 * PORTS, index[] = {pairs_at, PORTS + 7, pairs_at + 1};
	struct rangeset addrs = {0};
	struct portset ports = {0};
	struct pairset pairs = {0};
	struct target_space *s;
	uint32_t addr[3];
	uint16_t port[3];

	(void)state;
	rangeset_add(&addrs, 1000, 1003);
	for (uint32_t p = 0; p < PORTS; p++)
		portset_put(&ports, (uint16_t)p);
	assert_int_equal(pairset_add(&pairs, pair_make(5, 80)), 0);
	assert_int_equal(pairset_add(&pairs, pair_make(9000, 443)), 0);
	s = target_space_create(&addrs, &ports, &pairs);
	assert_non_null(s);
	target_space_pick(s, index, addr, port, 3);
	assert_true(addr[0] == 5 && port[0] == 80);
	assert_true(addr[1] == 1001 && port[1] == 7);
	assert_true(addr[2] == 9000 && port[2] == 443);
	target_space_destroy(s);
	rangeset_fini(&addrs);
}

/* The quotient by any number of ports, at indices next to its multiples. */
static void test_every_number_of_ports(void **state)
{
	struct rangeset all = {0};
	struct portset ports = {0};
	uint64_t seed = 12;

	(void)state;
	rangeset_add(&all, 0, UINT32_MAX);
	for (uint32_t n = 1; n <= PORTS; n++) {
		struct pairset none = {0};
		struct target_space *s;

		portset_put(&ports, (uint16_t)(n - 1));
		if (n > 300 && n % 641 != 0 && n < PORTS - 3)
			continue;
		s = target_space_create(&all, &ports, &none);
		assert_non_null(s);
		for (int k = 0; k < 2000; k++) {
			uint64_t q = k == 0 ? UINT32_MAX : (uint32_t)test_random(&seed);
			uint64_t index[3] = {q * n, q * n + n / 2, q * n + n - 1};
			uint32_t addr[3];
			uint16_t port[3];

			target_space_pick(s, index, addr, port, 3);
			for (int i = 0; i < 3; i++)
				assert_int_equal(addr[i], q);
			assert_int_equal(port[0], 0);
			assert_int_equal(port[1], n / 2);
			assert_int_equal(port[2], n - 1);
		}
		target_space_destroy(s);
	}
	rangeset_fini(&all);
}

/* A million single addresses beside one huge range: buckets that are crowded, and empty ones. */
static void test_crowded_buckets(void **state)
{
	struct rangeset addrs = {0};
	struct portset ports = {0};
	struct pairset pairs = {0};
	struct target_space *s;
	uint64_t seed = 13;

	(void)state;
	for (uint32_t i = 0; i < 1000000; i++)
		rangeset_add(&addrs, 0x01000000 + 2 * i, 0x01000000 + 2 * i);
	rangeset_add(&addrs, 0x80000000, UINT32_MAX);
	rangeset_normalise(&addrs);
	portset_put(&ports, 80);
	portset_put(&ports, 443);
	for (uint32_t i = 0; i < 1000; i++)
		pairset_add(&pairs, pair_make(0x01000001 + 2 * i, 22));
	s = target_space_create(&addrs, &ports, &pairs);
	assert_non_null(s);
	assert_int_equal(target_space_size(s), 2 * (1000000 + (UINT64_C(1) << 31)) + 1000);
	check_large(s, &seed);
	for (uint64_t i = 0; i < 2000000; i += 9973) {
		uint32_t addr;
		uint16_t port;

		target_space_pick(s, &i, &addr, &port, 1);
		assert_int_equal(addr, 0x01000000 + i / 2 * 2);
		assert_int_equal(port, i % 2 ? 443 : 80);
	}
	assert_int_equal(target_space_largest_prefix(s, 24), 512);
	assert_int_equal(target_space_largest_prefix(s, 8), UINT64_C(1) << 25);
	target_space_destroy(s);
	rangeset_fini(&addrs);
}

static struct digest digest_of_space(const char *addr, const char *port, uint64_t pair)
{
	struct rangeset addrs = {0};
	struct portset ports = {0};
	struct pairset pairs = {0};
	struct target_space *s;
	struct digest digest;

	for (; *addr != '\0'; addr++)
		rangeset_add(&addrs, (uint32_t)*addr, (uint32_t)*addr);
	rangeset_normalise(&addrs);
	for (; *port != '\0'; port++)
		portset_put(&ports, (uint16_t)*port);
	if (pair != 0)
		pairset_add(&pairs, pair);
	s = target_space_create(&addrs, &ports, &pairs);
	assert_non_null(s);
	target_space_digest(s, &digest);
	target_space_destroy(s);
	rangeset_fini(&addrs);
	return digest;
}

/* The order in which targets are named does not matter, but each of them does. */
static void test_digest(void **state)
{
	static const struct {
		const char *addrs, *ports;
		uint64_t pair;
	} others[] = {
		{"abd", "xy", 7}, {"ab", "xy", 7},  {"abx", "cy", 7}, {"abc", "xz", 7},
		{"abc", "x", 7},  {"abc", "xy", 8}, {"abc", "xy", 0}, {"", "", 7},
	};
	const struct digest want = digest_of_space("abc", "xy", 7);
	struct digest got = digest_of_space("cab", "yx", 7);

	(void)state;
	assert_true(digest_equal(&got, &want));
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		got = digest_of_space(others[i].addrs, others[i].ports, others[i].pair);
		assert_false(digest_equal(&got, &want));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_plain_lists),
		cmocka_unit_test(test_all_of_ipv4_times_all_ports),
		cmocka_unit_test(test_all_ports_and_pairs),
		cmocka_unit_test(test_every_number_of_ports),
		cmocka_unit_test(test_crowded_buckets),
		cmocka_unit_test(test_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
