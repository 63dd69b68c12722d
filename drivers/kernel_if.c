/* SPDX-License-Identifier: BSD-3-Clause */

#include "driver.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "linkinfo.h"

enum { SOCKETS_MAX = 64, FD_MAX = 4096 };

/*
 * DPDK's drivers keep their sockets to themselves and report few or none of the frames that these
 * dropped. So the sockets are found among the process's descriptors, and asked directly.
 */
struct kernel_if {
	int domain;
	int socket[SOCKETS_MAX];
	unsigned n;
	int foreign[SOCKETS_MAX]; /* AF_XDP sockets that were there before */
	unsigned n_foreign;
	int kept;		   /* a descriptor, -1 if there is none */
	uint64_t dropped;	   /* by AF_PACKET sockets: the kernel resets its count when read */
	struct link_counters base; /* at open */
	unsigned index;		   /* the interface; another of its name is another */
};

/* --- checks before the EAL starts --- */

static bool capable(unsigned capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	return (data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability)) != 0;
}

bool kernel_if_capable(unsigned capability)
{
	switch (capability) {
	case KERNEL_IF_RAW:
		return capable(CAP_NET_RAW);
	case KERNEL_IF_ADMIN:
		return capable(CAP_NET_ADMIN);
	case KERNEL_IF_SYS_ADMIN:
		return capable(
			CAP_SYS_ADMIN); /* libxdp looks up maps by number: CAP_BPF is too little */
	case KERNEL_IF_LOCK:
		return capable(CAP_IPC_LOCK);
	default:
		return false;
	}
}

uint64_t kernel_if_lockable(void)
{
	struct rlimit limit;

	if (kernel_if_capable(KERNEL_IF_LOCK) || getrlimit(RLIMIT_MEMLOCK, &limit) < 0 ||
	    limit.rlim_cur == RLIM_INFINITY)
		return UINT64_MAX;
	return limit.rlim_cur;
}

int kernel_if_check_lock(const char *ifname, const char *driver, unsigned kib, struct err *err)
{
	uint64_t lockable = kernel_if_lockable();

	if (lockable >= kib * UINT64_C(1024))
		return 0;
	return err_set(err, EXIT_PRIVILEGE,
		       "%s:%s: needs %u KiB of locked memory, %llu are allowed: sudo prlimit "
		       "--memlock=%llu --pid $$, or use sudo",
		       driver, ifname, kib, (unsigned long long)lockable / 1024, kib * 1024ULL);
}

static int check_name(const char *ifname, const char *driver, struct err *err)
{
	char list[256];

	if (link_exists(ifname) && strpbrk(ifname, ",=[]") == NULL)
		return 0;
	link_list(list, sizeof(list));
	if (ifname[0] == '\0')
		return err_set(err, EXIT_USAGE, "%s: name an interface: %s:IF, one of %s", driver,
			       driver, list);
	return err_set(err, EXIT_DEVICE, "%s: there is no interface '%s'; there are %s", driver,
		       ifname, list);
}

int kernel_if_check(const char *ifname, const char *driver, unsigned capabilities, struct err *err)
{
	static const char *const names[] = {"cap_net_raw", "cap_net_admin", "cap_sys_admin"};
	char all[64] = "", missing[64] = "";
	int rc = check_name(ifname, driver, err);

	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < 3; i++) {
		if ((capabilities & 1U << i) == 0)
			continue;
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s",
			 all[0] != '\0' ? "," : "", names[i]);
		if (!kernel_if_capable(1U << i))
			snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing),
				 "%s%s", missing[0] != '\0' ? " and " : "", names[i]);
	}
	if (missing[0] != '\0')
		return err_set(err, EXIT_PRIVILEGE,
			       "%s:%s: needs %s: use sudo, or once: sudo setcap %s=ep "
			       "$(readlink -f $(command -v peal))",
			       driver, ifname, missing, all);
	if (!link_is_admin_up(ifname))
		return err_set(err, EXIT_DEVICE, "%s:%s: is down: sudo ip link set %s up", driver,
			       ifname, ifname);
	if (!link_is_up(ifname))
		return err_set(err, EXIT_DEVICE,
			       "%s:%s: has no link: plug in the cable, or set its peer up (ip -d "
			       "link show %s)",
			       driver, ifname, ifname);
	return 0;
}

/* --- the sockets --- */

static bool socket_fits(const struct kernel_if *kif, int fd, unsigned ifindex)
{
	struct sockaddr_ll ll;
	socklen_t len = sizeof(int);
	int got;

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &got, &len) < 0 || got != kif->domain)
		return false;
	if (kif->domain == AF_PACKET) {
		len = sizeof(ll);
		return getsockname(fd, (struct sockaddr *)&ll, &len) == 0 &&
		       (unsigned)ll.sll_ifindex == ifindex;
	}
	for (unsigned i = 0; i < kif->n_foreign; i++) { /* they do not tell their interface */
		if (kif->foreign[i] == fd)
			return false;
	}
	return true;
}

static uint64_t packet_dropped(int fd)
{
	struct tpacket_stats stats;
	socklen_t len = sizeof(stats);

	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) < 0)
		return 0;
	return stats.tp_drops;
}

static uint64_t xdp_dropped(int fd)
{
	struct xdp_statistics stats = {0};
	socklen_t len = sizeof(stats);

	if (getsockopt(fd, SOL_XDP, XDP_STATISTICS, &stats, &len) < 0)
		return 0;
	return stats.rx_dropped + stats.rx_ring_full;
}

static unsigned sockets_list(const struct kernel_if *kif, unsigned ifindex, int fds[SOCKETS_MAX])
{
	struct rlimit limit;
	int max = FD_MAX;
	unsigned n = 0;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < FD_MAX)
		max = (int)limit.rlim_cur;
	for (int fd = 3; fd < max && n < SOCKETS_MAX; fd++) {
		if (socket_fits(kif, fd, ifindex))
			fds[n++] = fd;
	}
	return n;
}

/* The PMDs open their sockets at different times; they are looked for until the first are there. */
static void sockets_find(struct kernel_if *kif, const char *ifname)
{
	const int one = 1;

	if (kif->n > 0)
		return;
	kif->n = sockets_list(kif, link_index(ifname), kif->socket);
	/* the kernel's own RSTs need not fill the ring; an old kernel does without */
	for (unsigned i = 0; i < kif->n && kif->domain == AF_PACKET; i++)
		setsockopt(kif->socket[i], SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
}

int kernel_if_open(struct io_dev *dev, const char *ifname, int domain, struct err *err)
{
	struct kernel_if *kif = calloc(1, sizeof(*kif));

	if (kif == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	kif->domain = domain;
	kif->kept = -1;
	dev->priv = kif;
	snprintf(dev->ifname, sizeof(dev->ifname), "%s", ifname);
	kif->index = link_index(ifname);
	if (kif->index == 0 || link_counters(ifname, &kif->base) < 0)
		return err_set(err, EXIT_DEVICE, "interface %s has gone", ifname);
	if (domain == AF_XDP)
		kif->n_foreign = sockets_list(kif, 0, kif->foreign);
	else
		sockets_find(kif, ifname);
	return 0;
}

static uint64_t grown(uint64_t now, uint64_t base)
{
	return now > base ? now - base : 0;
}

/*
 * What the interface dropped is counted, too: a frame of somebody else may be among it, but it is
 * the only place where a full peer or a queue below the socket shows up. AF_XDP's sockets know
 * about all that arrives, and what they refuse is the interface's drop as well.
 */
void kernel_if_stats(const struct io_dev *dev, struct io_stats *stats)
{
	struct kernel_if *kif = dev->priv;
	struct link_counters now;
	uint64_t xdp = 0;

	stats->removed |= link_index(dev->ifname) != kif->index;
	sockets_find(kif, dev->ifname);
	for (unsigned i = 0; i < kif->n; i++) {
		if (kif->domain == AF_PACKET)
			kif->dropped += packet_dropped(kif->socket[i]);
		else
			xdp += xdp_dropped(kif->socket[i]);
	}
	stats->imissed = kif->domain == AF_PACKET ? kif->dropped : xdp;
	if (link_counters(dev->ifname, &now) < 0)
		return;
	stats->oerrors += grown(now.tx_dropped, kif->base.tx_dropped);
	if (kif->domain == AF_PACKET)
		stats->imissed += grown(now.rx_dropped, kif->base.rx_dropped);
}

void kernel_if_keep(struct io_dev *dev, int fd)
{
	struct kernel_if *kif = dev->priv;

	kif->kept = fd;
}

void kernel_if_close(struct io_dev *dev)
{
	struct kernel_if *kif = dev->priv;

	if (kif != NULL && kif->kept >= 0)
		close(kif->kept);
	free(kif);
}
