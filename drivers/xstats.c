/* SPDX-License-Identifier: BSD-3-Clause */

#include "xstats.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>

/*
 * As DPDK 22.11 names them; what is also in imissed, rx_nombuf or oerrors is not here. A frame with
 * a wrong checksum at the end (CRC, FCS) was damaged on the cable: it may have been an answer.
 * Amazon's cards tell what the network behind them has queued or dropped: it may be lost.
 */
static const struct {
	const char *driver, *name; /* patterns of fnmatch(3) */
	enum xstats_kind kind;
} xstats_losses[] = {
	{"net_e1000_igb*", "rx_crc_errors", XSTATS_RECEIVED_LOST},
	{"net_igc", "rx_crc_errors", XSTATS_RECEIVED_LOST},
	{"net_ixgbe", "rx_crc_errors", XSTATS_RECEIVED_LOST},
	{"net_txgbe", "rx_crc_errors", XSTATS_RECEIVED_LOST},
	{"net_i40e", "rx_crc_errors", XSTATS_RECEIVED_LOST},
	{"net_i40e", "tx_dropped_packets", XSTATS_SENT_LOST},
	{"net_i40e", "tx_link_down_dropped", XSTATS_SENT_LOST},
	{"net_ice", "rx_crc_errors", XSTATS_RECEIVED_LOST},
	{"net_ice", "tx_dropped_packets", XSTATS_SENT_LOST},
	{"net_ice", "tx_link_down_dropped", XSTATS_SENT_LOST},
	{"mlx5_*", "rx_phy_crc_errors", XSTATS_RECEIVED_LOST},
	{"mlx5_*", "rx_phy_discard_packets", XSTATS_RECEIVED_LOST},
	{"mlx5_*", "tx_phy_discard_packets", XSTATS_SENT_LOST},
	{"mlx5_*", "tx_phy_errors", XSTATS_SENT_LOST},
	{"net_bnxt", "rx_fcs_err_frames", XSTATS_RECEIVED_LOST},
	{"net_ena", "bw_in_allowance_exceeded", XSTATS_RECEIVED_LOST},
	{"net_ena", "bw_out_allowance_exceeded", XSTATS_SENT_LOST},
	{"net_ena", "pps_allowance_exceeded", XSTATS_SENT_LOST},
	{"net_ena", "conntrack_allowance_exceeded", XSTATS_SENT_LOST},
	{"net_vmxnet3", "rx_q*_drop_total", XSTATS_RECEIVED_LOST},
	{"net_vmxnet3", "tx_q*_drop_total", XSTATS_SENT_LOST},
};

enum { LOSSES_MAX = 256 };

struct xstats {
	unsigned n, n_lost;
	struct rte_eth_xstat_name *name;
	struct rte_eth_xstat *now; /* scratch */
	uint64_t *base;		   /* at open */
	uint64_t lost_id[LOSSES_MAX];
	enum xstats_kind lost_kind[LOSSES_MAX];
};

enum xstats_kind xstats_kind(const char *driver, const char *name)
{
	for (size_t i = 0; i < sizeof(xstats_losses) / sizeof(*xstats_losses); i++)
		if (fnmatch(xstats_losses[i].driver, driver, 0) == 0 &&
		    fnmatch(xstats_losses[i].name, name, 0) == 0)
			return xstats_losses[i].kind;
	return XSTATS_OTHER;
}

static void find_losses(struct xstats *xs, const char *driver)
{
	for (unsigned i = 0; i < xs->n && xs->n_lost < LOSSES_MAX; i++) {
		enum xstats_kind kind = xstats_kind(driver, xs->name[i].name);

		if (kind == XSTATS_OTHER)
			continue;
		xs->lost_id[xs->n_lost] = i;
		xs->lost_kind[xs->n_lost++] = kind;
	}
}

/* The device's counters, by their numbers; false if it does not tell all of them. */
static bool read_all(const struct xstats *xs, uint16_t port)
{
	return rte_eth_xstats_get(port, xs->now, xs->n) == (int)xs->n;
}

static bool read_first(struct xstats *xs, uint16_t port)
{
	struct rte_eth_dev_info info;

	xs->name = calloc(xs->n, sizeof(*xs->name));
	xs->now = calloc(xs->n, sizeof(*xs->now));
	xs->base = calloc(xs->n, sizeof(*xs->base));
	if (xs->name == NULL || xs->now == NULL || xs->base == NULL ||
	    rte_eth_xstats_get_names(port, xs->name, xs->n) != (int)xs->n || !read_all(xs, port) ||
	    rte_eth_dev_info_get(port, &info) < 0)
		return false;
	for (unsigned i = 0; i < xs->n; i++)
		if (xs->now[i].id < xs->n)
			xs->base[xs->now[i].id] = xs->now[i].value;
	find_losses(xs, info.driver_name);
	return true;
}

struct xstats *xstats_open(uint16_t port)
{
	struct xstats *xs = calloc(1, sizeof(*xs));
	int n = rte_eth_xstats_get_names(port, NULL, 0);

	if (xs != NULL && n > 0) {
		xs->n = (unsigned)n;
		if (read_first(xs, port))
			return xs;
	}
	xstats_close(xs);
	return NULL;
}

void xstats_lost(const struct xstats *xs, uint16_t port, struct io_stats *stats)
{
	uint64_t value[LOSSES_MAX];

	if (xs == NULL || xs->n_lost == 0 ||
	    rte_eth_xstats_get_by_id(port, xs->lost_id, value, xs->n_lost) != (int)xs->n_lost)
		return;
	for (unsigned i = 0; i < xs->n_lost; i++) {
		uint64_t base = xs->base[xs->lost_id[i]], n = value[i] > base ? value[i] - base : 0;

		if (xs->lost_kind[i] == XSTATS_SENT_LOST)
			stats->oerrors += n;
		else
			stats->imissed += n;
	}
}

unsigned xstats_list(const struct xstats *xs, uint16_t port, struct io_counter **list)
{
	unsigned n = 0;

	*list = NULL;
	if (xs == NULL || !read_all(xs, port))
		return 0;
	*list = calloc(xs->n, sizeof(**list));
	for (unsigned i = 0; i < xs->n && *list != NULL; i++) {
		uint64_t id = xs->now[i].id;

		if (id >= xs->n || xs->now[i].value <= xs->base[id])
			continue;
		snprintf((*list)[n].name, sizeof((*list)[n].name), "%.63s", xs->name[id].name);
		(*list)[n++].value = xs->now[i].value - xs->base[id];
	}
	return n;
}

void xstats_close(struct xstats *xs)
{
	if (xs == NULL)
		return;
	free(xs->name);
	free(xs->now);
	free(xs->base);
	free(xs);
}
