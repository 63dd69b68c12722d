/* SPDX-License-Identifier: BSD-3-Clause */

#include "linkinfo.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUTE_UP = 1, ROUTE_GATEWAY = 2, ARP_COMPLETE = 2 }; /* flags in /proc/net/{route,arp} */

/* One attribute from /sys/class/net/IF/; -ENOENT also for a name that is no file name. */
static int link_read(const char *ifname, const char *what, char *buf, size_t len)
{
	char path[128];
	FILE *f;
	int rc;

	if (ifname[0] == '\0' || ifname[0] == '.' || strlen(ifname) >= LINK_NAME ||
	    strchr(ifname, '/') != NULL)
		return -ENOENT;
	snprintf(path, sizeof(path), "/sys/class/net/%s/%s", ifname, what);
	f = fopen(path, "re");
	if (f == NULL)
		return -ENOENT;
	rc = fgets(buf, (int)len, f) != NULL ? 0 : -ENOENT;
	fclose(f);
	if (rc == 0)
		buf[strcspn(buf, "\n")] = '\0';
	return rc;
}

static int link_number(const char *ifname, const char *what, uint64_t *number)
{
	char buf[64];
	int rc = link_read(ifname, what, buf, sizeof(buf));

	if (rc == 0)
		*number = strtoull(buf, NULL, 0);
	return rc;
}

unsigned link_index(const char *ifname)
{
	uint64_t index = 0;

	return link_number(ifname, "ifindex", &index) == 0 ? (unsigned)index : 0;
}

bool link_exists(const char *ifname)
{
	return link_index(ifname) != 0;
}

bool link_is_admin_up(const char *ifname)
{
	uint64_t flags;

	return link_number(ifname, "flags", &flags) == 0 && (flags & IFF_UP) != 0;
}

bool link_is_up(const char *ifname)
{
	char state[32];

	return link_is_admin_up(ifname) &&
	       link_read(ifname, "operstate", state, sizeof(state)) == 0 &&
	       (strcmp(state, "up") == 0 || strcmp(state, "unknown") == 0);
}

int link_mac(const char *ifname, uint8_t mac[6])
{
	char buf[64];
	int rc = link_read(ifname, "address", buf, sizeof(buf));

	if (rc < 0)
		return rc;
	return sscanf(buf, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3],
		      &mac[4], &mac[5]) == 6
		       ? 0
		       : -ENOENT;
}

int link_mtu(const char *ifname, unsigned *mtu)
{
	uint64_t number;
	int rc = link_number(ifname, "mtu", &number);

	if (rc == 0)
		*mtu = (unsigned)number;
	return rc;
}

int link_counters(const char *ifname, struct link_counters *counters)
{
	int rc = link_number(ifname, "statistics/tx_dropped", &counters->tx_dropped);

	return rc < 0 ? rc : link_number(ifname, "statistics/rx_dropped", &counters->rx_dropped);
}

unsigned link_rx_queues(const char *ifname)
{
	struct dirent *entry;
	char path[128];
	unsigned n = 0;
	DIR *d;

	if (!link_exists(ifname))
		return 0;
	snprintf(path, sizeof(path), "/sys/class/net/%s/queues", ifname);
	d = opendir(path);
	if (d == NULL)
		return 0;
	while ((entry = readdir(d)) != NULL)
		n += strncmp(entry->d_name, "rx-", 3) == 0;
	closedir(d);
	return n;
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

	buf[0] = '\0';
	for (const struct if_nameindex *at = list; at != NULL && at->if_index != 0; at++) {
		n += (size_t)snprintf(buf + n, len - n, "%s%s", n > 0 ? ", " : "", at->if_name);
		if (n >= len)
			break;
	}
	if_freenameindex(list);
}
