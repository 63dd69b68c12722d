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

/* Where nothing leaves the process: TEST-NET-1 (RFC 5737) and a locally administered gateway. */
static const uint32_t simulated_source = 0xc0000201; /* 192.0.2.1 */
static const uint8_t simulated_gateway[6] = {0x02, 0, 0, 0, 0, 1};

/* The Linux interface below the device, NULL if there is none. */
static const char *scan_ifname(const struct scan *scan)
{
	return scan->spec.driver->limits & IO_KERNEL ? scan->spec.arg : NULL;
}

static int sources_from_device(struct scan *scan, struct err *err)
{
	const char *ifname = scan_ifname(scan);

	scan->sources = malloc(sizeof(*scan->sources));
	if (scan->sources == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	scan->n_sources = 1;
	if (scan->spec.driver->limits & IO_SIMULATED) {
		scan->sources[0] = simulated_source;
		return 0;
	}
	if (ifname == NULL)
		return err_set(err, EXIT_USAGE,
			       "--device %s has no address of its own: name one with --source-ip",
			       scan->job->device);
	if (link_addrs(ifname, scan->sources, 1) < 1)
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

int scan_link_sources(struct scan *scan, struct err *err)
{
	int rc;

	if (scan->job->source_ips.n == 0)
		return sources_from_device(scan, err);
	rc = job_source_addrs(scan->job, &scan->sources, &scan->n_sources, err);
	if (rc == 0) /* receiving looks them up */
		qsort(scan->sources, scan->n_sources, sizeof(*scan->sources), compare_addr);
	return rc;
}

/* Nobody else answers, or hears, what does not leave the process. */
int scan_link_claim(struct scan *scan, struct err *err)
{
	const struct job *job = scan->job;

	if (job->dry_run || (scan->spec.driver->limits & IO_SIMULATED))
		return 0;
	return source_claim_take(&scan->claim, scan->sources, scan->n_sources,
				 job->source_ports.first, job->source_ports.last, err);
}

/* For which addresses the kernel answers (ARP requests, SYN-ACKs): its own, where it sees what we
 * receive. For all others it is up to us. */
static int find_kernel_addrs(struct scan *scan, struct err *err)
{
	if (!(scan->dev.limits & IO_KERNEL_ANSWERS))
		return 0;
	scan->kernel_addrs = calloc(LINK_ADDRS, sizeof(*scan->kernel_addrs));
	if (scan->kernel_addrs == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	scan->n_kernel_addrs =
		(unsigned)link_addrs(scan_ifname(scan), scan->kernel_addrs, LINK_ADDRS);
	return 0;
}

static bool kernel_owns(const struct scan *scan, uint32_t addr)
{
	for (unsigned i = 0; i < scan->n_kernel_addrs; i++)
		if (scan->kernel_addrs[i] == addr)
			return true;
	return false;
}

/*
 * Who closes the connections that SYN-ACKs opened? The kernel does (with RST, RFC 9293 3.10.7.1)
 * when all source addresses are its own; else it is up to us.
 */
static bool kernel_sends_rst(const struct scan *scan)
{
	for (uint32_t s = 0; s < scan->n_sources; s++)
		if (!kernel_owns(scan, scan->sources[s]))
			return false;
	return true;
}

static bool decide_rst(const struct scan *scan, bool kernel)
{
	switch (scan->job->rst) {
	case RST_ALWAYS:
		return true;
	case RST_NEVER:
		if (kernel)
			LOG(WARN,
			    "--rst never: the kernel will still close what SYN-ACKs open on %s, "
			    "for it owns the source address (name another one with --source-ip)",
			    scan->spec.arg);
		return false;
	case RST_AUTO:
		break;
	}
	return !kernel;
}

static int gateway_ip(const struct scan *scan, uint32_t *gateway, struct err *err)
{
	const char *given = scan->job->gateway_ip, *ifname = scan_ifname(scan);

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
		scan->job->device);
}

static int gateway_mac(struct scan *scan, struct err *err)
{
	const char *ifname = scan_ifname(scan);
	struct neigh *neigh = &scan->neigh;
	uint8_t *mac = neigh->link.dst_mac;
	uint32_t gateway = 0;
	int rc;

	if (scan->job->gateway_mac.given) {
		memcpy(mac, scan->job->gateway_mac.byte, 6);
		return 0;
	}
	if (scan->job->gateway_ip == NULL && (scan->dev.limits & IO_SIMULATED)) {
		memcpy(mac, simulated_gateway, 6);
		return 0;
	}
	rc = gateway_ip(scan, &gateway, err);
	if (rc < 0)
		return rc;
	if (ifname != NULL && link_neighbour(ifname, gateway, mac) == 0)
		return 0;
	neigh->gateway = gateway;
	return neigh_ask(neigh, &scan->dev, scan_stop_asked, err);
}

int scan_link_open(struct scan *scan, struct err *err)
{
	struct pkt_link *link = &scan->link;
	int rc = find_kernel_addrs(scan, err);
	bool kernel;

	if (rc < 0)
		return rc;
	kernel = kernel_sends_rst(scan);
	memcpy(link->src_mac,
	       scan->job->source_mac.given ? scan->job->source_mac.byte : scan->dev.mac, 6);
	link->tagged = scan->job->vlan != 0;
	link->vlan = (uint16_t)scan->job->vlan;
	if (!(scan->dev.limits & (IO_KERNEL | IO_SIMULATED)))
		io_listen(&scan->dev, link->src_mac);
	scan->send_rst = decide_rst(scan, kernel);
	scan->neigh = (struct neigh){
		.link = *link,
		.own = scan->sources,
		.n_own = scan->n_sources,
	};
	if (!scan->job->dry_run) /* else nothing is sent: nobody is asked either */
		rc = gateway_mac(scan, err);
	if (rc < 0)
		return rc;
	*link = scan->neigh.link;
	scan->neigh.mac = neigh_mac_number(link->dst_mac);
	if (!scan->job->dry_run && !(scan->dev.limits & IO_SIMULATED))
		neigh_announce(&scan->neigh, &scan->dev, scan->rate, scan->kernel_addrs,
			       scan->n_kernel_addrs);
	return 0;
}
