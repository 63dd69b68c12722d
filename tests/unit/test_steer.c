/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include <errno.h>
#include <netinet/in.h>

#include <rte_byteorder.h>
#include <rte_ethdev.h>
#include <rte_flow.h>

#include "steer.h"

/*
 * A card that takes rules and decodes them again: which frames would it bring, and to how many
 * queues? It knows what a rule says, and nothing of how it was made.
 */

enum { RULES = 600 };

struct rule {
	bool tagged, arp;
	unsigned vlan;
	uint32_t addr, addr_mask;
	unsigned protocol, port, port_mask, queues;
	uint64_t hash;
};

static struct {
	struct rule rule[RULES];
	unsigned n, refuse; /* the one of this number; 0: none */
	bool isolated, started, can_isolate, can_start;
} card;

int __wrap_rte_flow_isolate(uint16_t port, int set, struct rte_flow_error *error);
int __wrap_rte_flow_validate(uint16_t port, const struct rte_flow_attr *attr,
			     const struct rte_flow_item *item, const struct rte_flow_action *action,
			     struct rte_flow_error *error);
struct rte_flow *__wrap_rte_flow_create(uint16_t port, const struct rte_flow_attr *attr,
					const struct rte_flow_item *item,
					const struct rte_flow_action *action,
					struct rte_flow_error *error);
int __wrap_rte_flow_flush(uint16_t port, struct rte_flow_error *error);
int __wrap_rte_eth_dev_info_get(uint16_t port, struct rte_eth_dev_info *info);
int __wrap_rte_eth_dev_start(uint16_t port);
int __wrap_rte_eth_dev_stop(uint16_t port);

int __wrap_rte_flow_isolate(uint16_t port, int set, struct rte_flow_error *error)
{
	(void)port, (void)error;
	assert_false(card.started);
	if (!card.can_isolate)
		return -ENOSYS;
	card.isolated = set != 0;
	return 0;
}

int __wrap_rte_flow_validate(uint16_t port, const struct rte_flow_attr *attr,
			     const struct rte_flow_item *item, const struct rte_flow_action *action,
			     struct rte_flow_error *error)
{
	(void)port, (void)item, (void)action;
	assert_true(attr->ingress && !attr->egress && !attr->transfer);
	if (card.n + 1 != card.refuse)
		return 0;
	error->message = "not today";
	return -ENOTSUP;
}

static void read_ether(struct rule *r, const struct rte_flow_item **item)
{
	const struct rte_flow_item_eth *eth = (*item)->spec, *eth_mask = (*item)->mask;
	const struct rte_flow_item_vlan *vlan, *vlan_mask;
	uint16_t type;

	assert_int_equal((*item)->type, RTE_FLOW_ITEM_TYPE_ETH);
	if (eth != NULL) {
		assert_int_equal(eth_mask->type, 0xffff);
		type = rte_be_to_cpu_16(eth->type);
	} else {
		(*item)++;
		assert_int_equal((*item)->type, RTE_FLOW_ITEM_TYPE_VLAN);
		vlan = (*item)->spec;
		vlan_mask = (*item)->mask;
		assert_int_equal(vlan_mask->inner_type, 0xffff);
		assert_int_equal(rte_be_to_cpu_16(vlan_mask->tci), 0x0fff);
		type = rte_be_to_cpu_16(vlan->inner_type);
		r->tagged = true;
		r->vlan = rte_be_to_cpu_16(vlan->tci);
	}
	(*item)++;
	assert_true(type == RTE_ETHER_TYPE_ARP || type == RTE_ETHER_TYPE_IPV4);
	r->arp = type == RTE_ETHER_TYPE_ARP;
}

static void read_ip(struct rule *r, const struct rte_flow_item **item)
{
	const struct rte_flow_item_ipv4 *ip = (*item)->spec, *ip_mask = (*item)->mask;
	const struct rte_flow_item_tcp *tcp, *tcp_mask;

	assert_int_equal((*item)->type, RTE_FLOW_ITEM_TYPE_IPV4);
	assert_int_equal(ip_mask->hdr.next_proto_id, UINT8_MAX);
	assert_int_equal(ip_mask->hdr.src_addr, 0);
	r->protocol = ip->hdr.next_proto_id;
	r->addr = rte_be_to_cpu_32(ip->hdr.dst_addr);
	r->addr_mask = rte_be_to_cpu_32(ip_mask->hdr.dst_addr);
	(*item)++;
	if ((*item)->type != RTE_FLOW_ITEM_TYPE_TCP)
		return;
	assert_int_equal(r->protocol, IPPROTO_TCP);
	tcp = (*item)->spec;
	tcp_mask = (*item)->mask;
	assert_int_equal(tcp_mask->hdr.src_port, 0);
	r->port = rte_be_to_cpu_16(tcp->hdr.dst_port);
	r->port_mask = rte_be_to_cpu_16(tcp_mask->hdr.dst_port);
	(*item)++;
}

static void read_action(struct rule *r, const struct rte_flow_action *action)
{
	const struct rte_flow_action_rss *rss = action->conf;
	const struct rte_flow_action_queue *queue = action->conf;

	if (action->type == RTE_FLOW_ACTION_TYPE_RSS) {
		r->queues = rss->queue_num;
		r->hash = rss->types;
		for (unsigned q = 0; q < rss->queue_num; q++)
			assert_int_equal(rss->queue[q], q);
	} else {
		assert_int_equal(action->type, RTE_FLOW_ACTION_TYPE_QUEUE);
		assert_int_equal(queue->index, 0);
		r->queues = 1;
	}
	assert_int_equal(action[1].type, RTE_FLOW_ACTION_TYPE_END);
}

struct rte_flow *__wrap_rte_flow_create(uint16_t port, const struct rte_flow_attr *attr,
					const struct rte_flow_item *item,
					const struct rte_flow_action *action,
					struct rte_flow_error *error)
{
	struct rule *r = &card.rule[card.n];

	(void)port, (void)attr, (void)error;
	assert_true(card.isolated && card.started && card.n < RULES);
	*r = (struct rule){0};
	read_ether(r, &item);
	if (!r->arp)
		read_ip(r, &item);
	assert_int_equal(item->type, RTE_FLOW_ITEM_TYPE_END);
	read_action(r, action);
	card.n++;
	return (struct rte_flow *)r;
}

int __wrap_rte_flow_flush(uint16_t port, struct rte_flow_error *error)
{
	(void)port, (void)error;
	card.n = 0;
	return 0;
}

int __wrap_rte_eth_dev_info_get(uint16_t port, struct rte_eth_dev_info *info)
{
	(void)port;
	*info = (struct rte_eth_dev_info){.flow_type_rss_offloads =
						  RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_TCP};
	return 0;
}

int __wrap_rte_eth_dev_start(uint16_t port)
{
	(void)port;
	card.started = true;
	return card.can_start ? 0 : -EIO;
}

int __wrap_rte_eth_dev_stop(uint16_t port)
{
	(void)port;
	card.started = false;
	return 0;
}

/* --- what a card with such rules brings --- */

static bool brings(unsigned vlan, unsigned protocol, uint32_t addr, unsigned port)
{
	for (unsigned i = 0; i < card.n; i++) {
		const struct rule *r = &card.rule[i];

		if (!r->arp && r->protocol == protocol && r->tagged == (vlan != 0) &&
		    r->vlan == vlan && (addr & r->addr_mask) == r->addr &&
		    (port & r->port_mask) == r->port)
			return true;
	}
	return false;
}

static bool brings_arp(unsigned vlan)
{
	unsigned n = 0;

	for (unsigned i = 0; i < card.n; i++)
		n += card.rule[i].arp && card.rule[i].tagged == (vlan != 0) &&
		     card.rule[i].vlan == vlan;
	return n == 1;
}

static struct steer_report report;

/* How many rules there are then, or -errno. */
static int go(unsigned queues, const struct io_answers *answers)
{
	const struct io_dev dev = {.rx_queues = queues};
	int rc;

	card.n = 0;
	card.isolated = card.started = false;
	assert_true(steer_begin(&dev, answers, &report));
	assert_true(card.isolated);
	card.started = true;
	rc = steer_rules(&dev, answers, &report);
	return rc == 0 ? (int)report.rules : rc;
}

static void card_is_new(void)
{
	memset(&card, 0, sizeof(card));
	card.can_isolate = card.can_start = true;
}

static void test_exactly_answers(void **state)
{
	const uint32_t own[] = {0xc0000205, 0xc0000206, 0xc0000207, 0xc0000207, 0xc0000300};
	const struct io_answers answers = {
		.addr = own, .n_addrs = 5, .port_first = 40000, .port_last = 40999};

	(void)state;
	card_is_new();
	assert_int_equal(go(1, &answers),
			 22); /* ARP, and 3 pieces of addresses x (ICMP, 6 of ports) */
	assert_true(brings_arp(0));
	for (uint32_t addr = 0xc00001f0; addr < 0xc0000310; addr++) {
		bool ours = (addr >= own[0] && addr <= own[2]) || addr == own[4];

		assert_int_equal(brings(0, IPPROTO_ICMP, addr, 0), ours);
		assert_false(brings(0, IPPROTO_UDP, addr, 40000));
		assert_false(brings(7, IPPROTO_TCP, addr, 40000));
		for (unsigned port = 39900; port < 41100; port++)
			if (brings(0, IPPROTO_TCP, addr, port) !=
			    (ours && port >= 40000 && port <= 40999))
				fail_msg("%08x port %u", addr, port);
	}
	for (unsigned i = 0; i < card.n; i++)
		assert_int_equal(card.rule[i].queues, 1);
}

static void test_vlan_and_queues(void **state)
{
	const uint32_t own = 0xc0000201;
	const struct io_answers answers = {
		.addr = &own, .n_addrs = 1, .port_first = 1, .port_last = 65535, .vlan = 77};

	(void)state;
	card_is_new();
	assert_int_equal(go(3, &answers), 18); /* ARP, ICMP, 16 pieces of 1-65535 */
	assert_true(brings_arp(77));
	assert_true(brings(77, IPPROTO_TCP, own, 1) && brings(77, IPPROTO_TCP, own, 65535));
	assert_false(brings(77, IPPROTO_TCP, own, 0) || brings(0, IPPROTO_TCP, own, 1));
	for (unsigned i = 0; i < card.n; i++) {
		const struct rule *r = &card.rule[i];

		assert_int_equal(r->queues, r->arp ? 1 : 3);
		assert_int_equal(r->hash, r->arp ? 0
					  : r->protocol == IPPROTO_TCP
						  ? RTE_ETH_RSS_NONFRAG_IPV4_TCP
						  : RTE_ETH_RSS_IPV4);
	}
}

/* Many addresses with many pieces of a range: the ports are left to the lcores. */
static void test_many(void **state)
{
	uint32_t own[50];
	const struct io_answers answers = {
		.addr = own, .n_addrs = 50, .port_first = 1, .port_last = 65534};

	(void)state;
	card_is_new();
	for (unsigned i = 0; i < 50; i++)
		own[i] = 0xc0000200 + 2 * i;
	assert_int_equal(go(1, &answers), 101);
	assert_true(brings(0, IPPROTO_TCP, own[49], 0) && brings(0, IPPROTO_TCP, own[0], 65535));
	assert_false(brings(0, IPPROTO_TCP, own[49] + 1, 5));
}

static void test_refused(void **state)
{
	const uint32_t own = 0xc0000201;
	const struct io_answers answers = {
		.addr = &own, .n_addrs = 1, .port_first = 40000, .port_last = 40999};

	(void)state;
	for (unsigned refuse = 1; refuse < 5; refuse++) {
		card_is_new();
		card.refuse = refuse;
		assert_int_equal(go(1, &answers), 0);
		assert_int_equal(card.n, 0);
		assert_int_equal(report.level, LOG_LEVEL_WARN);
		assert_string_equal(report.why, "not today");
		assert_true(card.started && !card.isolated);
	}
	card.can_start = false;
	assert_int_equal(go(1, &answers), -EIO);
}

/* Without isolation, or when nobody knows what is ours, no rule is made. */
static void test_not_begun(void **state)
{
	const uint32_t own = 0xc0000201;
	const struct io_answers answers = {.addr = &own, .n_addrs = 1}, none = {0};
	const struct io_dev dev = {.rx_queues = 1};
	uint32_t scattered[65];
	const struct io_answers many = {.addr = scattered, .n_addrs = 65};

	(void)state;
	card_is_new();
	for (unsigned i = 0; i < 65; i++)
		scattered[i] = 2 * i;
	assert_false(steer_begin(&dev, &none, &report));
	assert_true(report.why == NULL && report.rules == 0);
	assert_false(steer_begin(&dev, &many, &report));
	assert_int_equal(report.level, LOG_LEVEL_INFO); /* fewer ranges would mend it */
	assert_non_null(strstr(report.why, "too many separate ranges"));
	assert_false(card.isolated);
	card.can_isolate = false;
	assert_false(steer_begin(&dev, &answers, &report));
	assert_int_equal(report.level, LOG_LEVEL_DEBUG); /* so are most cards */
	assert_non_null(strstr(report.why, "no flow isolation"));
	assert_false(card.isolated);
}

/* Exactly the numbers from first to last, by few matches. */
static void test_ports(void **state)
{
	static const struct {
		uint16_t first, last;
		unsigned n;
	} cases[] = {{0, 65535, 1}, {1, 65535, 16},	{1, 65534, 30},
		     {80, 80, 1},   {32768, 61000, 12}, {40000, 40999, 7}};
	struct steer_match match[32];

	(void)state;
	for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
		unsigned n = steer_ports(cases[c].first, cases[c].last, match, 32);

		if (n > cases[c].n || n == 0)
			fail_msg("%u-%u: %u matches", cases[c].first, cases[c].last, n);
		for (unsigned port = 0; port < 65536; port++) {
			unsigned hits = 0;

			for (unsigned i = 0; i < n; i++)
				hits += (port & match[i].mask) == match[i].value;
			if (hits != (port >= cases[c].first && port <= cases[c].last))
				fail_msg("%u-%u: %u", cases[c].first, cases[c].last, port);
		}
	}
	assert_int_equal(steer_ports(1, 65534, match, 29), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exactly_answers),
		cmocka_unit_test(test_vlan_and_queues),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_not_begun),
		cmocka_unit_test(test_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
