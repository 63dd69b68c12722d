/* SPDX-License-Identifier: BSD-3-Clause */

#include "linkinfo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LINK_ADDRS = 64 };

enum { ROUTE_UP = 1, ROUTE_GATEWAY = 2, ARP_COMPLETE = 2 }; /* flags in /proc/net/{route,arp} */

/*
 * By ioctl, not from /sys/class/net: what is mounted at /sys may show another network namespace
 * than the one we are in. Any socket will do, and one of the internet is not for a scan to open.
 */
static int link_ioctl(const char *ifname, unsigned long request, struct ifreq *ifr)
{
	int fd, rc;

	if (ifname[0] == '\0' || strlen(ifname) >= LINK_NAME)
		return -ENOENT;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", ifname);
	rc = ioctl(fd, request, ifr) < 0 ? -ENOENT : 0;
	close(fd);
	return rc;
}

unsigned link_index(const char *ifname)
{
	struct ifreq ifr = {0};

	return link_ioctl(ifname, SIOCGIFINDEX, &ifr) == 0 ? (unsigned)ifr.ifr_ifindex : 0;
}

bool link_exists(const char *ifname)
{
	return link_index(ifname) != 0;
}

static bool link_has_flags(const char *ifname, int flags)
{
	struct ifreq ifr = {0};

	return link_ioctl(ifname, SIOCGIFFLAGS, &ifr) == 0 && (ifr.ifr_flags & flags) == flags;
}

bool link_is_admin_up(const char *ifname)
{
	return link_has_flags(ifname, IFF_UP);
}

/* What the driver says at once, and the flags only when the kernel has dealt with it, up to a
 * second later. */
static bool link_has_carrier(const char *ifname)
{
	struct ethtool_value link = {.cmd = ETHTOOL_GLINK};
	struct ifreq ifr = {.ifr_data = (char *)&link};

	return link_ioctl(ifname, SIOCETHTOOL, &ifr) < 0 || link.data != 0;
}

bool link_is_up(const char *ifname)
{
	return link_has_flags(ifname, IFF_UP | IFF_RUNNING) && link_has_carrier(ifname);
}

int link_mtu(const char *ifname, unsigned *mtu)
{
	struct ifreq ifr = {0};
	int rc = link_ioctl(ifname, SIOCGIFMTU, &ifr);

	if (rc == 0)
		*mtu = (unsigned)ifr.ifr_mtu;
	return rc;
}

int link_counters(const char *ifname, struct link_counters *counters)
{
	size_t len = strlen(ifname);
	char line[512], *at;
	int rc = -ENOENT;
	FILE *f = fopen("/proc/net/dev", "re");

	if (f == NULL)
		return -ENOENT;
	while (rc < 0 && fgets(line, sizeof(line), f) != NULL) {
		at = line + strspn(line, " ");
		if (strncmp(at, ifname, len) != 0 || at[len] != ':')
			continue;
		/* bytes packets errs drop fifo frame compressed multicast, then the same for TX */
		if (sscanf(at + len + 1,
			   "%*u %*u %*u %" SCNu64 " %*u %*u %*u %*u %*u %*u %*u %" SCNu64,
			   &counters->rx_dropped, &counters->tx_dropped) == 2)
			rc = 0;
	}
	fclose(f);
	return rc;
}

unsigned link_rx_queues(const char *ifname)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
	struct ifreq ifr = {.ifr_data = (char *)&channels};

	if (!link_exists(ifname))
		return 0;
	if (link_ioctl(ifname, SIOCETHTOOL, &ifr) < 0)
		return 1; /* a driver that does not say has one */
	return channels.rx_count + channels.combined_count;
}

int link_addrs(const char *ifname, uint32_t *addr, unsigned max)
{
	struct ifaddrs *list;
	struct sockaddr_in in;
	unsigned n = 0;

	if (getifaddrs(&list) < 0)
		return 0;
	for (const struct ifaddrs *at = list; at != NULL && n < max; at = at->ifa_next) {
		if (at->ifa_addr == NULL || at->ifa_addr->sa_family != AF_INET)
			continue;
		/* a label such as "eth0:1" is the same interface */
		if (strcspn(at->ifa_name, ":") != strlen(ifname) ||
		    strncmp(at->ifa_name, ifname, strlen(ifname)) != 0)
			continue;
		memcpy(&in, at->ifa_addr, sizeof(in));
		addr[n++] = ntohl(in.sin_addr.s_addr);
	}
	freeifaddrs(list);
	return (int)n;
}

bool link_owns(const char *ifname, const uint32_t *addr, unsigned n)
{
	uint32_t own[LINK_ADDRS];
	int n_own = link_addrs(ifname, own, LINK_ADDRS);

	for (unsigned i = 0; i < n; i++) {
		bool found = false;

		for (int k = 0; k < n_own; k++)
			found |= own[k] == addr[i];
		if (!found)
			return false;
	}
	return true;
}

bool link_is_veth(const char *ifname)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq ifr = {.ifr_data = (char *)&info};

	return link_ioctl(ifname, SIOCETHTOOL, &ifr) == 0 && strcmp(info.driver, "veth") == 0;
}

int link_pci(const char *ifname, char *address, size_t len)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq ifr = {.ifr_data = (char *)&info};

	if (link_ioctl(ifname, SIOCETHTOOL, &ifr) < 0 || info.bus_info[0] == '\0')
		return -ENOENT;
	snprintf(address, len, "%.32s", info.bus_info);
	return 0;
}

struct route {
	unsigned dst, gateway, flags, metric, mask;
};

/* The candidate so far: a default route beats others, a lower metric a higher. */
struct route_choice {
	struct route best;
	bool found, is_default, ambiguous;
};

static void route_consider(struct route_choice *choice, const struct route *route)
{
	bool is_default = route->dst == 0 && route->mask == 0;

	if ((route->flags & (ROUTE_UP | ROUTE_GATEWAY)) != (ROUTE_UP | ROUTE_GATEWAY))
		return;
	if (!choice->found || is_default > choice->is_default) {
		choice->best = *route;
		choice->found = true;
		choice->is_default = is_default;
		choice->ambiguous = false;
	} else if (is_default && route->metric < choice->best.metric) {
		choice->best = *route;
	} else if (!is_default && !choice->is_default && route->gateway != choice->best.gateway) {
		choice->ambiguous = true;
	}
}

int link_gateway(const char *ifname, uint32_t *gateway)
{
	struct route_choice choice = {0};
	struct route route;
	char line[256], name[64];
	FILE *f = fopen("/proc/net/route", "re");

	if (f == NULL)
		return -ENOENT;
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%63s %x %x %x %*u %*u %u %x", name, &route.dst, &route.gateway,
			   &route.flags, &route.metric, &route.mask) == 6 &&
		    strcmp(name, ifname) == 0)
			route_consider(&choice, &route);
	}
	fclose(f);
	if (!choice.found || choice.ambiguous)
		return -ENOENT;
	*gateway = ntohl(choice.best.gateway); /* the file has network order as one number */
	return 0;
}

int link_neighbour(const char *ifname, uint32_t addr, uint8_t mac[6])
{
	char line[256], text[64], name[64];
	struct in_addr in;
	unsigned flags;
	int rc = -ENOENT;
	FILE *f = fopen("/proc/net/arp", "re");

	if (f == NULL)
		return -ENOENT;
	while (rc < 0 && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%63s %*s %x %hhx:%hhx:%hhx:%hhx:%hhx:%hhx %*s %63s", text, &flags,
			   &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5], name) == 9 &&
		    strcmp(name, ifname) == 0 && (flags & ARP_COMPLETE) != 0 &&
		    inet_aton(text, &in) != 0 && ntohl(in.s_addr) == addr)
			rc = 0;
	}
	fclose(f);
	return rc;
}

void link_list(char *buf, size_t len)
{
	struct if_nameindex *list = if_nameindex();
	size_t n = 0;

	snprintf(buf, len, list == NULL ? "(unknown)" : "");
	if (list == NULL)
		return;
	for (const struct if_nameindex *at = list; at->if_index != 0; at++) {
		n += (size_t)snprintf(buf + n, len - n, "%s%s", n > 0 ? ", " : "", at->if_name);
		if (n >= len)
			break;
	}
	if_freenameindex(list);
}
