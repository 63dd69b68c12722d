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

/* An lcore, and the queues that it serves in turn: of each device one at most, where there are
 * enough lcores. */
struct worker {
	struct workers *all;
	struct tx *tx[DEVICES_MAX];
	struct rx *rx[DEVICES_MAX];
	unsigned n_tx, n_rx;
	bool busy; /* one of its devices is made for speed */
} STATS_ALIGN;

struct workers {
	struct workers_conf conf;
	bool stop_sending, cooldown, stop_rx, stop_tx; /* main writes, lcores read */
	bool hold[DEVICES_MAX];			       /* likewise */
	uint64_t rate;				       /* likewise: frames/s */
	uint64_t idle_max;			       /* TSC ticks */
	struct worker worker[WORKERS_MAX];
	unsigned n_workers, n_tx, n_rx; /* lcores; queues of all devices, in each direction */
	struct tx *tx[WORKERS_MAX];
	struct rx *rx[WORKERS_MAX];
	unsigned tx_uplink[WORKERS_MAX], rx_uplink[WORKERS_MAX]; /* whose queue it is */
	struct rte_ring *followups[WORKERS_MAX];		 /* of RX queue i */
	/* of all RX queues of a device, for its TX queue 0; NULL: nobody answers */
	struct rte_ring *echoes[DEVICES_MAX];
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
	uint64_t due = UINT64_MAX;
	struct timespec nap = {0};

	if (w->busy) {
		rte_pause();
		return;
	}
	for (unsigned i = 0; i < w->n_tx; i++)
		due = RTE_MIN(due, tx_due(w->tx[i], now));
	for (unsigned i = 0; i < w->n_rx; i++)
		due = RTE_MIN(due, rx_due(w->rx[i]));
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

static unsigned worker_receive(struct rx *rx, uint64_t *now)
{
	unsigned work = 0;

	for (unsigned i = 0; i < RX_ROUNDS; i++) {
		unsigned n = rx_step(rx, *now);

		work += n;
		if (n < RX_BURST)
			break;
		*now = rte_rdtsc();
	}
	return work;
}

/* Each device in turn; the clock is looked at again for each after the first. */
static unsigned worker_turn(struct worker *w, bool rx_on, bool tx_on, uint64_t *now)
{
	unsigned work = 0;

	for (unsigned i = 0; rx_on && i < w->n_rx; i++) {
		*now = i != 0 ? rte_rdtsc() : *now;
		work += worker_receive(w->rx[i], now);
	}
	for (unsigned i = 0; tx_on && i < w->n_tx; i++) {
		*now = i != 0 ? rte_rdtsc() : *now;
		work += tx_step(w->tx[i], *now);
	}
	return work;
}

static int worker_run(void *arg)
{
	struct worker *w = arg;

	worker_be_prompt();
	for (;;) {
		bool rx_on = w->n_rx != 0 && !flag(&w->all->stop_rx);
		bool tx_on = w->n_tx != 0 && !flag(&w->all->stop_tx);
		uint64_t now = rte_rdtsc();

		if (!rx_on && !tx_on)
			return 0;
		if (worker_turn(w, rx_on, tx_on, &now) == 0)
			worker_idle(w, now);
	}
}

/* --- set-up --- */

/*
 * The queues of all devices are counted in turn, as many as there are lcores or devices: the k-th
 * is one of device k mod n, and polled by lcore k mod lcores.
 */
unsigned workers_queues(unsigned lcores, unsigned n, unsigned i)
{
	return (RTE_MAX(lcores, n) + n - 1 - i) / n;
}

static unsigned rx_queues(const struct roles *roles, const struct uplink *uplinks, unsigned n,
			  unsigned i)
{
	return RTE_MIN(workers_queues(roles->n_rx, n, i), uplinks[i].dev.rx_queues);
}

static unsigned tx_queues(const struct roles *roles, const struct uplink *uplinks, unsigned n,
			  unsigned i)
{
	return RTE_MIN(workers_queues(roles->n_tx, n, i), uplinks[i].dev.tx_queues);
}

unsigned workers_rings(const struct roles *roles, const struct uplink *uplinks, unsigned n)
{
	unsigned rings = 0;

	for (unsigned i = 0; i < n; i++)
		rings += rx_queues(roles, uplinks, n, i);
	return rings;
}

static struct rte_ring *create_ring(const char *name, unsigned i, unsigned size, unsigned n,
				    const struct io_dev *dev, unsigned flags)
{
	char text[RTE_RING_NAMESIZE];

	snprintf(text, sizeof(text), "%s%u", name, i);
	return rte_ring_create_elem(text, size, n, dev->socket, flags);
}

/* RX queue r of a device asks its TX queue r mod the number of these. */
static void tx_take_orders(struct workers *w, struct tx *tx, unsigned uplink)
{
	const struct workers_conf *conf = &w->conf;
	unsigned n = tx_queues(conf->roles, conf->uplinks, conf->n_uplinks, uplink);

	for (unsigned r = 0; r < w->n_rx && n != 0; r++)
		if (w->rx_uplink[r] == uplink && w->rx[r]->queue % n == tx->queue)
			tx->followups[tx->n_followups++] = w->followups[r];
}

static int create_tx(struct workers *w, unsigned uplink, unsigned queue, struct worker *worker)
{
	struct uplink *u = &w->conf.uplinks[uplink];
	struct tx *tx = rte_zmalloc(NULL, sizeof(*tx), RTE_CACHE_LINE_SIZE);

	if (tx == NULL)
		return -ENOMEM;
	w->tx_uplink[w->n_tx] = uplink;
	w->tx[w->n_tx++] = worker->tx[worker->n_tx++] = tx;
	worker->busy |= (u->dev.limits & IO_BUSY) != 0;
	tx->followups = calloc(w->n_rx + 1, sizeof(struct rte_ring *));
	if (tx->followups == NULL)
		return -ENOMEM;
	tx->stream = w->conf.stream;
	tx->clock = w->conf.clock;
	tx->dev = &u->dev;
	tx->queue = (uint16_t)queue;
	tx->pool = u->dev.tx_pool[queue];
	tx->neigh = &u->neigh;
	tx->gateway = u->neigh.mac;
	tx->probe = u->probe;
	tx->rst = u->rst;
	tx->asks = queue == 0;
	tx->echoes = queue == 0 ? w->echoes[uplink] : NULL;
	tx->ttl = w->conf.ttl;
	tx->hold = &w->hold[uplink];
	tx->rate = &w->rate;
	tx->paced = w->rate;
	tx_take_orders(w, tx, uplink);
	tx->results = w->results;
	tx->n_results = w->n_results;
	tx->dry = w->conf.dry;
	tx->stop = &w->stop_sending;
	if (w->conf.stream->prefix != NULL &&
	    (deferrals_init(&tx->deferred) < 0 || deferrals_init(&tx->deferred_rst) < 0))
		return -ENOMEM;
	return 0;
}

static int create_rx(struct workers *w, unsigned uplink, unsigned queue, struct worker *worker)
{
	struct uplink *u = &w->conf.uplinks[uplink];
	struct rx *rx = rte_zmalloc(NULL, sizeof(*rx), RTE_CACHE_LINE_SIZE);
	unsigned i = w->n_rx;

	if (rx == NULL)
		return -ENOMEM;
	w->rx_uplink[i] = uplink;
	w->rx[i] = worker->rx[worker->n_rx++] = rx;
	w->n_rx++;
	worker->busy |= (u->dev.limits & IO_BUSY) != 0;
	w->followups[i] = create_ring("followup", i, sizeof(struct followup), FOLLOWUP_RING,
				      &u->dev, RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (w->followups[i] == NULL)
		return -ENOMEM;
	rx->stream = w->conf.stream;
	rx->clock = w->conf.clock;
	rx->dev = &u->dev;
	rx->queue = (uint16_t)queue;
	rx->service = queue == 0 && u->dev.service != NULL;
	rx->kernel_addrs = u->kernel_addrs;
	rx->n_kernel_addrs = u->n_kernel_addrs;
	rx->neigh = &u->neigh;
	rx->send_rst = u->send_rst;
	rx->want_repeats = output_wants_repeats(w->conf.output);
	rx->results = output_ring(w->conf.output, i);
	rx->frames = output_frames(w->conf.output, i);
	rx->followups = w->followups[i];
	rx->echoes = w->echoes[uplink];
	rx->cooldown = &w->cooldown;
	return 0;
}

static void find_results(struct workers *w)
{
	for (unsigned i = 0; i < w->n_rx; i++)
		w->results[w->n_results++] = w->rx[i]->results;
	for (unsigned i = 0; i < w->n_rx; i++)
		if (w->rx[i]->frames != NULL)
			w->results[w->n_results++] = w->rx[i]->frames;
}

static int create_echoes(struct workers *w)
{
	for (unsigned i = 0; w->conf.answer_ping && i < w->conf.n_uplinks; i++) {
		w->echoes[i] = create_ring("echo", i, sizeof(struct echo), ECHO_RING,
					   &w->conf.uplinks[i].dev, RING_F_SC_DEQ);
		if (w->echoes[i] == NULL)
			return -ENOMEM;
	}
	return 0;
}

/* Receivers first: senders take from them. */
static int create_queues(struct workers *w)
{
	const struct roles *r = w->conf.roles;
	unsigned n = w->conf.n_uplinks;
	int rc = 0;

	for (unsigned i = 0; i < n; i++)
		for (unsigned q = 0; q < rx_queues(r, w->conf.uplinks, n, i) && rc == 0; q++)
			rc = create_rx(w, i, q, &w->worker[r->first_rx + (q * n + i) % r->n_rx]);
	find_results(w);
	for (unsigned i = 0; i < n; i++)
		for (unsigned q = 0; q < tx_queues(r, w->conf.uplinks, n, i) && rc == 0; q++)
			rc = create_tx(w, i, q, &w->worker[(q * n + i) % r->n_tx]);
	for (unsigned i = 0; i < w->n_tx; i++)
		pace_init(&w->tx[i]->pace, w->rate, w->n_tx, rte_get_tsc_hz(), rte_rdtsc());
	return rc;
}

int workers_create(const struct workers_conf *conf, struct workers **workers, struct err *err)
{
	struct workers *w = aligned_alloc(64, sizeof(*w));
	unsigned receivers = 0;

	*workers = w;
	if (w == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	memset(w, 0, sizeof(*w));
	w->conf = *conf;
	w->rate = conf->rate;
	w->n_workers = conf->roles->n_workers;
	w->idle_max = rte_get_tsc_hz() / 1000000 * IDLE_MAX_US;
	if (create_echoes(w) < 0 || create_queues(w) < 0)
		return err_set(err, EXIT_DEVICE, "no memory for lcores and their rings");
	for (unsigned i = 0; i < w->n_workers; i++) {
		w->worker[i].all = w;
		receivers += w->worker[i].n_rx != 0;
	}
	if (receivers == 1)
		dedup_alone(conf->stream->dedup);
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
	for (unsigned i = 0; i < DEVICES_MAX; i++)
		rte_ring_free(w->echoes[i]);
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

void workers_hold(struct workers *w, unsigned uplink, bool hold)
{
	__atomic_store_n(&w->hold[uplink], hold, __ATOMIC_RELEASE);
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

static void count_tx(const struct tx *tx, struct snapshot *s, struct device_count *device)
{
	uint64_t sent = get(&tx->stats.sent), control = get(&tx->stats.control);

	device->sent += sent;
	device->control += control;
	s->sent += sent;
	s->control += control;
	s->resent += get(&tx->stats.resent);
	s->sampled += get(&tx->stats.sampled);
	s->opted_out += get(&tx->stats.opted_out);
	s->gate_hits += get(&tx->stats.gate_hits);
	s->control_lost += get(&tx->stats.control_lost);
	s->ring_full_tx += get(&tx->stats.ring_full);
	s->truly_open += get(&tx->stats.truly_open);
	s->paused |= get(&tx->paused) != 0;
}

static void count_rx(const struct rx *rx, struct snapshot *s, struct device_count *device)
{
	uint64_t received = get(&rx->stats.received), repeats = get(&rx->stats.repeats);
	uint64_t handed = get(&rx->stats.handed);

	device->received += received;
	device->answers += handed + repeats;
	s->received += received;
	s->repeats += repeats;
	s->handed += handed;
	s->ring_full += get(&rx->stats.ring_full);
	s->control_lost += get(&rx->stats.control_lost);
	for (unsigned i = 0; i < REJECT_COUNT; i++)
		s->rejected[i] += get(&rx->stats.rejected[i]);
	for (unsigned i = 0; i < STATE_COUNT; i++)
		s->first[i] += get(&rx->stats.first[i]);
	for (unsigned i = 0; i < YIELD_ATTEMPTS; i++)
		s->yield[i] += get(&rx->stats.yield[i]);
	for (int i = 0; i < SLOW_STEPS; i++)
		s->slow[i] += get(&rx->stats.slow[i]);
	s->sample_found += get(&rx->stats.sample_found);
}

void workers_count(const struct workers *w, struct snapshot *s, bool settled)
{
	for (unsigned i = 0; i < w->n_tx; i++)
		count_tx(w->tx[i], s, &s->device[w->tx_uplink[i]]);
	for (unsigned i = 0; i < w->n_rx; i++)
		count_rx(w->rx[i], s, &s->device[w->rx_uplink[i]]);
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
