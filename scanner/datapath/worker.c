/* SPDX-License-Identifier: BSD-3-Clause */

#include "worker.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_pause.h>
#include <rte_ring.h>

#include "worker_impl.h"

enum {
	RX_ROUNDS = 4, /* bursts received for one sent, at most: more answers than probes must not
			  pile up */
	SLICE_NS = 100000, /* of the processor, where others want it, too */
	HELD_SHARE = 16,   /* of so many frames one is for held devices: they ask for their gateways
			      (scan_path.c), and send what they are asked for */
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
		if (!worker_flag(w->tx[i]->park))
			due = RTE_MIN(due, tx_due(w->tx[i], now));
	for (unsigned i = 0; i < w->n_rx; i++)
		if (!worker_flag(w->rx[i]->park))
			due = RTE_MIN(due, rx_due(w->rx[i]));
	if (due <= now) {
		sched_yield();
		return;
	}
	due = RTE_MIN(due - now, w->all->idle_max);
	nap.tv_nsec = (long)(due * 1000000 / (rte_get_tsc_hz() / 1000));
	nanosleep(&nap, NULL);
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
		if (worker_flag(w->rx[i]->park))
			continue;
		*now = i != 0 ? rte_rdtsc() : *now;
		work += worker_receive(w->rx[i], now);
	}
	for (unsigned i = 0; tx_on && i < w->n_tx; i++) {
		if (worker_flag(w->tx[i]->park))
			continue;
		*now = i != 0 ? rte_rdtsc() : *now;
		work += tx_step(w->tx[i], *now);
	}
	return work;
}

/* The turn before is over, and what is parked by now is left alone from here on. */
static void worker_follow_parks(struct worker *w)
{
	unsigned parks = __atomic_load_n(&w->all->parks, __ATOMIC_ACQUIRE);

	if (parks != w->parks)
		__atomic_store_n(&w->parks, parks, __ATOMIC_RELEASE);
}

static int worker_run(void *arg)
{
	struct worker *w = arg;

	worker_be_prompt();
	for (;;) {
		bool rx_on = w->n_rx != 0 && !worker_flag(&w->all->stop_rx);
		bool tx_on = w->n_tx != 0 && !worker_flag(&w->all->stop_tx);
		uint64_t now = rte_rdtsc();

		if (!rx_on && !tx_on)
			return 0;
		worker_follow_parks(w);
		if (worker_turn(w, rx_on, tx_on, &now) == 0)
			worker_idle(w, now);
	}
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

/*
 * The pacers give each queue the same part of its device's rate, so a device's rate is its own
 * times all queues by its own. Sums are rounded down: never more than the rate.
 */
void workers_share(struct workers *w)
{
	uint64_t kept = w->rate / HELD_SHARE, held = 0, n = w->n_tx;

	for (unsigned i = 0; i < n; i++)
		held += w->hold[w->tx_uplink[i]];
	if (held == n || w->rate > UINT64_MAX / WORKERS_MAX) /* or there is no limit */
		kept = 0;
	for (unsigned i = 0; i < w->conf.n_uplinks; i++) {
		uint64_t rate = w->rate;

		if (held != 0 && kept != 0)
			rate = w->hold[i] ? kept * n / held : (rate - kept) * n / (n - held);
		__atomic_store_n(&w->rates[i], rate, __ATOMIC_RELAXED);
	}
}

void workers_hold(struct workers *w, unsigned uplink, bool hold)
{
	__atomic_store_n(&w->hold[uplink], hold, __ATOMIC_RELEASE);
	workers_share(w);
}

void workers_park(struct workers *w, unsigned uplink, bool park)
{
	__atomic_store_n(&w->park[uplink], park, __ATOMIC_RELAXED);
	__atomic_store_n(&w->parks, w->parks + 1, __ATOMIC_RELEASE);
	for (unsigned i = 0; park && i < w->n_workers; i++)
		while (__atomic_load_n(&w->worker[i].parks, __ATOMIC_ACQUIRE) != w->parks)
			rte_delay_us_sleep(50);
}

void workers_set_rate(struct workers *w, uint64_t rate)
{
	w->rate = rate;
	workers_share(w);
}

bool workers_sent_all(const struct workers *w)
{
	if (w->stop_sending)
		return true;
	/* first: who claims a repeat has said before that it is not done */
	if (stream_again_waits(w->conf.stream))
		return false;
	for (unsigned i = 0; i < w->n_tx; i++)
		if (!worker_flag(&w->tx[i]->done))
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
