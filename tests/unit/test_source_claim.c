/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "addr.h"
#include "source_claim.h"

static uint32_t base; /* 240.0.0.0/4 is nobody's, and each process has its own part of it */

static int take(struct source_claim *claim, uint32_t first, uint32_t n, uint16_t port,
		uint16_t last)
{
	static uint32_t addr[4096];
	struct err err;
	int rc;

	for (uint32_t i = 0; i < n; i++)
		addr[i] = base + first + i;
	rc = source_claim_take(claim, addr, n, port, last, &err);
	if (rc < 0)
		assert_int_equal(err.code, EXIT_REFUSED);
	return rc;
}

static void test_overlap(void **state)
{
	static const struct {
		uint32_t first, n;
		uint16_t port, last;
		bool free;
	} others[] = {
		{10, 4, 1000, 1999, false}, /* the same */
		{13, 1, 1999, 1999, false}, /* the last of both */
		{10, 1, 1000, 1000, false}, /* the first */
		{0, 256, 1, 65535, false},  /* all around */
		{14, 4, 1000, 1999, true},  /* the next address */
		{9, 1, 1000, 1999, true},   /* the one before */
		{10, 4, 2000, 2999, true},  /* the next port */
		{10, 4, 1, 999, true},	    /* those before */
	};
	struct source_claim own, other;

	(void)state;
	assert_int_equal(take(&own, 10, 4, 1000, 1999), 0);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		int rc = take(&other, others[i].first, others[i].n, others[i].port, others[i].last);

		assert_int_equal(rc == 0, others[i].free);
		source_claim_drop(&other);
	}
	source_claim_drop(&own);
	assert_int_equal(take(&own, 0, 256, 1, 65535), 0);
	source_claim_drop(&own);
}

/* More runs than sockets: what lies between is claimed, too. */
static void test_scattered(void **state)
{
	uint32_t addr[4 * SOURCE_CLAIM_SOCKETS];
	struct source_claim own, other;
	struct err err;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(addr); i++)
		addr[i] = base + 2 * i;
	assert_int_equal(source_claim_take(&own, addr, SOURCE_CLAIM_SOCKETS, 5, 6, &err), 0);
	assert_int_equal(own.n, SOURCE_CLAIM_SOCKETS);
	assert_int_equal(take(&other, 1, 1, 5, 6), 0);
	source_claim_drop(&other);
	source_claim_drop(&own);
	assert_int_equal(source_claim_take(&own, addr, ARRAY_LEN(addr), 5, 6, &err), 0);
	assert_true(take(&other, 2 * ARRAY_LEN(addr) - 3, 1, 5, 6) < 0);
	assert_true(take(&other, 2 * ARRAY_LEN(addr) - 2, 1, 5, 6) < 0);
	assert_int_equal(take(&other, 2 * ARRAY_LEN(addr) - 1, 1, 5, 6), 0);
	source_claim_drop(&other);
	source_claim_drop(&own);
}

/* Who is killed holds nothing any more, and who holds it is named. */
static void test_killed(void **state)
{
	struct source_claim claim;
	struct err err;
	char pid_text[32], area[64], text[ADDR4_TEXT];
	int pipes[2], status;
	pid_t pid;
	char byte;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	if (pid == 0) {
		if (take(&claim, 1, 1, 1, 2) == 0 && write(pipes[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	assert_true(source_claim_take(&claim, (uint32_t[]){base + 1}, 1, 2, 9, &err) < 0);
	snprintf(pid_text, sizeof(pid_text), "(process %d)", pid);
	assert_non_null(strstr(err.text, pid_text));
	addr4_format(text, base + 1);
	snprintf(area, sizeof(area), "%s, ports 1-2", text);
	assert_non_null(strstr(err.text, area));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	assert_int_equal(source_claim_take(&claim, (uint32_t[]){base + 1}, 1, 2, 9, &err), 0);
	source_claim_drop(&claim);
	close(pipes[0]);
	close(pipes[1]);
}

/* Of many that start at once, one gets it. */
static void test_race(void **state)
{
	enum { RACERS = 16 };
	int start[2], done[2], won = 0;
	struct source_claim claim;
	char byte = 0;

	(void)state;
	assert_int_equal(pipe(start) | pipe(done), 0);
	for (int i = 0; i < RACERS; i++) {
		if (fork() != 0)
			continue;
		if (read(start[0], &byte, 1) != 1)
			_exit(1);
		byte = take(&claim, 1, 1, 1, 2) == 0 ? 'w' : 'l';
		if (write(done[1], &byte, 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(write(start[1], "0123456789abcdef", RACERS), RACERS);
	for (int i = 0; i < RACERS; i++) {
		assert_int_equal(read(done[0], &byte, 1), 1);
		won += byte == 'w';
	}
	assert_int_equal(won, 1);
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (wait(NULL) > 0)
		continue;
	signal(SIGTERM, SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_scattered),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_race),
	};

	base = UINT32_C(0xf0000000) + ((uint32_t)getpid() % 65536) * 4096;
	setpgid(0, 0); /* test_race ends its own */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
