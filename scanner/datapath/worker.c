/* SPDX-License-Identifier: BSD-3-Clause */

#include "worker.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_pause.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "dedup.h"
#include "echo.h"
#include "prefix.h"
#include "rx.h"
#include "tx.h"

enum {
	RX_ROUNDS = 4, /* bursts received for one sent, at most: more answers than probes must not
			  pile up */
	IDLE_MAX_US = 250, /* the longest nap: answers wait no longer for their time stamp */
	SLICE_NS = 100000, /* of the processor, where others want it, too */
};

struct worker {
	struct workers *all;
	struct tx *tx; /* NULL: does not send */
	struct rx *rx; /* NULL: does not receive */
} STATS_ALIGN;

struct workers {
	struct workers_conf conf;
	bool hold, stop_sending, cooldown, stop_rx, stop_tx; /* main writes, lcores read */
	uint64_t rate;					     /* likewise: frames/s */
	uint64_t idle_max;				     /* TSC ticks */
	struct worker worker[WORKERS_MAX];
	unsigned n_workers, n_tx, n_rx;
	struct tx *tx[WORKERS_MAX];
	struct rx *rx[WORKERS_MAX];
	struct rte_ring *followups[WORKERS_MAX]; /* of RX lcore i */
	struct rte_ring *echoes; /* of all RX lcores, for TX lcore 0; NULL: nobody answers */
	/* of records, and behind them, if any are wanted, those of their frames */
	struct result_ring *results[2 * WORKERS_MAX];
	unsigned n_results;
};

/* --- the loop --- */

/*
 * Nothing to do: a kernel or simulated device lets the lcore nap until something is due, so that an
 * idle scan burns no processor; a device made for speed is polled on.
 */
static void worker_idle(const struct worker *w, uint64_t now)
{
	uint64_t due = UINT64_MAX, tx_at, rx_at;
	struct timespec nap = {0};

	if (w->all->conf.dev->limits & IO_BUSY) {
		rte_pause();
		return;
	}
	tx_at = w->tx != NULL ? tx_due(w->tx, now) : UINT64_MAX;
	rx_at = w->rx != NULL ? rx_due(w->rx) : UINT64_MAX;
	due = RTE_MIN(tx_at, rx_at);
	if (due <= now) {
		sched_yield();
		return;
	}
	due = RTE_MIN(due - now, w->all->idle_max);
	nap.tv_nsec = (long)(due * 1000000 / (rte_get_tsc_hz() / 1000));
	nanosleep(&nap, NULL);
}

static bool flag(const bool *f)
{
	return __atomic_load_n(f, __ATOMIC_ACQUIRE);
}

/*
 * Naps that end on time, and a processor soon after: short slices make the scheduler run a thread
 * that seldom wants to run early (EEVDF, Linux 6.12; older kernels refuse, and it is only a wish).
 */
static void worker_be_prompt(void)
{
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} wish = {.size = sizeof(wish), .policy = SCHED_OTHER, .runtime = SLICE_NS};

	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	wish.nice = getpriority(PRIO_PROCESS, 0);
	syscall(SYS_sched_setattr, 0, &wish, 0);
}

static int worker_run(void *arg)
{
	struct worker *w = arg;

	worker_be_prompt();
	for (;;) {
		bool rx_on = w->rx != NULL && !flag(&w->all->stop_rx);
		bool tx_on = w->tx != NULL && !flag(&w->all->stop_tx);
		uint64_t now = rte_rdtsc();
		unsigned work = 0;

		if (!rx_on && !tx_on)
			return 0;
		for (unsigned i = 0; rx_on && i < RX_ROUNDS; i++) {
			unsigned n = rx_step(w->rx, now);

			work += n;
			if (n < RX_BURST)
				break;
			now = rte_rdtsc();
		}
		if (tx_on)
			work += tx_step(w->tx, now);
		if (work == 0)
			worker_idle(w, now);
	}
}

/* --- set-up --- */

static int create_rings(struct workers *w, struct err *err)
{
	if (w->conf.answer_ping) {
		w->echoes = rte_ring_create_elem("echo", sizeof(struct echo), ECHO_RING,
						 SOCKET_ID_ANY, RING_F_SC_DEQ);
		if (w->echoes == NULL)
			return err_set(err, EXIT_DEVICE, "no memory for rings (%s)",
				       rte_strerror(rte_errno));
	}
	for (unsigned i = 0; i < w->n_rx; i++) {
		char name[RTE_RING_NAMESIZE];

		snprintf(name, sizeof(name), "followup%u", i);
		w->followups[i] =
			rte_ring_create_elem(name, sizeof(struct followup), FOLLOWUP_RING,
					     w->conf.dev->socket, RING_F_SP_ENQ | RING_F_SC_DEQ);
		if (w->followups[i] == NULL)
			return err_set(err, EXIT_DEVICE, "no memory for rings (%s)",
				       rte_strerror(rte_errno));
	}
	return 0;
}

static void find_results(struct workers *w)
{
	for (unsigned i = 0; i < w->n_rx; i++)
		w->results[w->n_results++] = output_ring(w->conf.output, i);
	for (unsigned i = 0; i < w->n_rx; i++)
		if (output_frames(w->conf.output, i) != NULL)
			w->results[w->n_results++] = output_frames(w->conf.output, i);
}

static int create_tx(struct workers *w, unsigned i)
{
	struct tx *tx = rte_zmalloc(NULL, sizeof(*tx), RTE_CACHE_LINE_SIZE);
	struct rte_ring **own = calloc(w->n_rx + 1, sizeof(struct rte_ring *));

	w->tx[i] = tx;
	if (tx == NULL || own == NULL) {
		free(own);
		return -ENOMEM;
	}
	tx->stream = w->conf.stream;
	tx->clock = w->conf.clock;
	tx->dev = w->conf.dev;
	tx->queue = (uint16_t)i;
	tx->pool = w->conf.dev->tx_pool[i];
	tx->neigh = w->conf.neigh;
	tx->gateway = w->conf.neigh->mac;
	tx->probe = w->conf.stream->probe;
	tx->rst = w->conf.stream->rst;
	tx->asks = i == 0;
	tx->echoes = i == 0 ? w->echoes : NULL;
	tx->ttl = w->conf.ttl;
	tx->hold = &w->hold;
	tx->rate = &w->rate;
	tx->paced = w->rate;
	tx->followups = own;
	for (unsigned r = i; r < w->n_rx; r += w->n_tx) /* RX lcore r asks TX lcore r mod n_tx */
		own[tx->n_followups++] = w->followups[r];
	tx->results = w->results;
	tx->n_results = w->n_results;
	tx->dry = w->conf.dry;
	tx->stop = &w->stop_sending;
	pace_init(&tx->pace, w->rate, w->n_tx, rte_get_tsc_hz(), rte_rdtsc());
	if (w->conf.stream->prefix != NULL &&
	    (deferrals_init(&tx->deferred) < 0 || deferrals_init(&tx->deferred_rst) < 0))
		return -ENOMEM;
	return 0;
}

static int create_rx(struct workers *w, unsigned i)
{
	struct rx *rx = rte_zmalloc(NULL, sizeof(*rx), RTE_CACHE_LINE_SIZE);

	w->rx[i] = rx;
	if (rx == NULL)
		return -ENOMEM;
	rx->stream = w->conf.stream;
	rx->clock = w->conf.clock;
	rx->dev = w->conf.dev;
	rx->queue = (uint16_t)i;
	rx->service = i == 0 && w->conf.dev->service != NULL;
	rx->kernel_addrs = w->conf.kernel_addrs;
	rx->n_kernel_addrs = w->conf.n_kernel_addrs;
	rx->neigh = w->conf.neigh;
	rx->send_rst = w->conf.send_rst;
	rx->want_repeats = output_wants_repeats(w->conf.output);
	rx->results = w->results[i];
	rx->frames = output_frames(w->conf.output, i);
	rx->followups = w->followups[i];
	rx->echoes = w->echoes;
	rx->cooldown = &w->cooldown;
	return 0;
}

int workers_create(const struct workers_conf *conf, struct workers **workers, struct err *err)
{
	struct workers *w = aligned_alloc(64, sizeof(*w));
	const struct roles *r = conf->roles;
	int rc;

	*workers = w;
	if (w == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	memset(w, 0, sizeof(*w));
	w->conf = *conf;
	w->rate = conf->rate;
	w->n_workers = r->n_workers;
	w->n_tx = RTE_MIN(r->n_tx, conf->dev->tx_queues);
	w->n_rx = RTE_MIN(r->n_rx, conf->dev->rx_queues);
	if (w->n_rx == 1)
		dedup_alone(conf->stream->dedup);
	w->idle_max = rte_get_tsc_hz() / 1000000 * IDLE_MAX_US;

	find_results(w);
	rc = create_rings(w, err);
	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < w->n_tx && rc == 0; i++)
		rc = create_tx(w, i);
	for (unsigned i = 0; i < w->n_rx && rc == 0; i++)
		rc = create_rx(w, i);
	if (rc < 0)
		return err_set(err, EXIT_DEVICE, "out of memory");

	for (unsigned i = 0; i < w->n_workers; i++) {
		unsigned rx = i - r->first_rx;

		w->worker[i].all = w;
		w->worker[i].tx = i < w->n_tx ? w->tx[i] : NULL;
		w->worker[i].rx = i >= r->first_rx && rx < w->n_rx ? w->rx[rx] : NULL;
	}
	return 0;
}

void workers_destroy(struct workers *w)
{
	if (w == NULL)
		return;
	for (unsigned i = 0; i < WORKERS_MAX; i++) {
		if (w->tx[i] != NULL) {
			free(w->tx[i]->followups);
			deferrals_fini(&w->tx[i]->deferred);
			deferrals_fini(&w->tx[i]->deferred_rst);
		}
		rte_free(w->tx[i]);
		rte_free(w->rx[i]);
		rte_ring_free(w->followups[i]);
	}
	rte_ring_free(w->echoes);
	free(w);
}

/* --- start and stop --- */

int workers_start(struct workers *w, struct err *err)
{
	/* from the last: receivers are behind senders, and listen before the first probe leaves */
	for (unsigned i = w->n_workers; i-- > 0;) {
		if (rte_lcore_is_enabled(i + 1) &&
		    rte_eal_remote_launch(worker_run, &w->worker[i], i + 1) == 0)
			continue;
		workers_stop(w);
		return err_set(err, EXIT_DEVICE, "lcore %u cannot be started", i + 1);
	}
	return 0;
}

void workers_stop_sending(struct workers *w)
{
	__atomic_store_n(&w->stop_sending, true, __ATOMIC_RELEASE);
}

void workers_hold(struct workers *w, bool hold)
{
	__atomic_store_n(&w->hold, hold, __ATOMIC_RELEASE);
}

void workers_set_rate(struct workers *w, uint64_t rate)
{
	__atomic_store_n(&w->rate, rate, __ATOMIC_RELAXED);
}

bool workers_sent_all(const struct workers *w)
{
	if (w->stop_sending)
		return true;
	/* first: who claims a repeat has said before that it is not done */
	if (stream_again_waits(w->conf.stream))
		return false;
	for (unsigned i = 0; i < w->n_tx; i++)
		if (!flag(&w->tx[i]->done))
			return false;
	return true;
}

void workers_cooldown(struct workers *w, bool cooldown)
{
	__atomic_store_n(&w->cooldown, cooldown, __ATOMIC_RELEASE);
}

/* Follow-ups that are still to go have a moment; what a low rate leaves is lost, and counted. */
static void drain_followups(struct workers *w)
{
	for (unsigned ms = 0; ms < 500; ms += 10) {
		unsigned waiting = 0;

		for (unsigned i = 0; i < w->n_rx; i++)
			waiting += rte_ring_count(w->followups[i]);
		for (unsigned i = 0; i < w->n_tx; i++)
			waiting += __atomic_load_n(&w->tx[i]->deferred_rst.n, __ATOMIC_RELAXED);
		if (waiting == 0)
			break;
		rte_delay_us_sleep(10000);
	}
	rte_delay_us_sleep(2000);
}

void workers_stop(struct workers *w)
{
	workers_stop_sending(w);
	__atomic_store_n(&w->stop_rx, true, __ATOMIC_RELEASE);
	drain_followups(w);
	__atomic_store_n(&w->stop_tx, true, __ATOMIC_RELEASE);
	rte_eal_mp_wait_lcore();
	for (unsigned i = 0; i < w->n_tx; i++)
		tx_drain(w->tx[i]);
}

/* --- how far it has come --- */

void workers_mark(const struct workers *w, struct workers_mark *mark)
{
	mark->drained = UINT64_MAX;
	for (unsigned i = 0; i < w->n_rx; i++)
		mark->drained = RTE_MIN(mark->drained,
					__atomic_load_n(&w->rx[i]->drained, __ATOMIC_ACQUIRE));
	mark->handed = 0;
	for (unsigned i = 0; i < w->n_rx; i++)
		mark->handed += __atomic_load_n(&w->rx[i]->stats.handed, __ATOMIC_RELAXED);

	/* the cursor first: who has taken a step below it has an old or the right mark by now */
	mark->low = mark->cursor = stream_cursor(w->conf.stream);
	mark->repeated = stream_again_claimed(w->conf.stream);
	for (unsigned i = 0; i < w->n_tx; i++) {
		const struct tx *tx = w->tx[i];

		mark->low = RTE_MIN(mark->low, __atomic_load_n(&tx->low, __ATOMIC_ACQUIRE));
		mark->repeated =
			RTE_MIN(mark->repeated, __atomic_load_n(&tx->repeated, __ATOMIC_ACQUIRE));
	}
}

int workers_again(const struct workers *w, uint64_t from, uint64_t to)
{
	const struct clock *clock = w->conf.clock;
	struct spans sent = {0};
	int rc;

	rc = stream_sent_between(w->conf.stream, clock_ns(clock, from) / 1000,
				 clock_ns(clock, to) / 1000, &sent);
	if (rc == 0)
		rc = stream_again(w->conf.stream, &sent);
	spans_fini(&sent);
	return rc;
}

bool workers_again_over(const struct workers *w)
{
	struct workers_mark mark;

	workers_mark(w, &mark);
	return mark.repeated == stream_again_asked(w->conf.stream);
}

/* The sample is of one run: it is not left over. */
static int left_steps(const struct stream *s, uint64_t first, uint64_t n, struct spans *left)
{
	return stream_samples(s, first) ? 0 : spans_add(left, first, first + n);
}

static int left_by(const struct workers *w, const struct tx *tx, struct spans *left)
{
	const struct stream *s = w->conf.stream;
	int rc = left_steps(s, stream_step(s, tx->claim.attempt, tx->claim.next),
			    tx->claim.end - tx->claim.next, left);

	for (unsigned i = tx->batch.first; i < tx->batch.n && rc == 0; i++)
		rc = left_steps(s, tx->batch.step[i], 1, left);
	for (unsigned i = 0; i < tx->deferred.n && rc == 0; i++)
		rc = left_steps(s, tx->deferred.at[i].probe.step, 1, left);
	return rc;
}

int workers_left(const struct workers *w, struct spans *left)
{
	int rc = 0;

	for (unsigned i = 0; i < w->n_tx && rc == 0; i++)
		rc = left_by(w, w->tx[i], left);
	if (rc == 0)
		rc = stream_waiting(w->conf.stream, left);
	spans_settle(left);
	return rc;
}

/* --- counters --- */

static uint64_t get(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static void count_tx(const struct tx *tx, struct snapshot *s)
{
	s->sent += get(&tx->stats.sent);
	s->resent += get(&tx->stats.resent);
	s->sampled += get(&tx->stats.sampled);
	s->opted_out += get(&tx->stats.opted_out);
	s->gate_hits += get(&tx->stats.gate_hits);
	s->control += get(&tx->stats.control);
	s->control_lost += get(&tx->stats.control_lost);
	s->ring_full_tx += get(&tx->stats.ring_full);
	s->truly_open += get(&tx->stats.truly_open);
	s->paused |= get(&tx->paused) != 0;
}

static void count_rx(const struct rx *rx, struct snapshot *s)
{
	s->received += get(&rx->stats.received);
	s->repeats += get(&rx->stats.repeats);
	s->handed += get(&rx->stats.handed);
	s->ring_full += get(&rx->stats.ring_full);
	s->control_lost += get(&rx->stats.control_lost);
	for (unsigned i = 0; i < REJECT_COUNT; i++)
		s->rejected[i] += get(&rx->stats.rejected[i]);
	for (unsigned i = 0; i < STATE_COUNT; i++)
		s->first[i] += get(&rx->stats.first[i]);
	for (unsigned i = 0; i < YIELD_ATTEMPTS; i++)
		s->yield[i] += get(&rx->stats.yield[i]);
	s->sample_found += get(&rx->stats.sample_found);
}

void workers_count(const struct workers *w, struct snapshot *s, bool settled)
{
	for (unsigned i = 0; i < w->n_tx; i++)
		count_tx(w->tx[i], s);
	for (unsigned i = 0; i < w->n_rx; i++)
		count_rx(w->rx[i], s);
	if (w->conf.stream->prefix != NULL)
		s->prefix_peak = prefix_pace_peak(w->conf.stream->prefix);
	if (!settled)
		return;
	s->not_reached = stream_unclaimed(w->conf.stream);
	for (unsigned i = 0; i < w->n_tx; i++) {
		s->not_reached += tx_leftover(w->tx[i]);
		s->control_lost += w->tx[i]->deferred_rst.n;
	}
	for (unsigned i = 0; i < w->n_rx; i++)
		s->control_lost += rte_ring_count(w->followups[i]);
}
