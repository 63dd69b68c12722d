/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include <sched.h>

#include "worker.h"

static unsigned cpus(void)
{
	cpu_set_t set;

	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	return (unsigned)CPU_COUNT(&set);
}

static struct roles roles_of(struct roles_conf conf)
{
	struct roles roles;
	struct err err;

	conf.near = "";
	assert_int_equal(roles_init(&roles, &conf, &err), 0);
	return roles;
}

/* Whoever names a number has it, also beyond the processors that there are. */
static void test_asked(void **state)
{
	struct roles roles = roles_of((struct roles_conf){.tx = 3, .rx = 2, .of_use = 1});

	(void)state;
	assert_int_equal(roles.n_tx, 3);
	assert_int_equal(roles.n_rx, 2);
	assert_int_equal(roles.n_workers, cpus() > 5 ? 5 : 3);
}

/* Else as many as are of use, but none without a processor. */
static void test_of_use(void **state)
{
	(void)state;
	for (unsigned of_use = 1; of_use <= 4; of_use++) {
		struct roles roles = roles_of((struct roles_conf){.of_use = of_use});
		unsigned n = of_use < cpus() ? of_use : cpus();

		assert_int_equal(roles.n_tx, n);
		assert_int_equal(roles.n_rx, n);
		roles = roles_of((struct roles_conf){.of_use = of_use, .tx = 1});
		assert_int_equal(roles.n_tx, 1);
		assert_int_equal(roles.n_rx, n);
	}
}

/* What --cores leaves out does not count. */
static void test_named(void **state)
{
	struct roles_conf conf = {.of_use = 4, .near = ""};
	struct roles roles;
	char list[32];
	struct err err;
	cpu_set_t set;
	int cpu = 0;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	while (!CPU_ISSET(cpu, &set))
		cpu++;
	snprintf(list, sizeof(list), "%d", cpu);
	conf.list = list;
	assert_int_equal(roles_init(&roles, &conf, &err), 0);
	assert_int_equal(roles.n_tx, 1);
	assert_int_equal(roles.n_rx, 1);
	assert_int_equal(roles.n_workers, 1);
	snprintf(list, sizeof(list), "0@(%d),1@%d", cpu, cpu);
	assert_string_equal(roles.lcores, list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_of_use),
		cmocka_unit_test(test_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
