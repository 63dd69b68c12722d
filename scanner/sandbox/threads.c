/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The C library makes setuid() true for all threads by a signal to each; it offers that for nothing
 * else, and libpsx, which does, knows only the threads that were started through it.
 */

#include "threads.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { THREADS_MAX = 1024, WAIT_MS = 5000 };

/* A handler has no argument: what the threads of one threads_run() share. They run one by one. */
static struct {
	int (*fn)(const void *);
	const void *arg;
	int error; /* the first */
	unsigned n_done;
	pid_t done[THREADS_MAX];
} all;

static void run_here(void)
{
	unsigned i = all.n_done;
	int rc = i < THREADS_MAX ? all.fn(all.arg) : -E2BIG;

	if (i >= THREADS_MAX)
		i = THREADS_MAX - 1;
	all.done[i] = (pid_t)syscall(SYS_gettid);
	if (rc < 0 && all.error == 0)
		all.error = rc;
	__atomic_store_n(&all.n_done, i + 1, __ATOMIC_RELEASE);
}

static void on_signal(int signo)
{
	int saved = errno;

	(void)signo;
	run_here();
	errno = saved;
}

static bool has_run(pid_t tid)
{
	unsigned n = __atomic_load_n(&all.n_done, __ATOMIC_ACQUIRE);

	for (unsigned i = 0; i < n; i++)
		if (all.done[i] == tid)
			return true;
	return false;
}

/* Until it has run, or has ended instead. */
static int wait_for(pid_t tid)
{
	const struct timespec nap = {.tv_nsec = 1000000};

	for (unsigned ms = 0; !has_run(tid) && syscall(SYS_tgkill, getpid(), tid, 0) == 0; ms++) {
		if (ms == WAIT_MS)
			return -ETIMEDOUT;
		nanosleep(&nap, NULL);
	}
	return 0;
}

/* Asks those that have not run: how many, or -errno. They are waited for one by one. */
static int ask_others(DIR *tasks)
{
	const struct dirent *entry;
	int asked = 0;

	rewinddir(tasks);
	while ((entry = readdir(tasks)) != NULL) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (tid <= 0 || has_run(tid))
			continue;
		if (syscall(SYS_tgkill, getpid(), tid, SIGRTMAX) < 0)
			continue; /* it has ended meanwhile */
		if (wait_for(tid) < 0)
			return -ETIMEDOUT;
		asked++;
	}
	return asked;
}

int threads_run(int (*fn)(const void *), const void *arg)
{
	/* restarted: threads of DPDK take an interrupted accept() for the end */
	struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, old;
	DIR *tasks = opendir("/proc/self/task");
	int rc;

	if (tasks == NULL)
		return -errno;
	memset(&all, 0, sizeof(all));
	all.fn = fn;
	all.arg = arg;
	sigemptyset(&act.sa_mask);
	sigaction(SIGRTMAX, &act, &old);
	run_here();
	do /* a thread that had not run may have started another */
		rc = ask_others(tasks);
	while (rc > 0);
	sigaction(SIGRTMAX, &old, NULL);
	closedir(tasks);
	return rc < 0 ? rc : all.error;
}
