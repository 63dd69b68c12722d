/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "monitor.h"

static void test_counts(void **state)
{
	struct signal_counts counts;

	(void)state;
	assert_int_equal(signals_start(), 0);
	signals_read(&counts);
	assert_int_equal(counts.stop + counts.reload + counts.show, 0);
	raise(SIGINT);
	raise(SIGTERM);
	raise(SIGHUP);
	raise(SIGUSR1);
	raise(SIGUSR1);
	raise(SIGUSR1);
	signals_read(&counts);
	assert_int_equal(counts.stop, 2);
	assert_int_equal(counts.reload, 1);
	assert_int_equal(counts.show, 3);
	signals_forget();
	signals_read(&counts);
	assert_int_equal(counts.stop + counts.reload + counts.show, 0);
}

/* A reader that is gone is an error of the write, not the end of the process. */
static void test_pipe(void **state)
{
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	close(fd[0]);
	assert_int_equal(write(fd[1], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	close(fd[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
