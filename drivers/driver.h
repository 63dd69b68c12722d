/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "io.h"

/* What drivers share: the table's rows, and the steps that all ethdevs and all interfaces need. */

extern const struct io_driver driver_sim, driver_af_packet, driver_af_xdp, driver_pci, driver_memif,
	driver_pcap, driver_ring, driver_null;

/* --- ethdev.c --- */

/* Probes the vdev "net_NAME<N>,ARGS" and sets dev->port_id. */
int ethdev_probe(struct io_dev *dev, const char *args, struct err *err);

/* Configures queues, makes the RX pool unless there is one, starts, waits for the link. */
int ethdev_start(struct io_dev *dev, struct err *err);

/* Stops, closes and removes the ethdev, whatever stage of opening it reached. */
void ethdev_close(struct io_dev *dev);

/* Frames to mac, too, are received from now on. */
void ethdev_listen(struct io_dev *dev, const uint8_t mac[6]);

/* As io_reset(). */
int ethdev_reset(struct io_dev *dev, const struct io_stats *last);

void ethdev_stats(const struct io_dev *dev, struct io_stats *stats);

/* A name for pools and rings that no other open device has: "sim-tx-3". Returns buf. */
const char *ethdev_name(char *buf, unsigned len, const struct io_dev *dev, const char *what);

/* --- events.c --- */

/* Sets dev->removed and dev->asks_reset when the device's driver says so, until told to stop. */
void events_watch(struct io_dev *dev);
void events_ignore(struct io_dev *dev);

/* --- kernel_if.c: a Linux interface --- */

struct kernel_if; /* dev->priv of these drivers */

/* Whether the interface is there and up, and the capabilities (KERNEL_IF_*) are. */
enum { KERNEL_IF_RAW = 1, KERNEL_IF_ADMIN = 2, KERNEL_IF_SYS_ADMIN = 4, KERNEL_IF_LOCK = 8 };
int kernel_if_check(const char *ifname, const char *driver, unsigned capabilities, struct err *err);
bool kernel_if_capable(unsigned capability);

/* How much memory may be locked, UINT64_MAX if there is no limit. */
uint64_t kernel_if_lockable(void);
int kernel_if_check_lock(const char *ifname, const char *driver, unsigned kib, struct err *err);

/* Starts to watch the interface's and the sockets' drop counters; domain: AF_PACKET or AF_XDP. */
int kernel_if_open(struct io_dev *dev, const char *ifname, int domain, struct err *err);
void kernel_if_stats(const struct io_dev *dev, struct io_stats *stats);
/* fd is closed by kernel_if_close(). */
void kernel_if_keep(struct io_dev *dev, int fd);
void kernel_if_close(struct io_dev *dev);
