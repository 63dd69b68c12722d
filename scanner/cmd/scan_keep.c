/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Keeping the state of a scan on disk, so that it can be killed at any instant.
 *
 * A position is settled when it was sent longer ago than the wait for answers (--cooldown), and all
 * records up to then are on the disk. The checkpoint says below which step all is settled, and
 * above which step surely nothing has been sent: the lease, which lcores do not go beyond until the
 * next checkpoint is on the disk. What lies between is probed again after a kill:
 *
 *	(LEASE_S + wait + a period or two) * rate, and a run for each lcore
 *
 * How far sending had come is remembered for as long as answers are waited for, in at most MARKS
 * marks; that makes the wait longer by 1/MARKS. Frames that were seen to be lost since then are
 * made good by that. When the disk is slow, sending waits; so it does when it is full, unless
 * --on-full says to stop.
 */

#include "scan.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>

#include "log.h"

enum {
	PERIOD_MS = 400,     /* between two checkpoints */
	LEASE_S = 2,	     /* of sending, that a checkpoint allows */
	LEASE_MIN = 1 << 20, /* steps, where nothing limits the rate */
	MARKS = 128,
};

struct mark {
	uint64_t time;	   /* TSC */
	uint64_t low;	   /* steps below had been sent by then */
	uint64_t repeated; /* and pieces of repeats below, again */
	uint64_t lost;	   /* frames, and not made good */
};

struct keeper {
	struct scan *scan;
	pthread_t thread;
	bool running;
	bool stop; /* atomic: main */
	int error; /* atomic: thread */
	bool warned;

	pthread_mutex_t lock; /* of what main publishes */
	struct snapshot published;

	struct mark marks[MARKS]; /* a ring */
	unsigned first, n;
	uint64_t marked, gap; /* TSC: of the last mark; least between two */

	/* answers that came before `drained` have become `handed` records */
	uint64_t drained, handed;
	bool waiting;	    /* for these to be on the disk */
	uint64_t confirmed; /* TSC: of those whose records are */
	uint64_t settled;   /* steps below are */
	uint64_t repeated;  /* pieces of repeats below are, too */
	uint64_t lost;	    /* frames, whose probes are not repeated after a kill */
	uint64_t cursor;    /* of the last checkpoint */
	uint64_t synced;    /* records that are on the disk */
};

/* --- what is settled --- */

static void remember(struct keeper *k, uint64_t now, const struct workers_mark *mark, uint64_t lost)
{
	if (k->n != 0 && now - k->marked < k->gap)
		return;
	if (k->n == MARKS) {
		k->first = (k->first + 1) % MARKS;
		k->n--;
	}
	k->marks[(k->first + k->n) % MARKS] = (struct mark){now, mark->low, mark->repeated, lost};
	k->n++;
	k->marked = now;
}

static uint64_t wait_ticks(const struct scan *scan)
{
	return (uint64_t)((double)scan->job->cooldown_ns / 1e9 * (double)rte_get_tsc_hz());
}

/* Marks that are older than the wait before what is confirmed have been answered for good. */
static void settle(struct keeper *k)
{
	uint64_t wait = wait_ticks(k->scan);
	uint64_t margin = RTE_MIN(wait, scan_margin(k->scan));

	for (unsigned i = 0; i < k->n; i++) {
		const struct mark *mark = &k->marks[(k->first + i) % MARKS];

		if (mark->time + wait - margin <= k->confirmed)
			k->lost = mark->lost;
	}
	while (k->n != 0 && k->marks[k->first].time + wait <= k->confirmed) {
		k->settled = k->marks[k->first].low;
		k->repeated = k->marks[k->first].repeated;
		k->first = (k->first + 1) % MARKS;
		k->n--;
	}
}

/* done: how many of the records handed over are on the disk. */
static void confirm(struct keeper *k, const struct workers_mark *mark, uint64_t done)
{
	if (k->waiting && k->handed <= done) {
		k->confirmed = k->drained;
		k->waiting = false;
	}
	if (k->waiting)
		return;
	k->drained = mark->drained;
	k->handed = mark->handed;
	k->waiting = true;
}

/* --- the checkpoint --- */

/* What the runs before left over, and what is to be repeated, that is not settled yet: as far as
 * it lies below the cursor, beyond which all is done anew. */
static int todo_left(const struct keeper *k, uint64_t cursor, struct spans *left)
{
	const struct spans *todo = &k->scan->from.todo;
	struct spans again = {0};
	int rc = 0;

	for (size_t i = 0; i < todo->n && rc == 0; i++)
		rc = spans_add(left, RTE_MAX(todo->at[i].first, k->settled), todo->at[i].end);
	if (rc == 0)
		rc = stream_again_from(&k->scan->stream, k->repeated, &again);
	for (size_t i = 0; i < again.n && rc == 0; i++)
		rc = spans_add(left, again.at[i].first, RTE_MIN(again.at[i].end, cursor));
	spans_fini(&again);
	spans_settle(left);
	return rc;
}

/* The lease begins where sending is, and lasts for two seconds at the rate seen or allowed. */
static uint64_t lease_end(const struct keeper *k, uint64_t cursor)
{
	const struct scan *scan = k->scan;
	uint64_t seen = (cursor - k->cursor) * (LEASE_S * 1000 / PERIOD_MS);
	uint64_t ahead = RTE_MAX(2 * seen, (uint64_t)LEASE_MIN);

	if (scan->rate < UINT64_MAX / LEASE_S)
		ahead = RTE_MIN(ahead, scan->rate * LEASE_S);
	ahead = RTE_MAX(ahead, 2 * scan->stream.run * RTE_MAX(scan->roles.n_tx, scan->n_uplinks));
	return RTE_MIN(cursor + ahead, scan->stream.steps);
}

static int save(const struct keeper *k, const struct snapshot *books, uint64_t sent_below)
{
	const struct scan *scan = k->scan;
	struct checkpoint c = scan->from;
	int rc;

	c.books = *books;
	c.books.made_good = stats_missing(books) - RTE_MIN(k->lost, stats_lost(books));
	c.sent_below = RTE_MAX(sent_below, c.sent_below);
	c.todo = (struct spans){0};
	c.cursor = RTE_MAX(k->settled, c.cursor);
	rc = todo_left(k, c.cursor, &c.todo);
	if (rc == 0)
		rc = state_save(&scan->state, &c);
	spans_fini(&c.todo);
	return rc;
}

/* A full disk may have room again; anything else will not mend itself. */
static void save_failed(struct keeper *k, int rc)
{
	bool mends = rc == -ENOMEM ||
		     (k->scan->job->on_full == ON_FULL_WAIT && (rc == -ENOSPC || rc == -EDQUOT));

	if (!mends) {
		LOG(ERROR, "--state-dir: %s: %s", k->scan->state.path, strerror(-rc));
		__atomic_store_n(&k->error, rc, __ATOMIC_RELEASE);
	} else if (!k->warned) {
		LOG(WARN, "--state-dir: %s: %s: sending waits", k->scan->state.path, strerror(-rc));
		k->warned = true;
	}
}

static void published(struct keeper *k, struct snapshot *books)
{
	pthread_mutex_lock(&k->lock);
	*books = k->published;
	pthread_mutex_unlock(&k->lock);
}

static void keep(struct keeper *k)
{
	struct scan *scan = k->scan;
	struct workers_mark mark;
	struct output_stats out;
	struct snapshot books;
	uint64_t lease;
	int rc;

	published(k, &books);
	workers_mark(scan->workers, &mark);
	remember(k, rte_rdtsc(), &mark, stats_lost(&books));
	rc = output_sync(scan->output, &out);
	if (rc < 0) {
		__atomic_store_n(&k->error, rc, __ATOMIC_RELEASE);
		return;
	}
	confirm(k, &mark, out.written + out.filtered_out);
	settle(k);

	published(k, &books);
	k->synced = scan->base.written + out.written;
	books.written = k->synced; /* what is there after a power cut */
	lease = lease_end(k, mark.cursor);
	rc = save(k, &books, lease);
	if (rc < 0) {
		save_failed(k, rc);
		return;
	}
	k->cursor = mark.cursor;
	k->warned = false;
	stream_forget_again(&scan->stream, k->repeated);
	stream_extend(&scan->stream, lease);
}

static void *keep_run(void *arg)
{
	const struct timespec nap = {.tv_nsec = 20 * 1000 * 1000};
	uint64_t period = rte_get_tsc_hz() / 1000 * PERIOD_MS, last = rte_rdtsc();
	struct keeper *k = arg;

	while (!__atomic_load_n(&k->stop, __ATOMIC_ACQUIRE) && k->error == 0) {
		nanosleep(&nap, NULL);
		if (rte_rdtsc() - last < period)
			continue;
		last = rte_rdtsc();
		keep(k);
	}
	return NULL;
}

/* --- start and stop --- */

/* Signals are for the main thread. */
static int start_thread(struct keeper *k)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&k->thread, NULL, keep_run, k);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	k->running = rc == 0;
	return -rc;
}

int scan_keep_start(struct scan *scan, struct err *err)
{
	struct output_stats out;
	struct keeper *k;
	uint64_t lease;
	int rc;

	if (!scan->keeps)
		return 0;
	k = scan->keeper = calloc(1, sizeof(*k));
	if (k == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	pthread_mutex_init(&k->lock, NULL);
	k->scan = scan;
	k->gap = wait_ticks(scan) / MARKS;
	k->published = scan->base;
	k->lost = stats_lost(&scan->base);
	k->cursor = scan->from.cursor;
	if (!scan->resumes) {
		struct timespec now;

		clock_gettime(CLOCK_REALTIME, &now);
		scan->from.started = (double)now.tv_sec;
	}
	k->synced = scan->base.written;
	lease = lease_end(k, scan->from.cursor);
	rc = output_sync(scan->output, &out); /* what a run before wrote, before it counts */
	if (rc == 0)
		rc = save(k, &scan->base, lease);
	if (rc == 0) {
		stream_extend(&scan->stream, lease);
		rc = start_thread(k);
	}
	if (rc < 0)
		return err_set(err, EXIT_OUTPUT, "--state-dir: %s: %s", scan->state.path,
			       strerror(-rc));
	return 0;
}

void scan_keep_publish(struct scan *scan, const struct snapshot *s)
{
	if (scan->keeper == NULL)
		return;
	pthread_mutex_lock(&scan->keeper->lock);
	scan->keeper->published = *s;
	pthread_mutex_unlock(&scan->keeper->lock);
}

int scan_keep_error(const struct scan *scan)
{
	return scan->keeper == NULL ? 0 : __atomic_load_n(&scan->keeper->error, __ATOMIC_ACQUIRE);
}

void scan_keep_stop(struct scan *scan)
{
	struct keeper *k = scan->keeper;

	if (k == NULL || !k->running)
		return;
	__atomic_store_n(&k->stop, true, __ATOMIC_RELEASE);
	pthread_join(k->thread, NULL);
	k->running = false;
}

/*
 * All that was sent has been answered, and the answers are on the disk: what was left over is all
 * that is left to do, and nothing is probed twice.
 */
static int end_in_order(const struct scan *scan, bool told)
{
	const struct checkpoint *from = &scan->from;
	struct checkpoint c = *from;
	bool again;
	int rc;

	c.books = scan->last;
	c.cursor = stream_cursor(&scan->stream);
	c.todo = (struct spans){0};
	rc = workers_left(scan->workers, &c.todo);
	again = c.cursor < from->sent_below ||
		(c.todo.n != 0 && c.todo.at[0].first < from->sent_below);
	c.sent_below = again ? from->sent_below : 0;
	if (!scan_again_over(scan))
		c.sent_below = RTE_MAX(c.sent_below, c.cursor);
	c.over = told && c.todo.n == 0 && c.cursor == c.steps;
	if (rc == 0)
		rc = state_save(&scan->state, &c);
	spans_fini(&c.todo);
	return rc;
}

void scan_keep_end(struct scan *scan, bool told)
{
	struct keeper *k = scan->keeper;
	struct snapshot books = scan->last;
	bool in_order = scan->settled && scan->end != END_OUTPUT && scan->end != END_BOOKS &&
			scan->end != END_GATE;
	int rc;

	if (k == NULL)
		return;
	if (scan->end == END_MAX_RESULTS)
		scan->from.over = told;
	if (scan->end == END_OUTPUT) /* what came after may not be on the disk */
		books.written = k->synced;
	if (in_order)
		rc = end_in_order(scan, told);
	else
		rc = save(k, &books, stream_cursor(&scan->stream));
	if (rc < 0)
		LOG(WARN, "--state-dir: %s: %s: the checkpoint before the last holds",
		    scan->state.path, strerror(-rc));
}
