/* SPDX-License-Identifier: BSD-3-Clause */

#include "target/rangeset.h"

#include "test.h"

/* The oracle: one flag per address of a small universe, here the low 4,096 addresses or, to meet
 * the edge, the highest ones. */
enum { UNIVERSE = 4096 };

static void set_random(struct rangeset *set, bool *flag, uint32_t base, uint64_t *seed)
{
	size_t n = test_random(seed) % 40;

	memset(flag, 0, UNIVERSE);
	for (size_t i = 0; i < n; i++) {
		uint32_t first = test_random(seed) % UNIVERSE;
		uint32_t last = first + test_random(seed) % 150;

		last = last < UNIVERSE ? last : UNIVERSE - 1;
		assert_int_equal(rangeset_add(set, base + first, base + last), 0);
		memset(flag + first, 1, last - first + 1);
	}
	rangeset_normalise(set);
}

static void set_check(const struct rangeset *set, const bool *flag, uint32_t base)
{
	uint64_t count = 0;

	for (size_t i = 0; i < set->n; i++) {
		assert_true(set->at[i].first <= set->at[i].last);
		if (i > 0)
			assert_true(set->at[i].first > set->at[i - 1].last &&
				    set->at[i].first - 1 > set->at[i - 1].last);
	}
	for (uint32_t i = 0; i < UNIVERSE; i++) {
		count += flag[i];
		assert_int_equal(rangeset_contains(set, base + i), flag[i]);
	}
	assert_int_equal(rangeset_count(set), count);
}

static void test_against_flags(void **state)
{
	static bool x[UNIVERSE], y[UNIVERSE], z[UNIVERSE];
	uint64_t seed = 2;

	(void)state;
	for (int round = 0; round < 400; round++) {
		uint32_t base = round % 2 ? 0 : UINT32_MAX - (UNIVERSE - 1);
		struct rangeset a = {0}, b = {0}, out;

		set_random(&a, x, base, &seed);
		set_random(&b, y, base, &seed);
		set_check(&a, x, base);
		set_check(&b, y, base);

		assert_int_equal(rangeset_subtract(&out, &a, &b), 0);
		for (int i = 0; i < UNIVERSE; i++)
			z[i] = x[i] && !y[i];
		set_check(&out, z, base);
		rangeset_fini(&out);

		assert_int_equal(rangeset_intersect(&out, &a, &b), 0);
		for (int i = 0; i < UNIVERSE; i++)
			z[i] = x[i] && y[i];
		set_check(&out, z, base);
		rangeset_fini(&out);

		rangeset_fini(&a);
		rangeset_fini(&b);
	}
}

static void test_whole_space(void **state)
{
	struct rangeset all = {0}, ends = {0}, out;

	(void)state;
	assert_int_equal(rangeset_add(&all, 0, UINT32_MAX), 0);
	assert_int_equal(rangeset_add(&all, UINT32_MAX, UINT32_MAX), 0);
	assert_int_equal(rangeset_add(&all, 0, 0), 0);
	rangeset_normalise(&all);
	assert_int_equal(all.n, 1);
	assert_int_equal(rangeset_count(&all), UINT64_C(1) << 32);

	assert_int_equal(rangeset_add(&ends, UINT32_MAX, UINT32_MAX), 0);
	assert_int_equal(rangeset_add(&ends, 0, 0), 0);
	rangeset_normalise(&ends);
	assert_int_equal(ends.n, 2);
	assert_int_equal(rangeset_subtract(&out, &all, &ends), 0);
	assert_int_equal(out.n, 1);
	assert_int_equal(out.at[0].first, 1);
	assert_int_equal(out.at[0].last, UINT32_MAX - 1);
	rangeset_fini(&out);

	assert_int_equal(rangeset_subtract(&out, &all, &all), 0);
	assert_int_equal(out.n, 0);
	assert_int_equal(rangeset_count(&out), 0);
	assert_false(rangeset_contains(&out, 0));
	rangeset_fini(&out);
	rangeset_fini(&ends);
	rangeset_fini(&all);
}

static void test_adjacent_ranges_join(void **state)
{
	struct rangeset set = {0};

	(void)state;
	assert_int_equal(rangeset_add(&set, 20, 29), 0);
	assert_int_equal(rangeset_add(&set, 0, 9), 0);
	assert_int_equal(rangeset_add(&set, 10, 19), 0);
	assert_int_equal(rangeset_add(&set, 31, 31), 0);
	assert_int_equal(rangeset_add(&set, 5, 12), 0);
	rangeset_normalise(&set);
	assert_int_equal(set.n, 2);
	assert_int_equal(set.at[0].last, 29);
	assert_true(rangeset_overlaps(&set, (struct range){30, 31}));
	assert_false(rangeset_overlaps(&set, (struct range){30, 30}));
	assert_false(rangeset_overlaps(&set, (struct range){32, UINT32_MAX}));
	rangeset_fini(&set);
}

static void test_prefix_text(void **state)
{
	static const struct {
		struct range range;
		const char *text;
	} cases[] = {
		{{0, UINT32_MAX}, "0.0.0.0/0"},
		{{0xc0000201, 0xc0000201}, "192.0.2.1/32"},
		{{0xc0000200, 0xc00002ff}, "192.0.2.0/24"},
		{{0xc0000201, 0xc0000202}, "192.0.2.0/30"},
		{{0x7fffffff, 0x80000000}, "0.0.0.0/0"},
	};
	char text[PREFIX_TEXT];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(range_prefix(text, cases[i].range), cases[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_flags),
		cmocka_unit_test(test_whole_space),
		cmocka_unit_test(test_adjacent_ranges_join),
		cmocka_unit_test(test_prefix_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
