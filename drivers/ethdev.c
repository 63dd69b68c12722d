/* SPDX-License-Identifier: BSD-3-Clause */

#include "driver.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <rte_bus_vdev.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>

#include "eal.h"
#include "linkinfo.h"
#include "log.h"
#include "quiet.h"
#include "steer.h"
#include "xstats.h"

enum {
	DESCRIPTORS = 1024, /* where the driver has no wish of its own */
	POOL_CACHE = 256,
	POOL_SPARE = 1024,     /* in caches and in the lcores' hands */
	NODE_TRIAL = 32 << 20, /* bytes: about what pools and rings take */
	LINK_WAIT_S = 5,
	LINK_SAY_MS = 2000, /* that the link is waited for */
	REDIAL_MS = 200,
};

/* Answers of all kinds: TCP by addresses and ports, ICMP errors by addresses. */
#define RSS_ANSWERS (RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_TCP)

static const uint8_t no_mac[6] = {0x02, 0, 0, 0, 0, 0x02};

const char *ethdev_name(char *buf, unsigned len, const struct io_dev *dev, const char *what)
{
	static unsigned opened; /* main thread only; a name is never used twice */

	snprintf(buf, len, "%s-%s-%u", dev->driver->name, what, opened++);
	return buf;
}

int ethdev_probe(struct io_dev *dev, const char *args, struct err *err)
{
	char name[64], devargs[640];
	struct quiet quiet;
	unsigned i = 0;
	int rc;

	do
		snprintf(name, sizeof(name), "net_%s%u", dev->driver->name, i++);
	while (rte_eth_dev_get_port_by_name(name, &dev->port_id) == 0);
	dev->port_id = RTE_MAX_ETHPORTS;
	snprintf(devargs, sizeof(devargs), "%s%s%s", name, args[0] != '\0' ? "," : "", args);

	quiet_begin(&quiet, !eal_verbose());
	rc = rte_dev_probe(devargs);
	quiet_end(&quiet);
	if (rc == 0 && rte_eth_dev_get_port_by_name(name, &dev->port_id) == 0)
		return 0;
	return err_set(err, EXIT_DEVICE, "%s: DPDK cannot open %s: %s (-v shows why)",
		       dev->driver->name, devargs, rte_strerror(rc < 0 ? -rc : ENODEV));
}

/* Frames that wait in descriptors, in caches and in lcores' hands; af_xdp also copies what it
 * sends. */
static int ethdev_pool(struct io_dev *dev, const struct io_conf *conf, unsigned descriptors,
		       struct err *err)
{
	char name[RTE_MEMPOOL_NAMESIZE];

	if (dev->rx_pool != NULL)
		return 0;
	ethdev_name(name, sizeof(name), dev, "rx");
	dev->rx_pool =
		rte_pktmbuf_pool_create(name, rte_align32pow2(descriptors + POOL_SPARE) - 1,
					POOL_CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE, conf->socket);
	if (dev->rx_pool == NULL)
		return err_set(err, EXIT_DEVICE,
			       "not enough memory for %u receive buffers; free some, or give DPDK "
			       "more with --eal '-m 1024'",
			       descriptors + POOL_SPARE);
	return 0;
}

/*
 * In a VLAN the device takes tags off, so that answers are plain frames, and keeps the frames of
 * others to itself. Tags are not put on by it: in a frame that is a copy they cost nothing, and a
 * card that has to think of them sends by its driver's slower path. Rules say themselves which
 * VLAN.
 */
static uint64_t ethdev_vlan_offloads(const struct io_dev *dev)
{
	uint64_t offloads = RTE_ETH_RX_OFFLOAD_VLAN_STRIP;

	if ((dev->driver->limits & IO_PCI) && !dev->steered)
		offloads |= RTE_ETH_RX_OFFLOAD_VLAN_FILTER;
	return offloads;
}

/* What a card can do for us, and nothing that it does not offer. */
static struct rte_eth_conf ethdev_conf(const struct io_dev *dev, const struct io_conf *conf,
				       const struct rte_eth_dev_info *info)
{
	struct rte_eth_conf eth = {0};

	if (dev->driver->limits & IO_PCI)
		eth.txmode.offloads = info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	if (conf->answers.vlan != 0)
		eth.rxmode.offloads = info->rx_offload_capa & ethdev_vlan_offloads(dev);
	if (dev->rx_queues > 1 && (info->flow_type_rss_offloads & RSS_ANSWERS) != 0) {
		eth.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		eth.rx_adv_conf.rss_conf.rss_hf = info->flow_type_rss_offloads & RSS_ANSWERS;
	}
	return eth;
}

/* Frames that wait in descriptors, and what an lcore keeps at hand. */
static int ethdev_tx_pools(struct io_dev *dev, const struct io_conf *conf, struct err *err)
{
	char name[RTE_MEMPOOL_NAMESIZE];

	for (unsigned q = 0; q < dev->tx_queues; q++) {
		if (dev->tx_pool[q] != NULL)
			continue; /* of before a reset */
		ethdev_name(name, sizeof(name), dev, "tx");
		dev->tx_pool[q] =
			rte_pktmbuf_pool_create(name, dev->tx_depth + 2 * POOL_CACHE, POOL_CACHE, 0,
						RTE_PKTMBUF_HEADROOM + IO_TX_FRAME, conf->socket);
		if (dev->tx_pool[q] == NULL)
			return err_set(err, EXIT_DEVICE,
				       "no memory for packets (%s): free some, or give more with "
				       "--eal \"-m MB\"",
				       rte_strerror(rte_errno));
	}
	return 0;
}

/* Queues that send by themselves need none of ethdev's, which has one at least. */
static unsigned ethdev_tx_queues(const struct io_dev *dev, const struct rte_eth_dev_info *info)
{
	return RTE_MIN(dev->tx_queues, (unsigned)info->max_tx_queues);
}

static int ethdev_queues(struct io_dev *dev, const struct io_conf *conf,
			 const struct rte_eth_dev_info *info, struct err *err)
{
	struct rte_eth_conf eth = ethdev_conf(dev, conf, info);
	unsigned descriptors = dev->driver->descriptors ? dev->driver->descriptors : DESCRIPTORS;
	uint16_t ntx = (uint16_t)(conf->tx_descriptors ? conf->tx_descriptors : descriptors);
	uint16_t nrx = (uint16_t)(conf->rx_descriptors ? conf->rx_descriptors : descriptors);
	uint16_t tx_queues = (uint16_t)ethdev_tx_queues(dev, info);
	int rc;

	rc = rte_eth_dev_configure(dev->port_id, (uint16_t)dev->rx_queues, tx_queues, &eth);
	if (rc == 0)
		rc = rte_eth_dev_adjust_nb_rx_tx_desc(dev->port_id, &nrx, &ntx);
	if (rc < 0)
		return err_set(err, EXIT_DEVICE, "%s: cannot be set up with %u+%u queues: %s",
			       dev->driver->name, dev->rx_queues, dev->tx_queues,
			       rte_strerror(-rc));
	dev->tx_depth = ntx;
	if (dev->rx_depth == 0)
		dev->rx_depth = dev->rx_queues * nrx;
	rc = ethdev_pool(dev, conf, dev->rx_queues * nrx * 2 + dev->tx_queues * ntx, err);
	if (rc < 0)
		return rc;
	rc = ethdev_tx_pools(dev, conf, err);
	if (rc < 0)
		return rc;
	for (uint16_t q = 0; q < dev->rx_queues && rc == 0; q++)
		rc = rte_eth_rx_queue_setup(dev->port_id, q, nrx, (unsigned)conf->socket, NULL,
					    dev->rx_pool);
	for (uint16_t q = 0; q < tx_queues && rc == 0; q++)
		rc = rte_eth_tx_queue_setup(dev->port_id, q, ntx, (unsigned)conf->socket, NULL);
	if (rc < 0)
		return err_set(err, EXIT_DEVICE, "%s: cannot set up a queue: %s (-v shows why)",
			       dev->driver->name, rte_strerror(-rc));
	return 0;
}

/* What a message calls the device: a card by its address. */
static const char *ethdev_label(const struct io_dev *dev)
{
	static char name[RTE_ETH_NAME_MAX_LEN]; /* main thread only */

	if ((dev->driver->limits & IO_PCI) && rte_eth_dev_get_name_by_port(dev->port_id, name) == 0)
		return name;
	return dev->driver->name;
}

/* Configured and started, with rules where it takes them. */
static int ethdev_launch(struct io_dev *dev, const struct rte_eth_dev_info *info,
			 struct steer_report *report, struct err *err)
{
	const struct io_conf *conf = &dev->conf;
	int rc;

	dev->steered = (dev->driver->limits & IO_PCI) && steer_begin(dev, &conf->answers, report);
	rc = ethdev_queues(dev, conf, info, err);
	if (rc < 0)
		return rc;
	rc = rte_eth_dev_start(dev->port_id);
	if (rc == 0 && dev->steered)
		rc = steer_rules(dev, &conf->answers, report);
	dev->steered = report->rules != 0;
	return rc >= 0 ? 0
		       : err_set(err, EXIT_DEVICE, "%s: does not start: %s (-v shows why)",
				 dev->driver->name, rte_strerror(-rc));
}

static void ethdev_say_steered(const struct io_dev *dev, const struct steer_report *report)
{
	if (report->rules != 0)
		LOG(INFO, "%s: %u rules bring it answers only", ethdev_label(dev), report->rules);
	else if (report->why != NULL)
		log_write(report->level,
			  "%s: no rules bring it answers only (%s): the lcores see everything that "
			  "the card receives",
			  ethdev_label(dev), report->why);
}

static bool ethdev_link_up(const struct io_dev *dev)
{
	struct rte_eth_link link;

	if (dev->ifname[0] != '\0')
		return link_is_up(dev->ifname);
	return rte_eth_link_get_nowait(dev->port_id, &link) == 0 &&
	       link.link_status == RTE_ETH_LINK_UP;
}

/* A switch may take half a minute to let a port talk (spanning tree): a card's link is given time.
 */
static int ethdev_wait_link(struct io_dev *dev, const struct io_conf *conf, struct err *err)
{
	const unsigned wait_s = dev->driver->link_wait_s ? dev->driver->link_wait_s : LINK_WAIT_S;
	const char *name = dev->ifname[0] != '\0' ? dev->ifname : ethdev_label(dev);
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};

	for (unsigned ms = 0; ms < wait_s * 1000; ms += 10) {
		if (ethdev_link_up(dev))
			return 0;
		if (conf->give_up != NULL && conf->give_up())
			return err_set(err, EXIT_STOPPED, "%s: stopped before its link was up",
				       name);
		if (ms == LINK_SAY_MS)
			LOG(WARN, "%s: no link yet; waiting for it up to %u s", name, wait_s);
		if (ms % REDIAL_MS == REDIAL_MS - 10 && dev->driver->redial != NULL)
			dev->driver->redial(dev);
		nanosleep(&pause, NULL);
	}
	return err_set(err, EXIT_DEVICE, "%s: no link within %u s; is the other end there and up?",
		       name, wait_s);
}

/* The device's node, if there is memory on it; a scan on another node's is better than none. */
static int ethdev_node(const struct io_dev *dev)
{
	int node = rte_eth_dev_socket_id(dev->port_id);
	void *trial = rte_malloc_socket(NULL, NODE_TRIAL, 0, node);

	if (trial == NULL && node >= 0) {
		LOG(WARN,
		    "%s: no memory on its node %d, so another's is used (peal doctor "
		    "says how to mend it)",
		    ethdev_label(dev), node);
		return SOCKET_ID_ANY;
	}
	rte_free(trial);
	return node;
}

/* Some cards leave out all VLANs that they were not told of, whether we want it or not: virtio
 * ones, and parts of a card (VFs). */
static void ethdev_vlan(struct io_dev *dev, uint16_t vlan)
{
	int on = rte_eth_dev_get_vlan_offload(dev->port_id), rc = 0;

	dev->bare_vlan = dev->driver->limits & IO_LOSES_TAGS ? vlan : 0;
	if (vlan == 0 || on < 0)
		return;
	LOG(DEBUG, "%s: VLAN %u: %s takes tags off, %s leaves other VLANs out", ethdev_label(dev),
	    vlan, on & RTE_ETH_VLAN_STRIP_OFFLOAD ? "the device" : "nobody",
	    on & RTE_ETH_VLAN_FILTER_OFFLOAD ? "the device" : "peal");
	if (on & RTE_ETH_VLAN_FILTER_OFFLOAD)
		rc = rte_eth_dev_vlan_filter(dev->port_id, vlan, 1);
	if (rc < 0)
		LOG(WARN, "%s: cannot be told to let VLAN %u in: %s", ethdev_label(dev), vlan,
		    rte_strerror(-rc));
}

/* From here on: a card may have counted for others before. */
static void ethdev_count(struct io_dev *dev)
{
	if (dev->driver->limits & IO_PCI)
		rte_eth_stats_reset(dev->port_id);
	dev->xstats = xstats_open(dev->port_id);
}

/* Started, and receiving no more than it must. */
static int ethdev_go(struct io_dev *dev, const struct rte_eth_dev_info *info, struct err *err)
{
	struct quiet quiet;
	struct steer_report report = {0};
	int rc;

	quiet_begin(&quiet, !eal_verbose());
	rc = ethdev_launch(dev, info, &report, err);
	quiet_end(&quiet);
	if (rc < 0)
		return rc;
	ethdev_say_steered(dev, &report);
	if (dev->driver->started != NULL)
		dev->driver->started(dev);
	ethdev_vlan(dev, dev->conf.answers.vlan);
	return 0;
}

int ethdev_start(struct io_dev *dev, struct err *err)
{
	struct rte_eth_dev_info info;
	struct rte_ether_addr mac;
	int rc = rte_eth_dev_info_get(dev->port_id, &info);

	if (rc < 0)
		return err_set(err, EXIT_DEVICE, "%s: %s", dev->driver->name, rte_strerror(-rc));
	if (dev->conf.socket < 0)
		dev->conf.socket = ethdev_node(dev);
	dev->socket = dev->conf.socket;
	dev->tx_queues = RTE_MIN(RTE_MAX(dev->conf.tx_queues, 1U), (unsigned)IO_QUEUES_MAX);
	if (dev->volley[0] == NULL)
		dev->tx_queues = ethdev_tx_queues(dev, &info);
	dev->rx_queues = RTE_MIN(RTE_MAX(dev->conf.rx_queues, 1U), (unsigned)info.max_rx_queues);
	events_watch(dev);
	rc = ethdev_go(dev, &info, err);
	if (rc < 0)
		return rc;
	if (rte_eth_macaddr_get(dev->port_id, &mac) == 0 && !rte_is_zero_ether_addr(&mac))
		memcpy(dev->mac, mac.addr_bytes, sizeof(dev->mac));
	else /* rings and files have none: a locally administered one */
		memcpy(dev->mac, no_mac, sizeof(dev->mac));
	if (rte_eth_dev_get_mtu(dev->port_id, &dev->mtu) < 0)
		dev->mtu = RTE_ETHER_MTU;
	rc = ethdev_wait_link(dev, &dev->conf, err);
	if (rc == 0)
		ethdev_count(dev);
	return rc;
}

void ethdev_listen(struct io_dev *dev, const uint8_t mac[6])
{
	struct rte_ether_addr addr;

	memcpy(addr.addr_bytes, mac, sizeof(addr.addr_bytes));
	memcpy(dev->listen, mac, sizeof(dev->listen));
	dev->listens = true;
	if (memcmp(mac, dev->mac, sizeof(dev->mac)) == 0 ||
	    rte_eth_dev_mac_addr_add(dev->port_id, &addr, 0) == 0)
		return;
	rte_eth_promiscuous_enable(dev->port_id);
}

int ethdev_reset(struct io_dev *dev, const struct io_stats *last)
{
	struct rte_eth_dev_info info;
	struct err err;
	int rc;

	/* first: it may ask once more while that is being done */
	__atomic_store_n(&dev->asks_reset, false, __ATOMIC_RELAXED);
	rc = rte_eth_dev_reset(dev->port_id);
	if (rc == 0)
		rc = rte_eth_dev_info_get(dev->port_id, &info);
	if (rc == 0 && ethdev_go(dev, &info, &err) < 0) {
		LOG(ERROR, "%s", err.text);
		rc = -EIO;
	}
	if (rc < 0)
		return rc;
	if (dev->listens)
		ethdev_listen(dev, dev->listen);
	dev->before = *last;
	rte_eth_stats_reset(dev->port_id);
	xstats_close(dev->xstats);
	ethdev_count(dev);
	return 0;
}

void ethdev_close(struct io_dev *dev)
{
	struct rte_eth_dev_info info;
	struct quiet quiet;

	quiet_begin(&quiet, !eal_verbose());
	if (dev->port_id < RTE_MAX_ETHPORTS && rte_eth_dev_info_get(dev->port_id, &info) == 0) {
		xstats_close(dev->xstats);
		dev->xstats = NULL;
		events_ignore(dev);
		rte_eth_dev_stop(dev->port_id);
		rte_eth_dev_close(dev->port_id);
		if (info.device != NULL)
			rte_dev_remove(info.device);
	}
	quiet_end(&quiet);
	dev->port_id = RTE_MAX_ETHPORTS;
}

void ethdev_stats(const struct io_dev *dev, struct io_stats *stats)
{
	struct rte_eth_stats eth;

	*stats = dev->before;
	if (rte_eth_stats_get(dev->port_id, &eth) == 0) {
		stats->opackets += eth.opackets;
		stats->oerrors += eth.oerrors;
		stats->ipackets += eth.ipackets;
		stats->imissed += eth.imissed;
		stats->nombuf += eth.rx_nombuf;
		stats->ierrors += eth.ierrors;
	}
	xstats_lost(dev->xstats, dev->port_id, stats);
	stats->removed = __atomic_load_n(&dev->removed, __ATOMIC_RELAXED);
	stats->asks_reset = __atomic_load_n(&dev->asks_reset, __ATOMIC_RELAXED);
	stats->link_up = ethdev_link_up(dev);
}

/* 0 if it is in one piece, by itself, held by nobody else. */
static uint64_t mbuf_oddity(const struct rte_mbuf *m)
{
	return (uint64_t)(rte_mbuf_refcnt_read(m) ^ 1) | (m->nb_segs ^ 1u) |
	       (m->ol_flags & (RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL));
}

void io_free(struct rte_mbuf **mbuf, unsigned n)
{
	struct rte_mempool *pool = mbuf[0]->pool;
	uint64_t odd = 0;

	for (unsigned i = 0; i < n; i++)
		odd |= ((uintptr_t)mbuf[i]->pool ^ (uintptr_t)pool) | mbuf_oddity(mbuf[i]);
	if (odd == 0)
		rte_mempool_put_bulk(pool, (void *const *)mbuf, n);
	else
		rte_pktmbuf_free_bulk(mbuf, n);
}
