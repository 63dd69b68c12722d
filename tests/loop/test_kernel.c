/* SPDX-License-Identifier: BSD-3-Clause */

#include "loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "cmd.h"
#include "linkinfo.h"

/*
 * Linux interfaces, in a network namespace of the test's own: a veth pair, and at its other end a
 * namespace where Linux answers for a whole prefix. Needs root.
 */

enum { ADDRS = 1 << 16, BURST = 64, SETUP_MAX = 1024 };

/* DPDK 22.11's af_xdp never frees its umem: its leak is not ours. Read by LeakSanitizer alone. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:xsk_umem__create\n";
}

static const uint32_t target = 0xc6130000; /* 198.19.0.0/16 */
static const uint32_t local = 0xc6120001, gateway = 0xc6120002;
static char peer[32];

/* Runs a line of words in our namespace; the exit status. */
static int run(const char *line)
{
	extern char **environ;
	char text[SETUP_MAX], *argv[32], *save = NULL;
	unsigned n = 0;
	int status;
	pid_t pid;

	snprintf(text, sizeof(text), "%s", line);
	for (char *word = strtok_r(text, " ", &save); word != NULL && n < 31;
	     word = strtok_r(NULL, " ", &save))
		argv[n++] = word;
	argv[n] = NULL;
	if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) != 0 ||
	    waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int __attribute__((format(printf, 1, 2))) runf(const char *fmt, ...)
{
	char line[SETUP_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	return run(line);
}

static bool namespaces_make(void)
{
	snprintf(peer, sizeof(peer), "peal-test-%d", getpid());
	if (unshare(CLONE_NEWNET) < 0 || runf("ip netns add %s", peer) != 0)
		return false;
	/* the kernel would announce itself at v0, now and then */
	return run("sysctl -qw net.ipv6.conf.default.disable_ipv6=1") == 0 &&
	       run("ip link set lo up") == 0 &&
	       runf("ip link add v0 type veth peer name v1 netns %s", peer) == 0 &&
	       run("ip addr add 198.18.0.1/24 dev v0") == 0 && run("ip link set v0 up") == 0 &&
	       runf("ip -n %s addr add 198.18.0.2/24 dev v1", peer) == 0 &&
	       runf("ip -n %s link set v1 up", peer) == 0 &&
	       runf("ip -n %s link set lo up", peer) == 0 &&
	       runf("ip -n %s route add local 198.19.0.0/16 dev lo", peer) == 0 &&
	       run("ip route add default via 198.18.0.2") == 0;
}

static bool wait_up(const char *ifname)
{
	for (unsigned i = 0; i < 300 && !link_is_up(ifname); i++)
		usleep(10 * 1000);
	return link_is_up(ifname);
}

/* The peer's address, from the kernel's own table. */
static void peer_mac(uint8_t mac[6])
{
	run("ip neigh flush dev v0");
	for (unsigned i = 0; i < 100 && link_neighbour("v0", gateway, mac) < 0; i++) {
		int fd = socket(AF_INET, SOCK_DGRAM, 0);
		struct {
			uint16_t family, port;
			uint32_t addr, zero[2];
		} to = {AF_INET, htons(9), htonl(gateway), {0}};

		sendto(fd, "", 0, MSG_DONTWAIT, (const struct sockaddr *)&to, sizeof(to));
		close(fd);
		usleep(20 * 1000);
	}
	assert_int_equal(link_neighbour("v0", gateway, mac), 0);
}

static unsigned receive(struct loop *loop, uint8_t *seen)
{
	struct rte_mbuf *mbuf[64];
	unsigned n = rte_eth_rx_burst(loop->dev.port_id, 0, mbuf, 64), fresh = 0;

	for (unsigned i = 0; i < n; i++) {
		const uint8_t *p = rte_pktmbuf_mtod(mbuf[i], const uint8_t *);
		uint32_t at = mbuf[i]->data_len >= 54 ? get_be32(p + 26) - target : ADDRS;

		/* RST and ACK of our sequence number */
		if (at < ADDRS && get_be16(p + 12) == 0x0800 && (p[47] & 20) == 20 &&
		    get_be32(p + 42) == at + 1)
			fresh += seen[at]++ == 0;
	}
	rte_pktmbuf_free_bulk(mbuf, n);
	return fresh;
}

/* SYNs to BURST addresses from the i-th on; one of them has bytes behind its end. */
static void send_burst(struct loop *loop, struct loop_probe *probe, unsigned i)
{
	unsigned queue = i / BURST % loop->dev.tx_queues, sent = 0;
	struct rte_mbuf *mbuf[BURST];

	assert_int_equal(rte_pktmbuf_alloc_bulk(loop->pool, mbuf, BURST), 0);
	for (unsigned k = 0; k < BURST; k++) {
		probe->dst = target + i + k;
		probe->seq = i + k;
		loop_write(loop_room(mbuf[k], LOOP_PROBE_LEN + (k == 33 ? 2 : 0)), probe);
	}
	while (sent < BURST)
		sent += io_send(&loop->dev, queue, mbuf + sent, BURST - sent);
}

/* What a cable drops whose far end is down is not taken for refused, and is counted. */
static void volleys_into_the_dark(struct loop *loop, struct loop_probe *probe)
{
	struct io_stats before, after;

	io_stats(&loop->dev, &before);
	assert_int_equal(runf("ip -n %s link set v1 down", peer), 0);
	for (unsigned i = 0; i < 20; i++) { /* at once, and when the kernel has dealt with it */
		loop_send(loop, probe);
		usleep(10 * 1000);
	}
	io_stats(&loop->dev, &after);
	assert_int_equal(after.opackets - before.opackets, 20);
	assert_int_equal(after.oerrors - before.oerrors, 20);
	assert_int_equal(runf("ip -n %s link set v1 up", peer), 0);
	assert_true(wait_up("v0"));
}

/* A SYN to each of 65,536 addresses as fast as it goes: Linux refuses each, and none is lost. */
static void every_answer_arrives(const char *spec, unsigned queues)
{
	struct loop_probe probe = {.src = local, .sport = 40000, .dport = 81, .flags = 2};
	uint8_t *seen = calloc(ADDRS, 1);
	struct io_stats stats;
	unsigned found = 0;
	struct loop loop;
	uint64_t end;

	peer_mac(probe.dst_mac); /* first: af_xdp takes the kernel's frames away */
	loop_open_queues(&loop, spec, queues);
	memcpy(probe.src_mac, loop.dev.mac, 6);
	for (unsigned i = 0; i < ADDRS; i += BURST) {
		send_burst(&loop, &probe, i);
		found += receive(&loop, seen);
		found += receive(&loop, seen);
	}
	end = rte_rdtsc() + 3 * rte_get_tsc_hz();
	while (found < ADDRS && rte_rdtsc() < end)
		found += receive(&loop, seen);
	io_stats(&loop.dev, &stats);
	assert_int_equal(found, ADDRS);
	assert_int_equal(stats.opackets, ADDRS);
	assert_true(stats.ipackets >= ADDRS);
	assert_int_equal(stats.imissed + stats.nombuf + stats.ierrors + stats.oerrors, 0);
	assert_true(stats.link_up);
	free(seen);
	if (loop.dev.volley[0] != NULL)
		volleys_into_the_dark(&loop, &probe);
	loop_close(&loop);
}

static void af_packet_loses_nothing(void **state)
{
	if (*state != NULL)
		TEST_SKIP("needs root that may make network namespaces");
	every_answer_arrives("af_packet:v0", 1);
}

static void af_xdp_loses_nothing(void **state)
{
	uint8_t mac[6];

	if (*state != NULL)
		TEST_SKIP("needs root that may make network namespaces");
	every_answer_arrives("af_xdp:v0", 2); /* of which the interface has one */
	/* and gives the interface back: the kernel hears its peer again */
	peer_mac(mac);
}

/* What the rings could not take is counted: the PMD itself does not. */
static void drops_are_counted(void **state)
{
	struct loop_probe probe = {.src = local, .sport = 40000, .dport = 81, .flags = 2};
	uint8_t *seen = calloc(ADDRS, 1);
	unsigned found = 0, fresh;
	struct io_stats stats;
	struct loop loop;

	if (*state != NULL)
		TEST_SKIP("needs root that may make network namespaces");
	peer_mac(probe.dst_mac);
	loop_open(&loop, "af_packet:v0");
	memcpy(probe.src_mac, loop.dev.mac, 6);
	for (unsigned i = 0; i < ADDRS; i++) { /* nobody reads */
		probe.dst = target + i;
		probe.seq = i;
		loop_send(&loop, &probe);
	}
	usleep(300 * 1000);
	while ((fresh = receive(&loop, seen)) > 0)
		found += fresh;
	io_stats(&loop.dev, &stats);
	assert_true(found >= loop.dev.rx_depth - 64 && found < ADDRS);
	assert_in_range(stats.imissed, ADDRS - found - 64, ADDRS - found + 64);
	free(seen);
	loop_close(&loop);
}

static void link_down_shows(void **state)
{
	struct io_stats stats;
	struct loop loop;

	if (*state != NULL)
		TEST_SKIP("needs root that may make network namespaces");
	loop_open(&loop, "af_packet:v0");
	assert_int_equal(runf("ip -n %s link set v1 down", peer), 0);
	for (unsigned i = 0; i < 200; i++) {
		io_stats(&loop.dev, &stats);
		if (!stats.link_up)
			break;
		usleep(10 * 1000);
	}
	assert_false(stats.link_up);
	assert_int_equal(runf("ip -n %s link set v1 up", peer), 0);
	assert_true(wait_up("v0"));
	io_stats(&loop.dev, &stats);
	assert_true(stats.link_up);
	loop_close(&loop);
}

static void link_facts(void **state)
{
	unsigned mtu = 0;
	uint32_t addr[4], via = 0;
	char list[64];

	if (*state != NULL)
		TEST_SKIP("needs root that may make network namespaces");
	assert_true(link_exists("v0") && !link_exists("v1") && !link_exists("") &&
		    !link_exists("v"));
	assert_int_equal(link_addrs("v0", addr, 4), 1);
	assert_int_equal(addr[0], local);
	assert_int_equal(link_mtu("v0", &mtu), 0);
	assert_int_equal(mtu, 1500);
	assert_int_equal(link_rx_queues("v0"), 1);
	assert_int_equal(link_gateway("v0", &via), 0);
	assert_int_equal(via, gateway);
	assert_int_equal(link_gateway("lo", &via), -ENOENT);
	link_list(list, sizeof(list));
	assert_string_equal(list, "lo, v0");

	/* the lower metric wins; without a default route, one gateway that all routes share */
	assert_int_equal(run("ip route add default via 198.18.0.3 dev v0 metric 5"), 0);
	assert_int_equal(run("ip route del default via 198.18.0.2"), 0);
	assert_int_equal(run("ip route add default via 198.18.0.2 dev v0 metric 9"), 0);
	assert_int_equal(link_gateway("v0", &via), 0);
	assert_int_equal(via, gateway + 1);
	assert_int_equal(run("ip route del default via 198.18.0.3"), 0);
	assert_int_equal(run("ip route del default via 198.18.0.2"), 0);
	assert_int_equal(link_gateway("v0", &via), -ENOENT);
	assert_int_equal(run("ip route add 198.19.0.0/17 via 198.18.0.2"), 0);
	assert_int_equal(link_gateway("v0", &via), 0);
	assert_int_equal(via, gateway);
	assert_int_equal(run("ip route add 198.19.128.0/17 via 198.18.0.3"), 0);
	assert_int_equal(link_gateway("v0", &via), -ENOENT);
	assert_int_equal(run("ip route del 198.19.0.0/17"), 0);
	assert_int_equal(run("ip route del 198.19.128.0/17"), 0);
	assert_int_equal(run("ip route add default via 198.18.0.2"), 0);
}

static enum exit_code check(const char *text, struct err *err)
{
	struct io_spec spec;

	if (io_spec_parse(text, &spec, err) == 0 && io_check(&spec, err) == 0)
		return EXIT_COMPLETE;
	return err->code;
}

static void faults_name_their_remedy(void **state)
{
	struct err err;

	if (*state != NULL)
		TEST_SKIP("needs root that may make network namespaces");
	assert_int_equal(check("af_packet:v0", &err), EXIT_COMPLETE);
	assert_int_equal(check("v0", &err), EXIT_COMPLETE);
	assert_int_equal(check("af_xdp:v0", &err), EXIT_COMPLETE);
	assert_int_equal(run("ip link add d0 type veth peer name d1"), 0);
	assert_int_equal(check("af_packet:d0", &err), EXIT_DEVICE);
	assert_non_null(strstr(err.text, "sudo ip link set d0 up"));
	assert_int_equal(runf("ip -n %s link set v1 down", peer), 0);
	for (unsigned i = 0; i < 100 && link_is_up("v0"); i++)
		usleep(10 * 1000);
	assert_int_equal(check("af_packet:v0", &err), EXIT_DEVICE);
	assert_non_null(strstr(err.text, "has no link"));
	assert_int_equal(runf("ip -n %s link set v1 up", peer), 0);
	assert_true(wait_up("v0"));
	assert_int_equal(run("ip link del d0"), 0);
}

/* In a child: capabilities that are gone do not come back. */
static enum exit_code check_without(const char *text, unsigned capability, const char *says)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};
	enum exit_code code;
	struct err err;
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (syscall(SYS_capget, &header, data) < 0)
			_exit(1);
		data[CAP_TO_INDEX(capability)].effective &= ~CAP_TO_MASK(capability);
		if (syscall(SYS_capset, &header, data) < 0)
			_exit(2);
		code = check(text, &err);
		_exit(code != EXIT_COMPLETE && strstr(err.text, says) == NULL ? 3 : (int)code);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return (enum exit_code)WEXITSTATUS(status);
}

static void missing_privileges_are_named(void **state)
{
	if (*state != NULL)
		TEST_SKIP("needs root that may make network namespaces");
	assert_int_equal(check_without("af_packet:v0", CAP_NET_RAW,
				       "needs cap_net_raw: use sudo, or once: sudo setcap "
				       "cap_net_raw,cap_net_admin=ep"),
			 EXIT_PRIVILEGE);
	assert_int_equal(check_without("af_packet:v0", CAP_NET_ADMIN, "needs cap_net_admin:"),
			 EXIT_PRIVILEGE);
	assert_int_equal(check_without("af_xdp:v0", CAP_NET_ADMIN, "cap_net_admin"),
			 EXIT_PRIVILEGE);
	assert_int_equal(check_without("af_xdp:v0", CAP_SYS_ADMIN, "needs cap_sys_admin:"),
			 EXIT_PRIVILEGE);
	assert_int_equal(check_without("sim", CAP_NET_ADMIN, ""), EXIT_COMPLETE);
}

/* Its lines begin with "ok", which a reader of TAP would take for ours. */
static enum exit_code doctor(const char *device)
{
	struct job job = {.device = device, .source_ports = {32768, 61000}};
	int saved = dup(STDOUT_FILENO), nowhere = open("/dev/null", O_WRONLY);
	enum exit_code code = EXIT_USAGE;
	struct err err;

	fflush(stdout);
	dup2(nowhere, STDOUT_FILENO);
	assert_int_equal(cmd_doctor.run(&job, &code, &err), 0);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(nowhere);
	return code;
}

static void doctor_finds_faults(void **state)
{
	if (*state != NULL)
		TEST_SKIP("needs root that may make network namespaces");
	assert_int_equal(doctor("v0"), EXIT_COMPLETE);
	assert_int_equal(doctor("af_xdp:v0"), EXIT_COMPLETE);
	assert_int_equal(run("ip addr flush dev v0"), 0);
	assert_int_equal(doctor("v0"), EXIT_DEVICE);
	assert_int_equal(run("ip addr add 198.18.0.1/24 dev v0"), 0);
	assert_int_equal(run("ip link set v0 down"), 0);
	assert_int_equal(doctor("v0"), EXIT_DEVICE);
}

static int setup(void **state)
{
	struct eal_conf conf = {0};
	struct err err;

	*state = NULL;
	if (geteuid() != 0 || !namespaces_make() || !wait_up("v0")) {
		*state = "no namespaces: not root?";
		return 0;
	}
	if (eal_start(&conf, &err) == 0)
		return 0;
	fprintf(stderr, "%s\n", err.text);
	runf("ip netns del %s", peer);
	return -1;
}

static int teardown(void **state)
{
	(void)state;
	eal_stop();
	if (peer[0] != '\0')
		runf("ip netns del %s", peer);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(link_facts),
		cmocka_unit_test(faults_name_their_remedy),
		cmocka_unit_test(missing_privileges_are_named),
		cmocka_unit_test(af_packet_loses_nothing),
		cmocka_unit_test(af_xdp_loses_nothing),
		cmocka_unit_test(drops_are_counted),
		cmocka_unit_test(link_down_shows),
		cmocka_unit_test(doctor_finds_faults),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
