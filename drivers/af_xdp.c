/* SPDX-License-Identifier: BSD-3-Clause */

#include "driver.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_common.h>

#include "linkinfo.h"
#include "log.h"
#include "volley.h"

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

enum {
	UMEM_KIB = 32 * 1024, /* the kernel pins the receive buffers of a queue */
	DESCRIPTORS = 2048,   /* the PMD fills no more */
};

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

static uint32_t xdp_flags(const struct bpf_xdp_query_opts *attached)
{
	return attached->attach_mode == XDP_ATTACHED_SKB ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
}

/*
 * With a program in its driver, a virtual cable keeps answers in a ring of 256 until the processor
 * that began to empty it has come back to that, and drops what others bring meanwhile: where nobody
 * counts it but the far end.
 */
static uint32_t xdp_flags_for(const struct io_dev *dev, uint32_t flags)
{
	return dev->volley[0] != NULL ? XDP_FLAGS_SKB_MODE : flags;
}

/*
 * DPDK has put a program at the interface in a way that lasts until somebody with privileges takes
 * it away, also when the process was killed. Put there by a descriptor, it goes with that.
 */
static int xdp_link(unsigned ifindex, int program, uint32_t flags, uint32_t wanted)
{
	LIBBPF_OPTS(bpf_link_create_opts, how, .flags = wanted);
	int link;

	if (bpf_xdp_detach((int)ifindex, flags, NULL) < 0)
		return -EBUSY;
	link = bpf_link_create(program, (int)ifindex, BPF_XDP, &how);
	if (link < 0) /* before Linux 5.9 */
		bpf_xdp_attach((int)ifindex, program, flags, NULL);
	return link;
}

static void af_xdp_started(struct io_dev *dev)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, attached);
	unsigned ifindex = link_index(dev->ifname);
	int program, link = -1;

	if (bpf_xdp_query((int)ifindex, 0, &attached) < 0 || attached.prog_id == 0)
		return;
	program = bpf_prog_get_fd_by_id(attached.prog_id);
	if (program >= 0) {
		link = xdp_link(ifindex, program, xdp_flags(&attached),
				xdp_flags_for(dev, xdp_flags(&attached)));
		close(program);
	}
	if (link >= 0)
		kernel_if_keep(dev, link);
	else
		LOG(WARN,
		    "%s: DPDK's program stays at the interface after the scan: sudo ip link set %s "
		    "xdp off",
		    dev->ifname, dev->ifname);
}

/*
 * A virtual cable has one queue in most cases, and a queue has one socket, so one lcore would send;
 * but sending takes nearly all of the time, as the answer is made in the same call. There, all
 * lcores send beside the socket.
 */
static void af_xdp_volleys(struct io_dev *dev)
{
	unsigned index = link_index(dev->ifname);
	struct err err;

	if (!link_is_veth(dev->ifname))
		return;
	for (unsigned q = 0; q < RTE_MIN(RTE_MAX(dev->conf.tx_queues, 1U), (unsigned)IO_QUEUES_MAX);
	     q++) {
		dev->volley[q] = volley_create(index, &err);
		if (dev->volley[q] != NULL)
			continue;
		LOG(DEBUG, "%s: no volleys: %s", dev->ifname, err.text);
		while (q-- > 0) {
			volley_destroy(dev->volley[q]);
			dev->volley[q] = NULL;
		}
		return;
	}
	dev->earshot = DESCRIPTORS / 2;
}

static int af_xdp_opened(struct io_dev *dev, const char *arg, struct err *err)
{
	int rc;

	setenv("LIBXDP_SKIP_DISPATCHER", "1", 0); /* it would leave files behind, too */
	rc = kernel_if_open(dev, arg, AF_XDP, err);
	if (rc == 0)
		af_xdp_volleys(dev);
	return rc;
}

const struct io_driver driver_af_xdp = {
	.name = "af_xdp",
	.help = "af_xdp:IF                     a Linux interface, by AF_XDP; it is all peal's "
		"meanwhile",
	.limits = IO_KERNEL | IO_LOSES_TAGS, /* a card's own tag beside the frame is not told */
	.descriptors = DESCRIPTORS,
	.check = af_xdp_check,
	.devargs = af_xdp_devargs,
	.opened = af_xdp_opened,
	.started = af_xdp_started,
	.stats = kernel_if_stats,
	.close = kernel_if_close,
};
