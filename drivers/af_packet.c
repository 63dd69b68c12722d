/* SPDX-License-Identifier: BSD-3-Clause */

#include "driver.h"

#include <stdio.h>
#include <sys/socket.h>

#include <rte_ethdev.h>

/*
 * A Linux interface by AF_PACKET with memory-mapped rings. The kernel goes on working on it: it
 * sees the answers, too, and answers a SYN-ACK with RST.
 *
 * The driver has two traps. It waits without end (poll) when the TX ring is full and the interface
 * went down: whoever sends must look at io_stats.link_up and stop in time. And what it counts as
 * sent is only queued: see io_stats.oerrors.
 */

enum {
	FRAME_SIZE = 1024, /* an ICMP error is at most 576 bytes long (RFC 1812, 4.3.2.3) */
	FRAMES_MAX = 32768,
	FRAMES_MIN = 512,
};

static int af_packet_check(const char *arg, struct err *err)
{
	int rc = kernel_if_check(arg, driver_af_packet.name, KERNEL_IF_RAW | KERNEL_IF_ADMIN, err);

	if (rc < 0)
		return rc;
	return kernel_if_check_lock(arg, driver_af_packet.name, 4 * FRAMES_MIN * FRAME_SIZE / 1024,
				    err);
}

/*
 * A lcore that shares its processor is away for some milliseconds now and then, and answers come in
 * bursts: the rings are as deep as locked memory allows, up to 32 MiB in each direction. Where one
 * queue's is full, the kernel takes another's (PACKET_FANOUT_FLAG_ROLLOVER).
 */
static unsigned af_packet_frames(unsigned queues)
{
	uint64_t lockable = kernel_if_lockable();
	unsigned frames = FRAMES_MAX;

	while (frames > FRAMES_MIN &&
	       (frames * queues > FRAMES_MAX || 2ULL * frames * FRAME_SIZE * queues > lockable / 2))
		frames /= 2;
	return frames;
}

static int af_packet_devargs(const char *arg, const struct io_conf *conf, char *buf, unsigned len,
			     struct err *err)
{
	/* a queue is one socket for both directions, and every socket must be read */
	unsigned tx = conf->tx_queues, rx = conf->rx_queues, queues = tx < rx ? tx : rx;

	(void)err;
	if (queues == 0)
		queues = 1;
	snprintf(buf, len, "iface=%s,qpairs=%u,framesz=%d,framecnt=%u,qdisc_bypass=1", arg, queues,
		 FRAME_SIZE, af_packet_frames(queues));
	return 0;
}

static int af_packet_opened(struct io_dev *dev, const char *arg, struct err *err)
{
	struct rte_eth_dev_info info;

	if (rte_eth_dev_info_get(dev->port_id, &info) == 0)
		dev->rx_depth = info.max_rx_queues * af_packet_frames(info.max_rx_queues);
	return kernel_if_open(dev, arg, AF_PACKET, err);
}

const struct io_driver driver_af_packet = {
	.name = "af_packet",
	.help = "af_packet:IF                  a Linux interface, by AF_PACKET",
	.limits = IO_KERNEL | IO_KERNEL_ANSWERS,
	.check = af_packet_check,
	.devargs = af_packet_devargs,
	.opened = af_packet_opened,
	.stats = kernel_if_stats,
	.close = kernel_if_close,
};
