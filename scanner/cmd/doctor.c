/* SPDX-License-Identifier: BSD-3-Clause */

#include "doctor.h"

#include <arpa/inet.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <rte_cpuflags.h>
#include <rte_version.h>

#include "addr.h"
#include "hugepages.h"
#include "linkinfo.h"
#include "worker.h"

/*
 * peal doctor [DEVICE]: what a scan needs of this machine, one line each: "ok", "warn" or "FAIL",
 * what was looked at, and for what is wrong the one command that mends it.
 */

static void __attribute__((format(printf, 4, 0)))
say_line(struct doctor *d, enum verdict verdict, const char *what, const char *fmt, va_list ap)
{
	static const char *const words[] = {"ok", "warn", "FAIL"};

	printf("%-4s  %-11s ", words[verdict], what);
	vprintf(fmt, ap);
	printf("\n");
	d->warnings += verdict == WARN;
	d->failures += verdict == FAIL;
}

void doctor_say(struct doctor *d, enum verdict verdict, const char *what, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_line(d, verdict, what, fmt, ap);
	va_end(ap);
}

void doctor_fail(struct doctor *d, enum exit_code code, const char *what, const char *fmt, ...)
{
	va_list ap;

	if (d->failures == 0)
		d->first = code;
	va_start(ap, fmt);
	say_line(d, FAIL, what, fmt, ap);
	va_end(ap);
}

/* --- the machine --- */

static void check_processors(struct doctor *d)
{
	cpu_set_t set;
	int n;

	CPU_ZERO(&set);
	n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
	if (n > 1)
		doctor_say(d, OK, "processors", "%d for peal to run on", n);
	else
		doctor_say(d, WARN, "processors",
			   "just one: sending, receiving and writing share it; give more with "
			   "taskset or "
			   "the container's limits");
#ifdef RTE_ARCH_X86
	if (rte_cpu_get_flag_enabled(RTE_CPUFLAG_AES) == 1)
		doctor_say(d, OK, "aes", "in hardware");
	else
		doctor_say(d, WARN, "aes", "not in hardware: cookies, and top speed, are slower");
	doctor_say(d, OK, "vectors", "%s",
		   rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512F) == 1 ? "AVX-512"
		   : rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX2) == 1  ? "AVX2"
								      : "SSE");
#endif
}

static void check_hugepages(struct doctor *d)
{
	unsigned long long mb = hugepages_free_mb(-1);

	if (mb >= 512)
		doctor_say(d, OK, "hugepages", "%llu MiB free", mb);
	else
		doctor_say(d, OK, "hugepages",
			   "%llu MiB free: not needed, but faster with 512: sudo sysctl "
			   "vm.nr_hugepages=256",
			   mb);
}

static void check_memlock(struct doctor *d)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY ||
	    limit.rlim_cur >= 128ULL << 20 || geteuid() == 0)
		doctor_say(d, OK, "memlock", "enough memory may be locked");
	else
		doctor_say(d, WARN, "memlock",
			   "only %llu KiB may be locked, so receive rings stay small: ulimit -l "
			   "131072 "
			   "(as "
			   "root, or in limits.conf)",
			   (unsigned long long)limit.rlim_cur / 1024);
}

/* --- a Linux interface --- */

static void addr_text(char text[INET_ADDRSTRLEN], uint32_t addr)
{
	struct in_addr in = {.s_addr = htonl(addr)};

	inet_ntop(AF_INET, &in, text, INET_ADDRSTRLEN);
}

static void check_link(struct doctor *d, const char *ifname)
{
	unsigned mtu = 0;

	link_mtu(ifname, &mtu);
	doctor_say(d, OK, "link", "%s is up, MTU %u, %u receive queue%s", ifname, mtu,
		   link_rx_queues(ifname), link_rx_queues(ifname) == 1 ? "" : "s");
	if (mtu < 576)
		doctor_say(d, WARN, "mtu",
			   "ICMP errors can be longer: sudo ip link set %s mtu 1500", ifname);
}

/* For addresses that are not the interface's own, nobody but peal answers ARP. */
static void check_source(struct doctor *d, const char *ifname)
{
	char text[INET_ADDRSTRLEN];

	if (d->n_sources == 0) {
		doctor_fail(
			d, EXIT_DEVICE, "source",
			"%s has no IPv4 address: sudo ip addr add A.B.C.D/LEN dev %s, or name one "
			"with --source-ip",
			ifname, ifname);
		return;
	}
	addr_text(text, d->sources[0]);
	if (link_owns(ifname, d->sources, d->n_sources))
		doctor_say(d, OK, "source", "%s%s", text, d->n_sources > 1 ? " and others" : "");
	else
		doctor_say(d, OK, "source",
			   "%s%s, not all %s's own: peal answers ARP for them while it runs", text,
			   d->n_sources > 1 ? " and others" : "", ifname);
}

/* The next hop, when its hardware address must be found. */
static int find_gateway(const struct doctor *d, const char *ifname, uint32_t *gateway)
{
	const char *given = job_gateway_ip(d->job, NULL);

	return given != NULL ? addr4_parse(given, strlen(given), gateway)
			     : link_gateway(ifname, gateway);
}

static void check_gateway(struct doctor *d, const char *ifname)
{
	char text[INET_ADDRSTRLEN];
	uint32_t gateway;
	uint8_t mac[6];

	if (job_gateway_mac(d->job, NULL).given) {
		doctor_say(d, OK, "gateway", "its hardware address is given with --gateway-mac");
		return;
	}
	if (find_gateway(d, ifname, &gateway) < 0) {
		doctor_say(d, WARN, "gateway",
			   "no default route through %s: sudo ip route add default via A.B.C.D dev "
			   "%s, or name it with --gateway-ip or --gateway-mac",
			   ifname, ifname);
		return;
	}
	addr_text(text, gateway);
	if (link_neighbour(ifname, gateway, mac) == 0)
		doctor_say(d, OK, "gateway", "%s is at %02x:%02x:%02x:%02x:%02x:%02x", text, mac[0],
			   mac[1], mac[2], mac[3], mac[4], mac[5]);
	else
		doctor_say(d, OK, "gateway", "%s, not in the kernel's table yet: peal asks by ARP",
			   text);
}

/* Our source ports must not be those of connections that this machine makes itself. */
static void check_ports(struct doctor *d)
{
	unsigned first = d->job->source_ports.first, last = d->job->source_ports.last;
	unsigned local_first = 0, local_last = 0;
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");

	if (f != NULL) {
		if (fscanf(f, "%u %u", &local_first, &local_last) != 2)
			local_first = local_last = 0;
		fclose(f);
	}
	if (local_last == 0 || last < local_first || first > local_last)
		doctor_say(d, OK, "ports", "%u-%u are not used by this machine's own connections",
			   first, last);
	else
		doctor_say(
			d, OK, "ports",
			"%u-%u; this machine's own connections use some of them, and cookies tell "
			"their "
			"answers apart",
			first, last);
}

static void check_kernel(struct doctor *d, const struct io_spec *spec, const char *ifname)
{
	uint32_t gateway;

	if ((spec->driver->limits & IO_KERNEL_ANSWERS) != 0 &&
	    !link_owns(ifname, d->sources, d->n_sources))
		doctor_say(d, OK, "kernel",
			   "sends no RST for addresses that it does not own: peal does, within the "
			   "rate");
	else if ((spec->driver->limits & IO_KERNEL_ANSWERS) != 0)
		doctor_say(d, OK, "kernel",
			   "answers each SYN-ACK with RST: fine, it closes what the probe opened");
	else if (link_gateway(ifname, &gateway) == 0)
		doctor_say(d, WARN, "kernel",
			   "gets nothing from %s while peal runs, so connections over it stall "
			   "(ssh too): "
			   "af_packet:%s shares",
			   ifname, ifname);
	else
		doctor_say(d, OK, "kernel", "gets nothing from %s while peal runs", ifname);
}

/* As many queues as a scan would have. */
static void check_queues(struct doctor *d, const struct io_spec *spec)
{
	const struct roles_conf one = {.of_use = 1, .near = ""};
	struct roles roles;
	struct io_conf conf = {0};
	struct err err;

	if (roles_init(&roles, &one, &err) < 0) {
		doctor_fail(d, err.code, "cores", "%s", err.text);
		return;
	}
	conf.tx_queues = roles.n_tx;
	conf.rx_queues = roles.n_rx;
	if (io_check_conf(spec, &conf, &err) < 0)
		doctor_fail(d, err.code, "queues", "%s", err.text);
	else
		doctor_say(d, OK, "queues",
			   "%u to send, %u to receive; more with -T and --rx-cores", roles.n_tx,
			   roles.n_rx);
}

static void check_cores(struct doctor *d, const char *ifname)
{
	struct pci_info info;
	char address[40];

	if (link_pci(ifname, address, sizeof(address)) == 0 && pci_info(address, &info) == 0)
		doctor_cores(d, &info);
}

static void check_interface(struct doctor *d, const struct io_spec *spec)
{
	const char *ifname = spec->arg;

	doctor_say(d, OK, "privileges", "enough for %s", spec->driver->name);
	check_link(d, ifname);
	check_queues(d, spec);
	check_cores(d, ifname);
	check_source(d, ifname);
	check_gateway(d, ifname);
	check_ports(d);
	check_kernel(d, spec, ifname);
	check_memlock(d);
}

/* --- */

static int find_sources(struct doctor *d, const struct io_spec *spec, struct err *err)
{
	int rc = job_source_addrs(d->job, NULL, &d->sources, &d->n_sources, err);

	if (rc < 0 || d->n_sources > 0 || (spec->driver->limits & IO_KERNEL) == 0)
		return rc;
	d->sources = malloc(sizeof(*d->sources));
	if (d->sources == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	d->n_sources = (uint32_t)link_addrs(spec->arg, d->sources, 1);
	return 0;
}

static bool is_card(const struct job *job)
{
	struct io_spec spec;
	struct err err;

	return job->device != NULL && io_spec_parse(job->device, &spec, &err) == 0 &&
	       (spec.driver->limits & IO_PCI) != 0;
}

static void check_device(struct doctor *d, const char *text)
{
	struct io_spec spec;
	struct err err;

	if (io_spec_parse(text, &spec, &err) == 0 && (spec.driver->limits & IO_PCI) != 0) {
		doctor_pci(d, &spec);
		return;
	}
	if (io_spec_parse(text, &spec, &err) < 0 || io_check(&spec, &err) < 0 ||
	    find_sources(d, &spec, &err) < 0) {
		doctor_fail(d, err.code, "device", "%s", err.text);
		return;
	}
	doctor_say(d, OK, "device", "%s, by %s", text, spec.driver->name);
	if ((spec.driver->limits & IO_KERNEL) != 0)
		check_interface(d, &spec);
	else if ((spec.driver->limits & IO_SIMULATED) != 0)
		doctor_say(d, OK, "privileges", "none needed: nothing leaves this process");
	else if (d->n_sources == 0)
		doctor_fail(d, EXIT_USAGE, "source",
			    "%s has no address of its own: name one with --source-ip", text);
}

static int doctor_run(struct job *job, enum exit_code *code, struct err *err)
{
	struct doctor d = {.first = EXIT_COMPLETE, .job = job};
	char list[256];

	(void)err;
	doctor_say(&d, OK, "peal", "%s on %s", PEAL_VERSION, rte_version());
	check_processors(&d);
	if (!is_card(job)) /* which has ideas of its own */
		check_hugepages(&d);
	if (job->device != NULL) {
		check_device(&d, job->device);
	} else {
		link_list(list, sizeof(list));
		doctor_say(&d, OK, "device",
			   "none named; interfaces: %s; try peal doctor af_packet:IF", list);
	}
	if (d.failures > 0)
		printf("%u to mend, %u to know about\n", d.failures, d.warnings);
	else if (d.warnings > 0)
		printf("ready, %u to know about\n", d.warnings);
	else
		printf("ready\n");
	free(d.sources);
	*code = d.first;
	return 0;
}

const struct cmd cmd_doctor = {
	.name = "doctor",
	.help = "check the machine and the device, and say how to mend what is wrong",
	.options = CMD_DOCTOR,
	.run = doctor_run,
};
