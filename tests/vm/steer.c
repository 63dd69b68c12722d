/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * steer REMOTE ADDRESS PORT SECONDS: a card, as peal opens one, and what its rules bring: one line,
 * "tcp N icmp N arp N other N, rules".
 *
 * The card is DPDK's tap, which takes frames from REMOTE, an interface of Linux, by rules that it
 * turns into filters of Linux's own (tc flower): the one driver of Debian's that does so anywhere.
 * It compares whole ports only, so there is one.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_ethdev.h>
#include <rte_flow.h>
#include <rte_mbuf.h>

#include "addr.h"
#include "eal.h"
#include "io.h"

enum { BURST = 32, ETHER_TYPE = 12, IP_PROTOCOL = 23 };

static int tap_devargs(const char *arg, const struct io_conf *conf, char *buf, unsigned len,
		       struct err *err)
{
	(void)conf, (void)err;
	snprintf(buf, len, "iface=tap9,remote=%s", arg);
	return 0;
}

/* DPDK 22.11's tap only takes a note of isolation that is wished before it has queues. */
static void tap_started(struct io_dev *dev)
{
	struct rte_flow_error error;

	rte_flow_isolate(dev->port_id, 0, &error);
	rte_flow_isolate(dev->port_id, 1, &error);
}

static const struct io_driver tap = {
	.name = "tap",
	.limits = IO_PCI,
	.devargs = tap_devargs,
	.started = tap_started,
};

struct seen {
	unsigned tcp, icmp, arp, other;
};

static void look(struct seen *seen, const struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	unsigned type = frame[ETHER_TYPE] << 8 | frame[ETHER_TYPE + 1];

	if (type == RTE_ETHER_TYPE_ARP)
		seen->arp++;
	else if (type == RTE_ETHER_TYPE_IPV4 && frame[IP_PROTOCOL] == IPPROTO_TCP)
		seen->tcp++;
	else if (type == RTE_ETHER_TYPE_IPV4 && frame[IP_PROTOCOL] == IPPROTO_ICMP)
		seen->icmp++;
	else
		seen->other++;
}

static void listen_for(const struct io_dev *dev, unsigned seconds)
{
	time_t end = time(NULL) + seconds;
	struct rte_mbuf *m[BURST];
	struct seen seen = {0};

	puts("ready");
	fflush(stdout);
	while (time(NULL) < end) {
		unsigned n = rte_eth_rx_burst(dev->port_id, 0, m, BURST);

		for (unsigned i = 0; i < n; i++)
			look(&seen, m[i]);
		rte_pktmbuf_free_bulk(m, n);
	}
	printf("tcp %u icmp %u arp %u other %u, %s\n", seen.tcp, seen.icmp, seen.arp, seen.other,
	       dev->steered ? "rules" : "no rules");
}

int main(int argc, char **argv)
{
	const struct eal_conf eal = {.memory_mb = 64};
	struct io_spec spec = {.driver = &tap, .arg = argv[1]};
	struct io_conf conf = {.tx_queues = 1, .rx_queues = 1, .socket = -1};
	struct io_dev dev;
	struct err err;
	unsigned long port, seconds;
	uint32_t addr;

	if (argc != 5 || addr4_parse(argv[2], strlen(argv[2]), &addr) < 0)
		return EXIT_USAGE;
	port = strtoul(argv[3], NULL, 10);
	seconds = strtoul(argv[4], NULL, 10);
	conf.answers.addr = &addr;
	conf.answers.n_addrs = 1;
	conf.answers.port_first = conf.answers.port_last = (uint16_t)port;
	if (eal_start(&eal, &err) < 0 || io_open(&spec, &conf, &dev, &err) < 0) {
		fprintf(stderr, "steer: %s\n", err.text);
		return err.code;
	}
	listen_for(&dev, (unsigned)seconds);
	io_close(&dev);
	eal_stop();
	return 0;
}
