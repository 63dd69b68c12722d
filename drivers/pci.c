/* SPDX-License-Identifier: BSD-3-Clause */

#define ALLOW_EXPERIMENTAL_API /* device events: how vfio asks for a card back */

#include "driver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include "eal.h"
#include "log.h"
#include "pciinfo.h"
#include "quiet.h"

/*
 * A network card that DPDK drives itself, by a poll-mode driver: no kernel between, and none to
 * answer ARP or to close connections.
 */

struct pci {
	char address[PCI_ADDRESS];
};

static int pci_find(const char *arg, struct pci_info *info, struct err *err)
{
	char list[256];

	if (!pci_is_address(arg))
		return err_set(err, EXIT_USAGE,
			       "device 'pci:%s': a card is named by its address, as in "
			       "pci:0000:3b:00.0",
			       arg);
	if (pci_info(arg, info) == 0 && info->network)
		return 0;
	pci_list(list, sizeof(list));
	return err_set(err, EXIT_DEVICE, "%s is no network card of this machine%s%s", arg,
		       list[0] != '\0' ? "; there are " : ", which has none on PCI", list);
}

/* Whether vfio's files may be opened. */
static int pci_check_access(const struct pci_info *info, struct err *err)
{
	char path[64];

	if (strcmp(info->driver, "vfio-pci") != 0)
		return 0;
	snprintf(path, sizeof(path), "/dev/vfio/%d", info->group);
	if (access(path, R_OK | W_OK) == 0 && access("/dev/vfio/vfio", R_OK | W_OK) == 0)
		return 0;
	if (errno == EACCES)
		return err_set(err, EXIT_PRIVILEGE,
			       "%s may not be opened: run as root, or sudo chown %u %s", path,
			       getuid(), path);
	return err_set(err, EXIT_DEVICE, "%s: %s: sudo modprobe vfio_iommu_type1", path,
		       strerror(errno));
}

static int pci_check(const char *arg, struct err *err)
{
	struct pci_info info = {0};
	char owner[80];
	int rc = pci_find(arg, &info, err);

	if (rc < 0)
		return rc;
	if (pci_driver_gives(info.driver))
		return pci_check_access(&info, err);
	if (pci_driver_shares(info.driver))
		return 0;
	if (info.driver[0] == '\0')
		snprintf(owner, sizeof(owner), "is bound to no driver");
	else
		snprintf(owner, sizeof(owner), "belongs to Linux (%s%s%s)", info.driver,
			 info.ifname[0] != '\0' ? ", " : "", info.ifname);
	return err_set(err, EXIT_DEVICE, "%s %s: give it to DPDK: sudo scripts/bind-nic %s",
		       info.address, owner, info.address);
}

/* In DPDK's interrupt thread: vfio asks for the card back. */
static void pci_event(const char *name, enum rte_dev_event_type event, void *arg)
{
	struct io_dev *dev = arg;

	(void)name;
	if (event == RTE_DEV_EVENT_REMOVE)
		__atomic_store_n(&dev->removed, true, __ATOMIC_RELAXED);
}

/* The EAL has probed the card already; once more tells why it is not there. */
static int pci_probe(struct io_dev *dev, const struct pci_info *info, struct err *err)
{
	const char *address = info->address;
	struct quiet quiet;
	int rc;

	if (rte_eth_dev_get_port_by_name(address, &dev->port_id) == 0)
		return 0;
	dev->port_id = RTE_MAX_ETHPORTS;
	quiet_begin(&quiet, !eal_verbose());
	rc = rte_dev_probe(address);
	quiet_end(&quiet);
	if (rc == 0 && rte_eth_dev_get_port_by_name(address, &dev->port_id) == 0)
		return 0;
	if (rc == 0 || rc == -ENOTSUP)
		return err_set(err, EXIT_DEVICE,
			       "%s: DPDK has no driver for a card of kind %04x:%04x here: sudo "
			       "apt-get install librte-meta-net",
			       address, info->vendor, info->device);
	return err_set(err, EXIT_DEVICE,
		       "%s: DPDK cannot open it: %s; peal doctor %s looks further, -vv shows "
		       "DPDK's words",
		       address, rte_strerror(-rc), address);
}

static int pci_open(struct io_dev *dev, const char *arg, const struct io_conf *conf,
		    struct err *err)
{
	struct pci_info info = {0};
	struct pci *pci;
	int rc = pci_find(arg, &info, err);

	(void)conf;
	if (rc < 0)
		return rc;
	rc = pci_probe(dev, &info, err);
	if (rc < 0)
		return rc;
	pci = calloc(1, sizeof(*pci));
	if (pci == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	snprintf(pci->address, sizeof(pci->address), "%s", info.address);
	dev->priv = pci;
	rte_dev_event_callback_register(pci->address, pci_event, dev);
	return 0;
}

static void pci_close(struct io_dev *dev)
{
	struct pci *pci = dev->priv;

	if (pci != NULL)
		rte_dev_event_callback_unregister(pci->address, pci_event, dev);
	free(pci);
}

static void pci_near(const char *arg, char *buf, size_t len)
{
	struct pci_info info = {0};

	if (pci_info(arg, &info) == 0 && info.node >= 0)
		snprintf(buf, len, "%s", info.cpus);
}

const struct io_driver driver_pci = {
	.name = "pci",
	.help = "pci:ADDRESS                   a network card that DPDK drives: pci:0000:3b:00.0",
	.limits = IO_PCI | IO_BUSY,
	.descriptors = 4096,
	.link_wait_s = 60,
	.memory_mb = 128,
	.check = pci_check,
	.open = pci_open,
	.close = pci_close,
	.near = pci_near,
};
