/* SPDX-License-Identifier: BSD-3-Clause */

#include "answer.h"

#include "worker.h"

/* Turns of the lcores: what goes first, what waits and until when, what is left at the end. */

static void rig_workers(struct rig *rig, struct workers **workers, struct output **output)
{
	struct output_conf out = {.path = "/dev/null", .format = "ndjson", .n_rings = 1};
	struct roles roles = {.n_tx = 1, .n_rx = 1, .n_workers = 1};
	struct workers_conf conf = {.roles = &roles, .rate = 1000, .tx_descriptors = 64};
	struct err err;

	rig_open(rig, &(struct rig_conf){
			      .targets = "192.0.2.0/24", .lift = "192.0.2.0/24", .ports = "80"});
	if (output_create(&out, output, &err) < 0)
		fail_msg("%s", err.text);
	conf.stream = &rig->stream;
	conf.dev = &rig->dev;
	conf.output = *output;
	conf.clock = &rig->clock;
	if (workers_create(&conf, workers, &err) < 0)
		fail_msg("%s", err.text);
}

/* The EAL has the main lcore alone: a worker's is missing, which must not be waited for. */
static void test_missing_lcore(void **state)
{
	struct workers *workers;
	struct output *output;
	struct rig rig;
	struct err err;

	(void)state;
	rig_workers(&rig, &workers, &output);
	assert_true(workers_start(workers, &err) < 0);
	assert_int_equal(err.code, EXIT_DEVICE);
	assert_non_null(strstr(err.text, "lcore 1"));
	workers_destroy(workers);
	output_destroy(output);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing_lcore),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
