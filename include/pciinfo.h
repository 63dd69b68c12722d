/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * What Linux knows about PCI network cards, from /sys/bus/pci. Main thread, any time; nothing is
 * cached.
 */

enum { PCI_ADDRESS = 16 }; /* "0000:3b:00.0" and its NUL */

struct pci_info {
	char address[PCI_ADDRESS]; /* with its domain */
	unsigned vendor, device;
	bool network;	 /* a network card, by its class */
	char driver[32]; /* of the kernel that it is bound to, "" if there is none */
	char ifname[16]; /* of the Linux interface that the driver makes of it, "" if none */
	int group;	 /* of the IOMMU; -1: behind none */
	int node;	 /* of NUMA; -1: the machine has none */
	char cpus[256];	 /* processors on that node, "0-7,16-23"; "" if the kernel does not say */
};

/* Whether text looks like a PCI address: 0000:3b:00.0 or 3b:00.0. */
bool pci_is_address(const char *text);

/* 0, or -ENOENT when there is no such device in this machine. */
int pci_info(const char *address, struct pci_info *info);

/* Drivers that hand the whole card over to us, and those that share it with Linux (mlx5_core). */
bool pci_driver_gives(const char *driver);
bool pci_driver_shares(const char *driver);

/* The addresses of all network cards, "0000:3b:00.0, ..."; for messages. */
void pci_list(char *buf, size_t len);
