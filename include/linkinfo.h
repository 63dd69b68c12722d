/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What Linux knows about its interfaces, read by ioctl, from /proc/net and getifaddrs(3). Addresses
 * are host order. Main thread, any time; nothing is cached.
 */

enum { LINK_NAME = 16 }; /* an interface's name and its NUL */

struct link_counters { /* of the interface as a whole, whoever used it */
	uint64_t tx_dropped, rx_dropped;
};

bool link_exists(const char *ifname);
unsigned link_index(const char *ifname); /* 0 if it does not exist */

/* Administratively up, and its operational state is up (or unknown, as some virtual ones say). */
bool link_is_up(const char *ifname);
/* As above without the carrier: "ip link set IF up" was done. */
bool link_is_admin_up(const char *ifname);

/* 0 or -ENOENT */
int link_mtu(const char *ifname, unsigned *mtu);
int link_counters(const char *ifname, struct link_counters *counters);

/* How many receive queues the interface has in use; 0 if it does not exist. */
unsigned link_rx_queues(const char *ifname);

/* The interface's IPv4 addresses: how many were written to addr, at most max. */
int link_addrs(const char *ifname, uint32_t *addr, unsigned max);

/* Whether all of these n addresses are the interface's own. */
bool link_owns(const char *ifname, const uint32_t *addr, unsigned n);

/* The PCI address of the interface's card. 0, or -ENOENT: it has none. */
int link_pci(const char *ifname, char *address, size_t len);

/* Whether it is an end of a virtual cable: what leaves it arrives, and is answered, in the same
 * call. */
bool link_is_veth(const char *ifname);

/*
 * The gateway of the default route through this interface (main table, lowest metric); without a
 * default route, the gateway that all its other routes share. 0 or -ENOENT.
 */
int link_gateway(const char *ifname, uint32_t *gateway);

/* The kernel's neighbour table. 0, or -ENOENT when the address is not (or no longer) known. */
int link_neighbour(const char *ifname, uint32_t addr, uint8_t mac[6]);

/* The names of all interfaces, "eth0, lo"; for messages. */
void link_list(char *buf, size_t len);
