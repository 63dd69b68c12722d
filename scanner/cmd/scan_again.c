/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * What was lost on the way is sent again: who notices a loss says between which instants, and how
 * many frames were seen to be lost then. These are made good once the repeats are out.
 */

#include "scan.h"

#include <errno.h>
#include <string.h>

#include <rte_common.h>
#include <rte_cycles.h>

#include "log.h"

static void ask(struct scan *scan)
{
	struct scan_again *again = &scan->again;
	int rc = workers_again(scan->workers, again->from, again->to);

	again->waits = rc < 0;
	if (rc < 0 && rc != again->error)
		LOG(WARN, "probes that were lost are sent again later: %s",
		    rc == -ENOSPC ? "too many are already to be sent again" : strerror(-rc));
	again->error = rc;
}

uint64_t scan_margin(const struct scan *scan)
{
	unsigned ms = __atomic_load_n(&scan->again.margin_ms, __ATOMIC_RELAXED);

	ms = RTE_MAX(ms, (unsigned)SLOW_FROM_MS); /* nothing was seen yet */
	return rte_get_tsc_hz() / 1000 * ms;
}

void scan_again(struct scan *scan, uint64_t from, uint64_t to, uint64_t lost)
{
	struct scan_again *again = &scan->again;

	again->from = again->waits ? RTE_MIN(again->from, from) : from;
	again->to = again->waits ? RTE_MAX(again->to, to) : to;
	again->made_good += lost;
	ask(scan);
}

void scan_again_tick(struct scan *scan)
{
	struct workers_mark mark;

	if (scan->again.waits)
		ask(scan);
	if (scan->keeper != NULL) /* else a checkpoint remembers what may be lost by a kill */
		return;
	workers_mark(scan->workers, &mark);
	stream_forget_again(&scan->stream, mark.repeated);
}

bool scan_again_over(const struct scan *scan)
{
	return !scan->again.waits && workers_again_over(scan->workers);
}
