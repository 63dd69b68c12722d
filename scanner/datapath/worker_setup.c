/* SPDX-License-Identifier: BSD-3-Clause */

#include "worker.h"

#include <stdlib.h>

#include <rte_cycles.h>
#include <rte_malloc.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "dedup.h"
#include "echo.h"
#include "worker_impl.h"

/* Who polls which queue of which device, and the rings between them. */

enum {
	IDLE_MAX_US = 250, /* the longest nap: answers wait no longer for their time stamp */
};

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
	tx->park = &w->park[uplink];
	tx->earshot = &w->earshot[uplink];
	tx->rate = &w->rates[uplink];
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
	rx->earshot = &w->earshot[uplink];
	rx->earshot->most = u->dev.earshot;
	rx->earshot->n_heard = queue + 1;
	rx->service = queue == 0 && u->dev.service != NULL;
	rx->vlan = u->link.vlan;
	rx->kernel_addrs = u->kernel_addrs;
	rx->n_kernel_addrs = u->n_kernel_addrs;
	rx->neigh = &u->neigh;
	rx->send_rst = u->send_rst;
	rx->want_repeats = output_wants_repeats(w->conf.output);
	rx->results = output_ring(w->conf.output, i);
	rx->frames = output_frames(w->conf.output, i);
	rx->followups = w->followups[i];
	rx->echoes = w->echoes[uplink];
	rx->park = &w->park[uplink];
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
	workers_share(w);
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
