/* SPDX-License-Identifier: BSD-3-Clause */

#include "neigh.h"

#include <string.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "addr.h"

enum { TRIES = 3, WAIT_MS = 1000, BURST = 32, POOL = 63 };

static void ask(struct io_dev *dev, struct rte_mempool *pool, const struct pkt_link *link,
		uint32_t own, uint32_t neighbour)
{
	static const uint8_t unknown[6];
	struct pkt_link everybody = *link;
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

	if (m == NULL)
		return;
	memset(everybody.dst_mac, 0xff, sizeof(everybody.dst_mac));
	m->data_len = pkt_arp_write(rte_pktmbuf_mtod(m, uint8_t *), &everybody, 1, own, neighbour,
				    unknown);
	m->pkt_len = m->data_len;
	if (rte_eth_tx_burst(dev->port_id, 0, &m, 1) == 0)
		rte_pktmbuf_free(m);
}

static bool answered(struct io_dev *dev, uint32_t neighbour, uint8_t mac[6])
{
	struct rte_mbuf *m[BURST];
	struct pkt_view v;
	bool found = false;
	unsigned n;

	if (dev->service != NULL)
		dev->service(dev, rte_rdtsc());
	n = rte_eth_rx_burst(dev->port_id, 0, m, BURST);
	for (unsigned i = 0; i < n; i++) {
		if (pkt_parse(&v, rte_pktmbuf_mtod(m[i], const uint8_t *),
			      rte_pktmbuf_data_len(m[i])) == 0 &&
		    v.kind == PKT_ARP && v.arp_op == 2 && v.remote == neighbour) {
			memcpy(mac, v.arp_mac, 6);
			found = true;
		}
	}
	rte_pktmbuf_free_bulk(m, n);
	return found;
}

int neigh_ask(struct io_dev *dev, const struct pkt_link *link, uint32_t own, uint32_t neighbour,
	      uint8_t mac[6], struct err *err)
{
	struct rte_mempool *pool = rte_pktmbuf_pool_create(
		"neigh", POOL, 0, 0, RTE_PKTMBUF_HEADROOM + 128, SOCKET_ID_ANY);
	char text[ADDR4_TEXT];
	bool found = false;

	if (pool == NULL)
		return err_set(err, EXIT_DEVICE, "no memory to ask for the gateway");
	for (unsigned try = 0; try < TRIES && !found; try++) {
		ask(dev, pool, link, own, neighbour);
		for (unsigned ms = 0; ms < WAIT_MS && !found; ms++) {
			rte_delay_us_sleep(1000);
			found = answered(dev, neighbour, mac);
		}
	}
	rte_mempool_free(pool);
	if (found)
		return 0;
	addr4_format(text, neighbour);
	return err_set(
		err, EXIT_DEVICE,
		"the gateway %s does not answer ARP: check the address, the link and the VLAN, "
		"or name its hardware address with --gateway-mac",
		text);
}
