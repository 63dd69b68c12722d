/* SPDX-License-Identifier: BSD-3-Clause */

#include "scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "linkinfo.h"
#include "log.h"
#include "neigh.h"

enum { LINK_ADDRS = 64 };

/* Where nothing leaves the process: from TEST-NET-1 (RFC 5737) on, and a locally administered
 * gateway. */
static const uint32_t simulated_source = 0xc0000201; /* 192.0.2.1 */
static const uint8_t simulated_gateway[6] = {0x02, 0, 0, 0, 0, 1};

/* --- before the devices are open: source addresses --- */

/* The Linux interface below the device, NULL if there is none. */
static const char *uplink_ifname(const struct uplink *u)
{
	return u->spec.driver->limits & IO_KERNEL ? u->spec.arg : NULL;
}

static int sources_from_device(struct uplink *u, unsigned i, struct err *err)
{
	const char *ifname = uplink_ifname(u);

	u->sources = malloc(sizeof(*u->sources));
	if (u->sources == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	u->n_sources = 1;
	if (u->spec.driver->limits & IO_SIMULATED) {
		u->sources[0] = simulated_source + i;
		return 0;
	}
	if (ifname == NULL)
		return err_set(err, EXIT_USAGE,
			       "--device %s has no address of its own: name one with --source-ip",
			       u->name);
	if (link_addrs(ifname, u->sources, 1) < 1)
		return err_set(
			err, EXIT_DEVICE,
			"%s has no IPv4 address: give it one (ip address add ... dev %s), or "
			"name one with --source-ip",
			ifname, ifname);
	return 0;
}

static int compare_addr(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int uplink_sources(struct scan *scan, unsigned i, struct err *err)
{
	struct uplink *u = &scan->uplink[i];
	int rc = job_source_addrs(scan->job, u->name, &u->sources, &u->n_sources, err);

	if (rc == 0 && u->n_sources == 0)
		return sources_from_device(u, i, err);
	if (rc == 0) /* receiving looks them up */
		qsort(u->sources, u->n_sources, sizeof(*u->sources), compare_addr);
	return rc;
}

/* Nobody else answers, or hears, what does not leave the process. */
int scan_link_claim(struct scan *scan, struct err *err)
{
	const struct job *job = scan->job;
	int rc = 0;

	for (unsigned i = 0; i < scan->n_uplinks && rc == 0; i++) {
		const struct uplink *u = &scan->uplink[i];

		if (!job->dry_run && !(u->spec.driver->limits & IO_SIMULATED))
			rc = source_claim_take(&scan->claim[i], u->sources, u->n_sources,
					       job->source_ports.first, job->source_ports.last,
					       err);
	}
	return rc;
}

/* An answer tells by its address which device has asked. */
static int check_apart(const struct scan *scan, struct err *err)
{
	for (uint32_t i = 1; i < scan->n_sources; i++) {
		char text[ADDR4_TEXT];

		if (scan->sources[i] != scan->sources[i - 1])
			continue;
		addr4_format(text, scan->sources[i]);
		return err_set(err, EXIT_USAGE,
			       "%s is the address of two devices: give each its own with "
			       "--source-ip DEVICE=LIST",
			       text);
	}
	return 0;
}

/* All of them in one table: an answer may come in by any device. */
static int join_sources(struct scan *scan, struct err *err)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < scan->n_uplinks; i++)
		n += scan->uplink[i].n_sources;
	scan->sources = calloc(n + 1, sizeof(*scan->sources));
	if (scan->sources == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	for (unsigned i = 0; i < scan->n_uplinks; i++) {
		const struct uplink *u = &scan->uplink[i];

		memcpy(scan->sources + scan->n_sources, u->sources,
		       u->n_sources * sizeof(*u->sources));
		scan->n_sources += u->n_sources;
	}
	qsort(scan->sources, scan->n_sources, sizeof(*scan->sources), compare_addr);
	return 0;
}

int scan_link_sources(struct scan *scan, struct err *err)
{
	int rc = 0;

	for (unsigned i = 0; i < scan->n_uplinks && rc == 0; i++)
		rc = uplink_sources(scan, i, err);
	if (rc == 0)
		rc = join_sources(scan, err);
	return rc == 0 ? check_apart(scan, err) : rc;
}

/* --- once they are open: hardware addresses, and who answers what --- */

/* For which addresses the kernel answers (ARP requests, SYN-ACKs): its own, where it sees what we
 * receive. For all others it is up to us. */
static int find_kernel_addrs(struct uplink *u, struct err *err)
{
	if (!(u->dev.limits & IO_KERNEL_ANSWERS))
		return 0;
	u->kernel_addrs = calloc(LINK_ADDRS, sizeof(*u->kernel_addrs));
	if (u->kernel_addrs == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	u->n_kernel_addrs = (unsigned)link_addrs(uplink_ifname(u), u->kernel_addrs, LINK_ADDRS);
	return 0;
}

static bool kernel_owns(const struct scan *scan, uint32_t addr)
{
	for (unsigned k = 0; k < scan->n_uplinks; k++) {
		const struct uplink *u = &scan->uplink[k];

		for (unsigned i = 0; i < u->n_kernel_addrs; i++)
			if (u->kernel_addrs[i] == addr)
				return true;
	}
	return false;
}

/*
 * Who closes the connections that SYN-ACKs opened? The kernel does (with RST, RFC 9293 3.10.7.1)
 * when it sees them and all source addresses are its own; else it is up to us.
 */
static bool kernel_sends_rst(const struct scan *scan, const struct uplink *u)
{
	if (!(u->dev.limits & IO_KERNEL_ANSWERS))
		return false;
	for (uint32_t s = 0; s < scan->n_sources; s++)
		if (!kernel_owns(scan, scan->sources[s]))
			return false;
	return true;
}

static bool decide_rst(const struct scan *scan, const struct uplink *u)
{
	bool kernel = kernel_sends_rst(scan, u);

	switch (scan->job->rst) {
	case RST_ALWAYS:
		return true;
	case RST_NEVER:
		if (kernel)
			LOG(WARN,
			    "--rst never: the kernel will still close what SYN-ACKs open on %s, "
			    "for it owns the source address (name another one with --source-ip)",
			    u->spec.arg);
		return false;
	case RST_AUTO:
		break;
	}
	return !kernel;
}

static int gateway_ip(const struct scan *scan, const struct uplink *u, uint32_t *gateway,
		      struct err *err)
{
	const char *given = job_gateway_ip(scan->job, u->name), *ifname = uplink_ifname(u);

	if (given != NULL) {
		if (addr4_parse(given, strlen(given), gateway) == 0)
			return 0;
		return err_set(err, EXIT_USAGE, "--gateway-ip: \"%s\" is not an IPv4 address",
			       given);
	}
	if (ifname != NULL && link_gateway(ifname, gateway) == 0)
		return 0;
	return err_set(
		err, EXIT_DEVICE,
		"no route leads out of %s: name the next hop with --gateway-ip or --gateway-mac",
		u->name);
}

static int gateway_mac(struct scan *scan, struct uplink *u, struct err *err)
{
	const struct mac given = job_gateway_mac(scan->job, u->name);
	const char *ifname = uplink_ifname(u);
	struct neigh *neigh = &u->neigh;
	uint8_t *mac = neigh->link.dst_mac;
	uint32_t gateway = 0;
	int rc;

	if (given.given) {
		memcpy(mac, given.byte, 6);
		return 0;
	}
	if (job_gateway_ip(scan->job, u->name) == NULL && (u->dev.limits & IO_SIMULATED)) {
		memcpy(mac, simulated_gateway, 6);
		return 0;
	}
	rc = gateway_ip(scan, u, &gateway, err);
	if (rc < 0)
		return rc;
	if (ifname != NULL && link_neighbour(ifname, gateway, mac) == 0)
		return 0;
	neigh->gateway = gateway;
	return neigh_ask(neigh, &u->dev, scan_stop_asked, err);
}

static int uplink_open(struct scan *scan, struct uplink *u, struct err *err)
{
	const struct mac mac = job_source_mac(scan->job, u->name);
	struct pkt_link *link = &u->link;
	int rc = 0;

	memcpy(link->src_mac, mac.given ? mac.byte : u->dev.mac, 6);
	link->vlan = job_vlan(scan->job, u->name);
	link->tagged = link->vlan != 0;
	if (!(u->dev.limits & (IO_KERNEL | IO_SIMULATED)))
		io_listen(&u->dev, link->src_mac);
	u->send_rst = decide_rst(scan, u);
	u->neigh = (struct neigh){
		.link = *link,
		.own = u->sources,
		.n_own = u->n_sources,
	};
	if (!scan->job->dry_run) /* else nothing is sent: nobody is asked either */
		rc = gateway_mac(scan, u, err);
	if (rc < 0)
		return rc;
	*link = u->neigh.link;
	u->neigh.mac = neigh_mac_number(link->dst_mac);
	if (!scan->job->dry_run && !(u->dev.limits & IO_SIMULATED))
		neigh_announce(&u->neigh, &u->dev, scan->rate, u->kernel_addrs, u->n_kernel_addrs);
	return 0;
}

int scan_link_open(struct scan *scan, struct err *err)
{
	int rc = 0;

	for (unsigned i = 0; i < scan->n_uplinks && rc == 0; i++)
		rc = find_kernel_addrs(&scan->uplink[i], err);
	for (unsigned i = 0; i < scan->n_uplinks && rc == 0; i++)
		rc = uplink_open(scan, &scan->uplink[i], err);
	return rc;
}
