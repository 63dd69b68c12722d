/* SPDX-License-Identifier: BSD-3-Clause */

#include "doctor.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "eal.h"
#include "hugepages.h"
#include "pciinfo.h"

/*
 * A card that DPDK drives: from what Linux knows of it to a trial, which opens it as a scan does.
 * The checks stand in the order in which one would mend: each makes the next possible.
 */

enum {
	MEMORY_MB = 128, /* of large pages, for a queue pair or two */
	LOCKED_MB = 256, /* that vfio maps for the card, and so locks */
	LINK_WAIT_S = 5, /* as long as autonegotiation takes */
	MTU_MIN = 576,	 /* an ICMP error may be as long (RFC 1812, 4.3.2.3) */
	CPUS_TEXT = 256,
};

static void check_iommu(struct doctor *d, const struct pci_info *info)
{
	if (info->group >= 0)
		doctor_say(d, OK, "iommu", "on; the card is in group %d", info->group);
	else if (strcmp(info->driver, "igb_uio") == 0 || pci_driver_shares(info->driver))
		doctor_say(d, OK, "iommu", "off, which %s does not mind", info->driver);
	else
		doctor_fail(d, EXIT_DEVICE, "iommu",
			    "off: switch on VT-d or AMD-Vi in the firmware, then: sudo sed -i "
			    "'s/^GRUB_CMDLINE_LINUX=\"/&intel_iommu=on iommu=pt /' "
			    "/etc/default/grub && sudo update-grub && sudo reboot");
}

static bool check_driver(struct doctor *d, const struct pci_info *info)
{
	if (pci_driver_gives(info->driver)) {
		doctor_say(d, OK, "driver", "%s gives the card to DPDK", info->driver);
		return true;
	}
	if (pci_driver_shares(info->driver)) {
		doctor_say(d, OK, "driver", "%s shares the card with DPDK", info->driver);
		return true;
	}
	if (info->driver[0] == '\0')
		doctor_fail(d, EXIT_DEVICE, "driver", "none: sudo scripts/bind-nic %s",
			    info->address);
	else
		doctor_fail(d, EXIT_DEVICE, "driver",
			    "%s%s%s keeps the card for Linux: sudo scripts/bind-nic %s",
			    info->driver, info->ifname[0] != '\0' ? ", as " : "", info->ifname,
			    info->address);
	return false;
}

/* All devices of a group must be given away with the card, but for the bridges that lead to it. */
static void check_group(struct doctor *d, const struct pci_info *info)
{
	struct pci_info other;
	struct dirent *entry;
	char path[64];
	DIR *dir;

	if (info->group < 0)
		return;
	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d/devices", info->group);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (pci_info(entry->d_name, &other) < 0 || other.driver[0] == '\0' ||
		    pci_driver_gives(other.driver) || strcmp(other.driver, "pcieport") == 0 ||
		    strcmp(other.address, info->address) == 0)
			continue;
		doctor_fail(d, EXIT_DEVICE, "group",
			    "%s is in the same one and belongs to %s: sudo scripts/bind-nic %s, or "
			    "another slot for the card",
			    other.address, other.driver, other.address);
	}
	if (dir != NULL)
		closedir(dir);
}

static void check_pages(struct doctor *d, const struct pci_info *info)
{
	unsigned long long all = hugepages_free_mb(-1), here = all;
	char node[16] = "";

	if (info->node >= 0) {
		snprintf(node, sizeof(node), " %d", info->node);
		here = hugepages_free_mb(info->node);
	}
	if (here >= MEMORY_MB)
		doctor_say(d, OK, "hugepages", "%llu MiB free%s%s", here,
			   node[0] != '\0' ? " on the card's node" : "", node);
	else if (all >= MEMORY_MB)
		doctor_say(d, WARN, "hugepages",
			   "%llu MiB free, but %llu on the card's node%s, so packets cross to "
			   "another: sudo scripts/setup-hugepages %d%s",
			   all, here, node, 2 * MEMORY_MB, node);
	else
		doctor_say(d, WARN, "hugepages",
			   "%llu MiB free, so small pages it is, which is slower: sudo "
			   "scripts/setup-hugepages %d%s",
			   all, 2 * MEMORY_MB, node);
}

static void check_memlock(struct doctor *d)
{
	struct rlimit limit;

	if (geteuid() == 0 || getrlimit(RLIMIT_MEMLOCK, &limit) < 0 ||
	    limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= (rlim_t)LOCKED_MB << 20)
		doctor_say(d, OK, "memlock", "enough memory may be locked");
	else
		doctor_fail(d, EXIT_PRIVILEGE, "memlock",
			    "only %llu KiB may be locked, and the card's memory must be: sudo "
			    "prlimit --memlock=unlimited --pid $$",
			    (unsigned long long)limit.rlim_cur / 1024);
}

/* Whether one of the processors in "0-7,16" is in the set. */
static bool list_meets(const char *list, const cpu_set_t *set)
{
	unsigned first, last;
	int n;

	while (sscanf(list, "%u%n", &first, &n) == 1) {
		list += n;
		last = first;
		if (sscanf(list, "-%u%n", &last, &n) == 1)
			list += n;
		for (unsigned cpu = first; cpu <= last && cpu < CPU_SETSIZE; cpu++)
			if (CPU_ISSET(cpu, set))
				return true;
		list += *list == ',';
	}
	return false;
}

void doctor_cores(struct doctor *d, const struct pci_info *info)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (info->node < 0 || info->cpus[0] == '\0' || sched_getaffinity(0, sizeof(set), &set) < 0)
		return;
	if (list_meets(info->cpus, &set))
		doctor_say(d, OK, "cores", "%.*s on the card's node %d, preferred", CPUS_TEXT,
			   info->cpus, info->node);
	else
		doctor_say(d, WARN, "cores",
			   "none that peal may use is on the card's node %d: taskset -c %.*s peal "
			   "scan ...",
			   info->node, CPUS_TEXT, info->cpus);
}

/* --- the trial --- */

static time_t trial_end;

/* Seconds that nobody sets. */
static time_t steady(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static bool trial_over(void)
{
	return steady() >= trial_end;
}

static void check_open(struct doctor *d, const struct pci_info *info, const struct io_dev *dev)
{
	char text[256];

	io_describe(dev, text, sizeof(text));
	doctor_say(d, OK, "link", "up: %s", text);
	if (dev->mtu >= MTU_MIN)
		return;
	if (info->ifname[0] != '\0')
		doctor_say(d, WARN, "mtu",
			   "ICMP errors can be longer: sudo ip link set %s mtu 1500", info->ifname);
	else
		doctor_say(d, WARN, "mtu",
			   "ICMP errors can be longer: raise it to 1500 where the card is made "
			   "(the hypervisor's host_mtu)");
}

static void check_trial(struct doctor *d, const struct io_spec *spec, const struct pci_info *info)
{
	struct eal_conf eal = {.pci = &spec->arg, .n_pci = 1, .memory_mb = MEMORY_MB};
	struct io_conf conf = {.socket = -1, .give_up = trial_over};
	struct io_dev dev;
	struct err err;

	trial_end = steady() + LINK_WAIT_S;
	if (io_check(spec, &err) < 0 || eal_start(&eal, &err) < 0) {
		doctor_fail(d, err.code, "trial", "%s", err.text);
		return;
	}
	if (io_open(spec, &conf, &dev, &err) == 0) {
		check_open(d, info, &dev);
		io_close(&dev);
	} else if (err.code == EXIT_STOPPED) {
		doctor_fail(d, EXIT_DEVICE, "link",
			    "down for %d s: plug the cable in, or bring the other end up",
			    LINK_WAIT_S);
	} else {
		doctor_fail(d, err.code, "trial", "%s", err.text);
	}
	eal_stop();
}

void doctor_pci(struct doctor *d, const struct io_spec *spec)
{
	struct pci_info info;
	unsigned failures = d->failures;
	struct err err;

	if (pci_info(spec->arg, &info) < 0 || !info.network) {
		if (io_check(spec, &err) < 0)
			doctor_fail(d, err.code, "device", "%s", err.text);
		return;
	}
	doctor_say(d, OK, "device", "%s, a card of kind %04x:%04x", info.address, info.vendor,
		   info.device);
	check_iommu(d, &info);
	if (check_driver(d, &info))
		check_group(d, &info);
	check_pages(d, &info);
	check_memlock(d);
	doctor_cores(d, &info);
	if (d->failures == failures)
		check_trial(d, spec, &info);
	doctor_say(d, OK, "addresses",
		   "no kernel knows them: a scan wants --source-ip, and --gateway-ip or "
		   "--gateway-mac");
}
