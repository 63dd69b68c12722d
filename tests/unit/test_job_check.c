/* SPDX-License-Identifier: BSD-3-Clause */

/* Contradictions and what is missing: wrong whatever the device. */

#include "test.h"

#include "job.h"
#include "log.h"

enum { WORDS_MAX = 24 };

static int check(unsigned command, const char *text, struct err *err)
{
	char line[256], *argv[WORDS_MAX], *rest;
	struct job job;
	int argc = 0, rc;

	snprintf(line, sizeof(line), "%s", text);
	for (char *word = strtok_r(line, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	rc = job_parse(&job, argc, argv, command, err);
	if (rc < 0)
		fail_msg("'%s' does not even parse: %s", text, err->text);
	rc = job_check(&job, command, err);
	job_fini(&job);
	return rc;
}

static void test_good(void **state)
{
	static const struct {
		unsigned command;
		const char *line;
	} good[] = {
		{CMD_SCAN, "-i sim -p 80 198.18.0.1"},
		{CMD_SCAN, "-i sim -I pairs.txt"},
		{CMD_SCAN, "-i sim -p 80 -I - -b list"},
		{CMD_SCAN, "-i sim -p 80 a --shard 1/2 -e 1"},
		{CMD_SCAN, "-i sim -p 80 a --cores 0-3,7 -T 5"},
		{CMD_SCAN, "-i sim -p 80 a -o - -m summary -u status -l log"},
		{CMD_SCAN, "-i sim -p 80 a -S 198.18.0.0/24 --gateway-ip 198.18.0.1"},
		{CMD_SCAN, "-i sim -p 80 a -s 40000"},
		{CMD_LIST, "-p 80 a"},
		{CMD_LIST, "-p 80 a --truth -i sim"},
		{CMD_DOCTOR, ""},
		{CMD_DOCTOR, "eth0"},
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		if (check(good[i].command, good[i].line, &err) < 0)
			fail_msg("'%s': %s", good[i].line, err.text);
	}
}

static void test_bad(void **state)
{
	static const struct {
		unsigned command;
		const char *line, *says;
	} bad[] = {
		{CMD_SCAN, "", "no targets"},
		{CMD_SCAN, "-i sim -p 80", "no targets"},
		{CMD_SCAN, "-i sim a", "no ports"},
		{CMD_SCAN, "-p 80 a", "no device: -i sim"},
		{CMD_SCAN, "-i sim -p 80 a -q -v", "contradict"},
		{CMD_SCAN, "-i sim -p 80 a --shard 0/2", "--shard needs --seed"},
		{CMD_SCAN, "-i sim -p 80 a --sample 3", "--sample 3: N is a power of two"},
		{CMD_SCAN, "-i sim -I - -b -",
		 "--blocklist-file -: stdin is read by --targets-file"},
		{CMD_SCAN, "-i sim -I - -w -", "--targets-file -: stdin is read by --targets-file"},
		{CMD_SCAN, "-i sim -p 80 a -m -", "--summary: stdout belongs to the records"},
		{CMD_SCAN, "-i sim -p 80 a -o x -l x", "--log-file: 'x' is where --output writes"},
		{CMD_SCAN, "-i sim -p 80 a -m x -u x",
		 "--status-file: 'x' is where --summary writes"},
		{CMD_SCAN, "-i sim -p 80 a --cores 3-", "--cores: '3-'"},
		{CMD_SCAN, "-i sim -p 80 a --cores 1,,2", "--cores: '1,,2'"},
		{CMD_SCAN, "-i sim -p 80 a --cores 5-2", "--cores: '5-2'"},
		{CMD_SCAN, "-i sim -p 80 a --cores 9999", "--cores: '9999'"},
		{CMD_SCAN, "-i sim -p 80 a --cores 0-1 -T 3", "--tx-cores 3: --cores names only 2"},
		{CMD_SCAN, "-i sim -p 80 a --gateway-ip gw", "--gateway-ip: 'gw'"},
		{CMD_SCAN, "-i sim -p 80 a -S eth0", "--source-ip: 'eth0'"},
		{CMD_SCAN, "-i sim -p 80 a -f nosuch", "nosuch"},
		{CMD_LIST, "-p 80", "no targets"},
		{CMD_LIST, "-p 80 a --truth", "--truth"},
		{CMD_LIST, "-p 80 a --shard 0/2", "--shard needs --seed"},
		{CMD_DOCTOR, "-q -v", "contradict"},
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (check(bad[i].command, bad[i].line, &err) == 0)
			fail_msg("'%s' was accepted", bad[i].line);
		assert_int_equal(err.code, EXIT_USAGE);
		if (strstr(err.text, bad[i].says) == NULL)
			fail_msg("'%s': \"%s\" lacks \"%s\"", bad[i].line, err.text, bad[i].says);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
