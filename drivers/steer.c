/* SPDX-License-Identifier: BSD-3-Clause */

#include "steer.h"

#include <errno.h>
#include <stdio.h>

#include <rte_byteorder.h>
#include <rte_ethdev.h>
#include <rte_flow.h>

enum {
	ADDRS_MAX = 64,	 /* matches of addresses */
	PORTS_MAX = 32,	 /* of ports: no range needs more than 30 */
	RULES_MAX = 512, /* more than that: ports are left to the lcores */
	ITEMS_MAX = 5,	 /* Ethernet, VLAN, IPv4, TCP, end */
	ETHER_ARP = RTE_ETHER_TYPE_ARP,
	ETHER_IPV4 = RTE_ETHER_TYPE_IPV4,
};

/* What is being set up. */
struct steer {
	const struct io_dev *dev;
	uint16_t vlan;
	uint64_t hash; /* what the card can spread over queues by */
	struct steer_report *report;
};

/* --- matches --- */

/* The largest block that begins at `at`, is aligned, and has at most `room` numbers. */
static uint32_t block_size(uint32_t at, uint64_t room)
{
	uint32_t size = 1;

	while (size < 1u << 31 && (at & size) == 0 && 2ULL * size <= room)
		size *= 2;
	return size;
}

unsigned steer_addrs(const uint32_t *addr, uint32_t n, struct steer_match *match, unsigned max)
{
	unsigned made = 0;

	for (uint32_t i = 0; i < n;) {
		uint32_t last = i, run, first = addr[i];

		while (last + 1 < n && addr[last + 1] - addr[last] <= 1) /* a list may repeat one */
			last++;
		run = addr[last] - first + 1;
		for (uint32_t size; run != 0; run -= size, first += size) {
			size = block_size(first, run);
			if (made == max)
				return 0;
			match[made++] = (struct steer_match){first, ~(size - 1)};
		}
		i = last + 1;
	}
	return made;
}

unsigned steer_ports(uint16_t first, uint16_t last, struct steer_match *match, unsigned max)
{
	unsigned made = 0;

	for (uint32_t at = first, size; at <= last; at += size) {
		size = block_size(at, last - at + 1u);
		if (made == max)
			return 0;
		match[made++] = (struct steer_match){at, ~(size - 1) & UINT16_MAX};
	}
	return made;
}

/* --- rules --- */

/* One frame of each kind, as a card sees it, and which of its bits matter. */
struct pattern {
	struct rte_flow_item_eth eth, eth_mask;
	struct rte_flow_item_vlan vlan, vlan_mask;
	struct rte_flow_item_ipv4 ip, ip_mask;
	struct rte_flow_item_tcp tcp, tcp_mask;
	struct rte_flow_item item[ITEMS_MAX];
	unsigned n;
};

static void pattern_add(struct pattern *p, enum rte_flow_item_type type, const void *spec,
			const void *mask)
{
	p->item[p->n++] = (struct rte_flow_item){.type = type, .spec = spec, .mask = mask};
}

/* Ethernet frames of this type; in our VLAN, if there is one. */
static void pattern_begin(struct pattern *p, const struct steer *s, uint16_t type)
{
	*p = (struct pattern){0};
	if (s->vlan == 0) {
		p->eth.type = rte_cpu_to_be_16(type);
		p->eth_mask.type = RTE_BE16(0xffff);
		pattern_add(p, RTE_FLOW_ITEM_TYPE_ETH, &p->eth, &p->eth_mask);
		return;
	}
	p->vlan.tci = rte_cpu_to_be_16(s->vlan);
	p->vlan_mask.tci = RTE_BE16(0x0fff);
	p->vlan.inner_type = rte_cpu_to_be_16(type);
	p->vlan_mask.inner_type = RTE_BE16(0xffff);
	pattern_add(p, RTE_FLOW_ITEM_TYPE_ETH, NULL, NULL);
	pattern_add(p, RTE_FLOW_ITEM_TYPE_VLAN, &p->vlan, &p->vlan_mask);
}

static void pattern_ip(struct pattern *p, const struct steer *s, const struct steer_match *addr,
		       uint8_t protocol)
{
	pattern_begin(p, s, ETHER_IPV4);
	p->ip.hdr.dst_addr = rte_cpu_to_be_32(addr->value);
	p->ip_mask.hdr.dst_addr = rte_cpu_to_be_32(addr->mask);
	p->ip.hdr.next_proto_id = protocol;
	p->ip_mask.hdr.next_proto_id = UINT8_MAX;
	pattern_add(p, RTE_FLOW_ITEM_TYPE_IPV4, &p->ip, &p->ip_mask);
}

static void steer_none(struct steer_report *report, enum log_level level, const char *why)
{
	*report = (struct steer_report){.level = level, .why = why};
}

/* Such frames go to all RX queues, spread by hash; to the first where there is no such hash. */
static int steer_rule(struct steer *s, struct pattern *p, uint64_t hash)
{
	const struct rte_flow_attr attr = {.ingress = 1};
	uint16_t queues[IO_QUEUES_MAX];
	struct rte_flow_action_rss rss = {.types = hash & s->hash, .queue = queues};
	struct rte_flow_action_queue first = {0};
	struct rte_flow_action action[2] = {{RTE_FLOW_ACTION_TYPE_QUEUE, &first}};
	struct rte_flow_error error = {0};
	int rc;

	for (; rss.queue_num < s->dev->rx_queues && rss.queue_num < IO_QUEUES_MAX; rss.queue_num++)
		queues[rss.queue_num] = (uint16_t)rss.queue_num;
	if (rss.queue_num > 1 && rss.types != 0)
		action[0] = (struct rte_flow_action){RTE_FLOW_ACTION_TYPE_RSS, &rss};
	pattern_add(p, RTE_FLOW_ITEM_TYPE_END, NULL, NULL);
	rc = rte_flow_validate(s->dev->port_id, &attr, p->item, action, &error);
	if (rc == 0 && rte_flow_create(s->dev->port_id, &attr, p->item, action, &error) == NULL)
		rc = -EIO;
	if (rc < 0)
		steer_none(s->report, LOG_LEVEL_WARN,
			   error.message != NULL ? error.message : "it does not say why");
	else
		s->report->rules++;
	return rc;
}

static int steer_arp(struct steer *s)
{
	struct pattern p;

	pattern_begin(&p, s, ETHER_ARP);
	return steer_rule(s, &p, 0);
}

static int steer_icmp(struct steer *s, const struct steer_match *addr)
{
	struct pattern p;

	pattern_ip(&p, s, addr, IPPROTO_ICMP);
	return steer_rule(s, &p, RTE_ETH_RSS_IPV4);
}

static int steer_tcp(struct steer *s, const struct steer_match *addr,
		     const struct steer_match *port)
{
	struct pattern p;

	pattern_ip(&p, s, addr, IPPROTO_TCP);
	p.tcp.hdr.dst_port = rte_cpu_to_be_16((uint16_t)port->value);
	p.tcp_mask.hdr.dst_port = rte_cpu_to_be_16((uint16_t)port->mask);
	if (port->mask != 0)
		pattern_add(&p, RTE_FLOW_ITEM_TYPE_TCP, &p.tcp, &p.tcp_mask);
	return steer_rule(s, &p, RTE_ETH_RSS_NONFRAG_IPV4_TCP);
}

static int steer_all(struct steer *s, const struct io_answers *answers)
{
	struct steer_match addr[ADDRS_MAX], port[PORTS_MAX];
	unsigned n_addrs = steer_addrs(answers->addr, answers->n_addrs, addr, ADDRS_MAX);
	unsigned n_ports = steer_ports(answers->port_first, answers->port_last, port, PORTS_MAX);
	int rc = steer_arp(s);

	if (n_ports == 0 || n_addrs * n_ports > RULES_MAX) {
		port[0] = (struct steer_match){0};
		n_ports = 1;
	}
	for (unsigned a = 0; a < n_addrs && rc == 0; a++) {
		rc = steer_icmp(s, &addr[a]);
		for (unsigned i = 0; i < n_ports && rc == 0; i++)
			rc = steer_tcp(s, &addr[a], &port[i]);
	}
	return rc;
}

/* --- --- */

bool steer_begin(const struct io_dev *dev, const struct io_answers *answers,
		 struct steer_report *report)
{
	struct steer_match addr[ADDRS_MAX];
	struct rte_flow_error error;

	*report = (struct steer_report){.level = LOG_LEVEL_INFO};
	if (answers->n_addrs == 0)
		return false;
	if (rte_flow_isolate(dev->port_id, 1, &error) != 0) {
		steer_none(report, LOG_LEVEL_DEBUG, "its driver offers no flow isolation");
		return false;
	}
	if (steer_addrs(answers->addr, answers->n_addrs, addr, ADDRS_MAX) != 0)
		return true;
	rte_flow_isolate(dev->port_id, 0, &error);
	steer_none(report, LOG_LEVEL_INFO,
		   "there are too many separate ranges of source addresses");
	return false;
}

int steer_rules(const struct io_dev *dev, const struct io_answers *answers,
		struct steer_report *report)
{
	struct steer s = {.dev = dev, .vlan = answers->vlan, .report = report};
	struct rte_eth_dev_info info;
	struct rte_flow_error error;
	int rc;

	if (rte_eth_dev_info_get(dev->port_id, &info) == 0)
		s.hash = info.flow_type_rss_offloads;
	if (steer_all(&s, answers) == 0)
		return 0;
	rte_flow_flush(dev->port_id, &error);
	rc = rte_eth_dev_stop(dev->port_id);
	if (rc == 0)
		rc = rte_flow_isolate(dev->port_id, 0, &error);
	return rc == 0 ? rte_eth_dev_start(dev->port_id) : rc;
}
