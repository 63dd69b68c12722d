/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Back-pressure of the network: when the device or the kernel reports drops, sending slows down
 * (see adapt.h), and what was under way goes out again.
 *
 * A drop is seen at a look. It came after the look before, and may have been the answer to a probe
 * that was sent scan_margin() earlier, but not before what is being repeated already. A moment of
 * loss is over when nothing was dropped for QUIET_MS. A drop may hit a repeat: then that is
 * repeated. So when nothing is left to repeat, no probe is without an answer because of a drop.
 */

#include "scan.h"

#include <rte_common.h>
#include <rte_cycles.h>

#include "log.h"

enum {
	QUIET_MS = 200,	       /* without a drop: the moment of loss is over */
	MOMENT_MS = 2000,      /* or it lasts so long already that its repeats begin */
	REPEATS_MAX = 4,       /* for each probe of the scan, on average */
	REPEATS_MIN = 1 << 18, /* which a small scan may have in any case */
};

static uint64_t ticks(unsigned ms)
{
	return rte_get_tsc_hz() / 1000 * ms;
}

static uint64_t now_ns(const struct scan *scan, uint64_t now)
{
	return clock_ns(&scan->clock, now);
}

static struct adapt_seen seen(const struct snapshot *s)
{
	return (struct adapt_seen){
		.sent = s->sent + s->resent + s->sampled + s->control,
		.tx_lost = s->tx_dropped,
		.received = s->received,
		.rx_lost = s->rx_missed,
	};
}

void scan_adapt_start(struct scan *scan, uint64_t now)
{
	struct adapt_seen base = seen(&scan->base);

	adapt_init(&scan->adapt.search, scan->rate, &base, now_ns(scan, now));
	scan->adapt.missing = stats_missing(&scan->base);
	scan->adapt.looked = scan->adapt.covered = now;
}

/* Loss that repeating does not end is none that we cause. */
static bool may_repeat(const struct scan *scan, const struct snapshot *s)
{
	return s->resent - scan->base.resent <
	       RTE_MAX(stats_probes(s) * REPEATS_MAX, (uint64_t)REPEATS_MIN);
}

static void repeat(struct scan *scan, const struct snapshot *s)
{
	struct scan_adapt *a = &scan->adapt;

	if (may_repeat(scan, s))
		scan_again(scan, a->from, a->to, a->owed);
	else if (!a->given_up)
		LOG(WARN, "frames go on being lost: what is lost from here on is not sent again");
	a->given_up |= !may_repeat(scan, s);
	a->covered = a->to;
	a->owed = 0;
}

/* What was dropped since the last look becomes part of a moment of loss. */
static void notice(struct scan *scan, const struct snapshot *s, uint64_t now)
{
	struct scan_adapt *a = &scan->adapt;
	uint64_t dropped = stats_missing(s) - a->missing;

	if (dropped != 0 && a->owed == 0) {
		a->from = a->looked - RTE_MIN(scan_margin(scan), a->looked - a->covered);
		a->since = now;
	}
	if (dropped != 0)
		a->to = now;
	a->owed += dropped;
	a->missing += dropped;
	a->looked = now;
	if (a->owed != 0 && (now - a->to >= ticks(QUIET_MS) || now - a->since >= ticks(MOMENT_MS)))
		repeat(scan, s);
}

static void slow_down(struct scan *scan, const struct snapshot *s, uint64_t now)
{
	struct adapt *search = &scan->adapt.search;
	uint64_t before = search->rate, backoffs = search->backoffs;
	struct adapt_seen counts = seen(s);

	if (adapt_look(search, &counts, now_ns(scan, now)) != before)
		workers_set_rate(scan->workers, search->rate);
	if (backoffs == 0 && search->backoffs != 0)
		LOG(WARN, "frames are lost: sending slows down, and what was lost is sent again");
}

/* What an outage costs is no matter of the rate, and scan_path.c has it sent again. */
static void skip(struct scan *scan, const struct snapshot *s, uint64_t now)
{
	struct adapt_seen counts = seen(s);

	adapt_skip(&scan->adapt.search, &counts, now_ns(scan, now));
	scan->adapt.missing = stats_missing(s);
}

void scan_adapt_look(struct scan *scan, const struct snapshot *s, bool held, uint64_t now)
{
	struct scan_adapt *a = &scan->adapt;

	if (scan->job->adapt == ADAPT_OFF || scan->end != END_COMPLETE)
		return;
	if (held || a->held)
		skip(scan, s, now);
	else
		slow_down(scan, s, now);
	notice(scan, s, now);
	a->held = held;
}
