/* SPDX-License-Identifier: BSD-3-Clause */

#include "driver.h"

#include <stdio.h>
#include <sys/socket.h>

#include "linkinfo.h"

#ifndef AF_XDP
#define AF_XDP 44
#endif

/*
 * A Linux interface by AF_XDP: faster than AF_PACKET, but all frames that arrive go to peal and
 * none to the kernel while the device is open. So it is never chosen for a bare interface name.
 *
 * DPDK 22.11's driver miscounts references at its close and keeps the queues bound until the
 * process ends: an interface can be opened once a process.
 */

enum { UMEM_KIB = 32 * 1024 }; /* the kernel pins the receive buffers of a queue */

static int af_xdp_check(const char *arg, struct err *err)
{
	int rc = kernel_if_check(arg, driver_af_xdp.name,
				 KERNEL_IF_RAW | KERNEL_IF_ADMIN | KERNEL_IF_SYS_ADMIN, err);

	if (rc < 0)
		return rc;
	return kernel_if_check_lock(arg, driver_af_xdp.name, UMEM_KIB * link_rx_queues(arg), err);
}

/* Frames of a queue that no socket is bound to go to the kernel: all queues must be ours. */
static int af_xdp_devargs(const char *arg, const struct io_conf *conf, char *buf, unsigned len,
			  struct err *err)
{
	unsigned tx = conf->tx_queues, rx = conf->rx_queues, queues = tx < rx ? tx : rx;
	unsigned have = link_rx_queues(arg);

	if (queues == 0)
		queues = 1;
	if (have > queues)
		return err_set(
			err, EXIT_DEVICE,
			"af_xdp:%s: the interface spreads answers over %u queues and peal would "
			"read %u: sudo ethtool -L %s combined %u",
			arg, have, queues, arg, queues);
	snprintf(buf, len, "iface=%s,start_queue=0,queue_count=%u", arg, have != 0 ? have : 1);
	return 0;
}

static int af_xdp_opened(struct io_dev *dev, const char *arg, struct err *err)
{
	return kernel_if_open(dev, arg, AF_XDP, err);
}

const struct io_driver driver_af_xdp = {
	.name = "af_xdp",
	.help = "af_xdp:IF                     a Linux interface, by AF_XDP; it is all peal's "
		"meanwhile",
	.limits = IO_KERNEL,
	.descriptors = 2048, /* the PMD fills no more */
	.check = af_xdp_check,
	.devargs = af_xdp_devargs,
	.opened = af_xdp_opened,
	.stats = kernel_if_stats,
	.close = kernel_if_close,
};
