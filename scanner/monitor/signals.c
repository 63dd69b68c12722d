/* SPDX-License-Identifier: BSD-3-Clause */

#include "monitor.h"

#include <errno.h>
#include <signal.h>

/* Handlers have no argument of ours to count in, so they are global. */
static struct signal_counts signal_counts;

static void signals_count(int signo)
{
	unsigned *count = &signal_counts.stop;

	if (signo == SIGHUP)
		count = &signal_counts.reload;
	else if (signo == SIGUSR1)
		count = &signal_counts.show;
	__atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
}

int signals_start(void)
{
	static const int counted[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
	/* system calls of other threads go on: nobody but main waits for a signal */
	struct sigaction count = {.sa_handler = signals_count, .sa_flags = SA_RESTART};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigemptyset(&count.sa_mask);
	sigemptyset(&ignore.sa_mask);
	for (unsigned i = 0; i < sizeof(counted) / sizeof(*counted); i++)
		if (sigaction(counted[i], &count, NULL) < 0)
			return -errno;
	return sigaction(SIGPIPE, &ignore, NULL) < 0 ? -errno : 0;
}

void signals_read(struct signal_counts *counts)
{
	counts->stop = __atomic_load_n(&signal_counts.stop, __ATOMIC_RELAXED);
	counts->reload = __atomic_load_n(&signal_counts.reload, __ATOMIC_RELAXED);
	counts->show = __atomic_load_n(&signal_counts.show, __ATOMIC_RELAXED);
}

void signals_forget(void)
{
	__atomic_store_n(&signal_counts.stop, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&signal_counts.reload, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&signal_counts.show, 0, __ATOMIC_RELAXED);
}
