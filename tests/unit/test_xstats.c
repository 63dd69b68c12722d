/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include <errno.h>

#include <rte_ethdev.h>

#include "xstats.h"

/* A card of vmxnet3's kind: what it has counted so far, and what it refuses to tell. */
static const char *const names[] = {"rx_good_packets", "rx_q0_drop_total", "tx_q0_drop_total",
				    "tx_q1_drop_total", "tx_q1_tx_ring_full"};
enum { NAMES = sizeof(names) / sizeof(names[0]) };
static uint64_t value[NAMES];
static bool silent;

int __wrap_rte_eth_xstats_get_names(uint16_t port, struct rte_eth_xstat_name *to, unsigned n);
int __wrap_rte_eth_xstats_get(uint16_t port, struct rte_eth_xstat *to, unsigned n);
int __wrap_rte_eth_xstats_get_by_id(uint16_t port, const uint64_t *id, uint64_t *to, unsigned n);
int __wrap_rte_eth_dev_info_get(uint16_t port, struct rte_eth_dev_info *info);

int __wrap_rte_eth_xstats_get_names(uint16_t port, struct rte_eth_xstat_name *to, unsigned n)
{
	(void)port;
	for (unsigned i = 0; i < NAMES && i < n; i++)
		snprintf(to[i].name, sizeof(to[i].name), "%s", names[i]);
	return NAMES;
}

int __wrap_rte_eth_xstats_get(uint16_t port, struct rte_eth_xstat *to, unsigned n)
{
	(void)port;
	for (unsigned i = 0; i < NAMES && i < n; i++)
		to[i] = (struct rte_eth_xstat){.id = i, .value = value[i]};
	return silent ? -EIO : NAMES;
}

int __wrap_rte_eth_xstats_get_by_id(uint16_t port, const uint64_t *id, uint64_t *to, unsigned n)
{
	(void)port;
	for (unsigned i = 0; i < n; i++)
		to[i] = value[id[i]];
	return silent ? -EIO : (int)n;
}

int __wrap_rte_eth_dev_info_get(uint16_t port, struct rte_eth_dev_info *info)
{
	(void)port;
	memset(info, 0, sizeof(*info));
	info->driver_name = "net_vmxnet3";
	return 0;
}

static void set(const uint64_t to[NAMES])
{
	memcpy(value, to, sizeof(value));
	silent = false;
}

/* What was counted before the scan is somebody else's; what is new is lost, but for a full ring. */
static void test_lost(void **state)
{
	struct io_stats stats = {.imissed = 1000, .oerrors = 2000};
	struct xstats *xs;

	(void)state;
	set((uint64_t[]){500, 7, 8, 9, 10});
	xs = xstats_open(0);
	assert_non_null(xs);
	xstats_lost(xs, 0, &stats);
	assert_int_equal(stats.imissed, 1000);
	assert_int_equal(stats.oerrors, 2000);
	set((uint64_t[]){900, 10, 28, 109, 5000});
	xstats_lost(xs, 0, &stats);
	assert_int_equal(stats.imissed, 1003);
	assert_int_equal(stats.oerrors, 2120);
	silent = true;
	xstats_lost(xs, 0, &stats);
	assert_int_equal(stats.imissed, 1003);
	xstats_close(xs);
}

static void test_list(void **state)
{
	struct io_counter *list;
	struct xstats *xs;

	(void)state;
	set((uint64_t[]){500, 7, 0, 0, 0});
	xs = xstats_open(0);
	set((uint64_t[]){512, 7, 0, 1, 0});
	assert_int_equal(xstats_list(xs, 0, &list), 2);
	assert_string_equal(list[0].name, "rx_good_packets");
	assert_int_equal(list[0].value, 12);
	assert_string_equal(list[1].name, "tx_q1_drop_total");
	assert_int_equal(list[1].value, 1);
	free(list);
	silent = true;
	assert_int_equal(xstats_list(xs, 0, &list), 0);
	free(list);
	xstats_close(xs);
}

/* A device without any is none that has lost something. */
static void test_none(void **state)
{
	struct io_stats stats = {0};
	struct io_counter *list;

	(void)state;
	silent = true;
	assert_null(xstats_open(0));
	xstats_lost(NULL, 0, &stats);
	assert_int_equal(stats.imissed + stats.oerrors, 0);
	assert_int_equal(xstats_list(NULL, 0, &list), 0);
	assert_null(list);
}

static void test_kinds(void **state)
{
	(void)state;
	assert_int_equal(xstats_kind("mlx5_pci", "rx_phy_discard_packets"), XSTATS_RECEIVED_LOST);
	assert_int_equal(xstats_kind("net_i40e", "tx_link_down_dropped"), XSTATS_SENT_LOST);
	assert_int_equal(xstats_kind("net_ena", "pps_allowance_exceeded"), XSTATS_SENT_LOST);
	assert_int_equal(xstats_kind("net_vmxnet3", "tx_q12_drop_total"), XSTATS_SENT_LOST);
	assert_int_equal(xstats_kind("net_vmxnet3", "tx_q1_tx_ring_full"), XSTATS_OTHER);
	assert_int_equal(xstats_kind("net_virtio", "rx_phy_discard_packets"), XSTATS_OTHER);
	assert_int_equal(xstats_kind("net_i40e", "rx_good_packets"), XSTATS_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
