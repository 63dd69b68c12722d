/* SPDX-License-Identifier: BSD-3-Clause */

#include "worker.h"

#include <ctype.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CPUS_MAX = 200 };

/* ",1023" for each that main may float on, ",64@1023" for each worker */
_Static_assert(sizeof(((struct roles *)0)->lcores) > 8 + 5 * CPUS_MAX + 8 * WORKERS_MAX,
	       "the longest list of lcores has room");

/* "0,2-5" to a set of processors, all of which the process must be allowed to use. */
static int cores_parse(const char *list, const cpu_set_t *allowed, cpu_set_t *set, struct err *err)
{
	const char *at = list;

	CPU_ZERO(set);
	while (isdigit((unsigned char)*at)) {
		char *end;
		unsigned long first = strtoul(at, &end, 10), last = first;

		if (*end == '-' && isdigit((unsigned char)end[1]))
			last = strtoul(end + 1, &end, 10);
		for (unsigned long cpu = first; cpu <= last; cpu++) {
			if (cpu >= CPU_SETSIZE || !CPU_ISSET(cpu, allowed))
				return err_set(err, EXIT_USAGE,
					       "--cores: processor %lu is not one that this "
					       "process may use",
					       cpu);
			CPU_SET(cpu, set);
		}
		at = end;
		if (*at != ',')
			break;
		at++;
	}
	if (*at != '\0' || CPU_COUNT(set) == 0)
		return err_set(err, EXIT_USAGE,
			       "--cores: \"%s\" is not a list of processors such as 0,2-5", list);
	return 0;
}

static void roles_share_out(struct roles *r, unsigned cpus)
{
	/* a processor for the main and the writer thread, where there are enough */
	unsigned room = cpus > 2 ? cpus - 1 : cpus;
	bool share = cpus <= 2 || r->n_tx + r->n_rx > room;

	r->first_rx = share ? 0 : r->n_tx;
	r->n_workers = share ? (r->n_tx > r->n_rx ? r->n_tx : r->n_rx) : r->n_tx + r->n_rx;
}

/* Workers sit on processors of their own, from the last downwards; main floats over all. */
static void roles_place(struct roles *r, const cpu_set_t *set)
{
	int n = snprintf(r->lcores, sizeof(r->lcores), "0@(");
	unsigned worker = 0;

	for (int cpu = 0, first = 1; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, set))
			continue;
		n += snprintf(r->lcores + n, sizeof(r->lcores) - (size_t)n, first ? "%d" : ",%d",
			      cpu);
		first = 0;
	}
	n += snprintf(r->lcores + n, sizeof(r->lcores) - (size_t)n, ")");
	while (worker < r->n_workers) /* more workers than processors go round again */
		for (int cpu = CPU_SETSIZE - 1; cpu >= 0 && worker < r->n_workers; cpu--)
			if (CPU_ISSET(cpu, set))
				n += snprintf(r->lcores + n, sizeof(r->lcores) - (size_t)n,
					      ",%u@%d", ++worker, cpu);
}

/* Of the processors that we may use, those on the device's node, if there are enough of them. */
static void cores_near(const char *near, unsigned workers, cpu_set_t *set)
{
	cpu_set_t all, both;
	struct err err;

	memset(&all, 0xff, sizeof(all));
	if (cores_parse(near, &all, &both, &err) < 0)
		return;
	CPU_AND(&both, &both, set);
	if ((unsigned)CPU_COUNT(&both) >= workers)
		*set = both;
}

static unsigned roles_count(unsigned asked, unsigned of_use, const cpu_set_t *set)
{
	unsigned cpus = (unsigned)CPU_COUNT(set);

	if (asked != 0)
		return asked;
	return of_use < cpus ? of_use : cpus;
}

int roles_init(struct roles *roles, const struct roles_conf *conf, struct err *err)
{
	cpu_set_t allowed, set;
	unsigned cpus;

	CPU_ZERO(&allowed);
	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		CPU_SET(0, &allowed);
	set = allowed;
	if (conf->list != NULL && cores_parse(conf->list, &allowed, &set, err) < 0)
		return -1;
	roles->n_tx = roles_count(conf->tx, conf->of_use, &set);
	roles->n_rx = roles_count(conf->rx, conf->of_use, &set);
	if (conf->list == NULL)
		cores_near(conf->near, roles->n_tx + roles->n_rx, &set);
	cpus = (unsigned)CPU_COUNT(&set);
	if (cpus > CPUS_MAX)
		return err_set(err, EXIT_USAGE,
			       "more than %d processors: name those to use with --cores", CPUS_MAX);
	roles_share_out(roles, cpus);
	roles_place(roles, &set);
	return 0;
}
