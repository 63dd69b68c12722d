/* SPDX-License-Identifier: BSD-3-Clause */

#include "neigh.h"

#include <string.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "addr.h"
#include "vlan.h"

enum {
	TRIES = 3,
	WAIT_MS = 1000,
	BURST = 32,
	ANNOUNCED_MAX = 1024,
	ANNOUNCE_GAP_US = 100, /* not faster than that: switches learn in software */
};

static const uint8_t unknown[6];

static uint16_t write_request(const struct neigh *neigh, uint8_t *frame, uint64_t to,
			      uint32_t sender, uint32_t target)
{
	struct pkt_link link = neigh->link;

	neigh_mac_bytes(link.dst_mac, to);
	return pkt_arp_write(frame, &link, 1, sender, target, unknown);
}

uint16_t neigh_question(const struct neigh *neigh, uint8_t *frame)
{
	uint64_t to = __atomic_load_n(&neigh->mac, __ATOMIC_RELAXED);

	if (to == 0 || __atomic_load_n(&neigh->aloud, __ATOMIC_RELAXED))
		to = UINT64_MAX;
	return write_request(neigh, frame, to, neigh->own[0], neigh->gateway);
}

void neigh_want(struct neigh *neigh, bool aloud)
{
	__atomic_store_n(&neigh->aloud, aloud, __ATOMIC_RELAXED);
	__atomic_store_n(&neigh->asked, neigh->asked + 1, __ATOMIC_RELEASE);
}

void neigh_hear(struct neigh *neigh, const struct pkt_view *v)
{
	uint64_t mac = neigh_mac_number(v->arp_mac);

	/* nobody is a group, whatever a frame says */
	if (neigh->gateway == 0 || v->remote != neigh->gateway || (v->arp_mac[0] & 1) != 0 ||
	    mac == 0)
		return;
	__atomic_store_n(&neigh->mac, mac, __ATOMIC_RELAXED);
	if (v->arp_op == 2)
		__atomic_fetch_add(&neigh->heard, 1, __ATOMIC_RELEASE);
}

/* --- before the lcores run --- */

static struct rte_mbuf *frame_alloc(const struct io_dev *dev)
{
	return rte_pktmbuf_alloc(dev->tx_pool[0]); /* all that a queue sends is of its pool */
}

static void frame_send(const struct io_dev *dev, struct rte_mbuf *m, uint16_t len)
{
	m->data_len = len;
	m->pkt_len = len;
	if (io_send(dev, 0, &m, 1) == 0)
		rte_pktmbuf_free(m);
}

static void listen_once(struct neigh *neigh, struct io_dev *dev, uint16_t queue)
{
	struct rte_mbuf *m[BURST];
	struct pkt_view v;
	unsigned n;

	if (queue == 0 && dev->service != NULL)
		dev->service(dev, rte_rdtsc());
	n = rte_eth_rx_burst(dev->port_id, queue, m, BURST);
	for (unsigned i = 0; i < n; i++) {
		if (pkt_parse(&v, rte_pktmbuf_mtod(m[i], const uint8_t *),
			      rte_pktmbuf_data_len(m[i])) == 0 &&
		    v.kind == PKT_ARP && vlan_of(m[i], v.vlan, dev->bare_vlan) == neigh->link.vlan)
			neigh_hear(neigh, &v);
	}
	rte_pktmbuf_free_bulk(m, n);
}

static bool ask_once(struct neigh *neigh, struct io_dev *dev, bool (*give_up)(void))
{
	struct rte_mbuf *m = frame_alloc(dev);

	if (m != NULL)
		frame_send(dev, m, neigh_question(neigh, rte_pktmbuf_mtod(m, uint8_t *)));
	for (unsigned ms = 0; ms < WAIT_MS && neigh->heard == 0; ms++) {
		if (give_up != NULL && give_up())
			return false;
		rte_delay_us_sleep(1000);
		for (unsigned q = 0; q < dev->rx_queues; q++)
			listen_once(neigh, dev, (uint16_t)q);
	}
	return true;
}

int neigh_ask(struct neigh *neigh, struct io_dev *dev, bool (*give_up)(void), struct err *err)
{
	char text[ADDR4_TEXT];

	for (unsigned try = 0; try < TRIES && neigh->heard == 0; try++)
		if (!ask_once(neigh, dev, give_up))
			return err_set(err, EXIT_STOPPED, "stopped before the gateway answered");
	neigh_mac_bytes(neigh->link.dst_mac, neigh->mac);
	if (neigh->heard != 0)
		return 0;
	addr4_format(text, neigh->gateway);
	return err_set(
		err, EXIT_DEVICE,
		"the gateway %s does not answer ARP: check the address, the link and the VLAN, "
		"or name its hardware address with --gateway-mac",
		text);
}

static bool is_among(uint32_t addr, const uint32_t *list, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (list[i] == addr)
			return true;
	return false;
}

void neigh_announce(const struct neigh *neigh, struct io_dev *dev, uint64_t rate,
		    const uint32_t *but, unsigned n_but)
{
	uint64_t gap_us = RTE_MAX(1000000 / rate, (uint64_t)ANNOUNCE_GAP_US);

	for (uint32_t i = 0; i < RTE_MIN(neigh->n_own, (uint32_t)ANNOUNCED_MAX); i++) {
		struct rte_mbuf *m;

		if (is_among(neigh->own[i], but, n_but))
			continue;
		m = frame_alloc(dev);
		if (m == NULL)
			return;
		frame_send(dev, m,
			   write_request(neigh, rte_pktmbuf_mtod(m, uint8_t *), UINT64_MAX,
					 neigh->own[i], neigh->own[i]));
		rte_delay_us_sleep((unsigned)gap_us);
	}
}
