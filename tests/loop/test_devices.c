/* SPDX-License-Identifier: BSD-3-Clause */

#include "loop.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <rte_malloc.h>

/* Devices that need no privilege: opened, used, closed; and the EAL below them. */

static long printed = -1; /* bytes on stdout while the EAL started and a device was opened */

static void stdout_stays_clean(void **state)
{
	(void)state;
	assert_int_equal(printed, 0);
}

static void runtime_path(char *buf, size_t len, const char *file)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");

	snprintf(buf, len, "%s/dpdk/%s%s",
		 getuid() == 0 ? "/var/run" : (xdg != NULL ? xdg : "/tmp"), eal_file_prefix(),
		 file);
}

/* As dpdk-telemetry.py talks to it. */
static void telemetry_answers(void **state)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	char answer[16384];
	ssize_t n;
	int fd;

	(void)state;
	runtime_path(un.sun_path, sizeof(un.sun_path), "/dpdk_telemetry.v2");
	fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&un, sizeof(un)), 0);
	n = read(fd, answer, sizeof(answer) - 1);
	assert_true(n > 0);
	answer[n] = '\0';
	assert_non_null(strstr(answer, "\"version\""));
	assert_int_equal(write(fd, "/ethdev/list", 12), 12);
	n = read(fd, answer, sizeof(answer) - 1);
	assert_true(n > 0);
	answer[n] = '\0';
	assert_string_equal(answer, "{\"/ethdev/list\":[]}");
	close(fd);
}

static void null_takes_and_is_silent(void **state)
{
	struct loop_probe probe = {.flags = 2};
	struct rte_mbuf *mbuf;
	struct io_stats stats;
	struct loop loop;

	(void)state;
	loop_open(&loop, "null");
	for (unsigned i = 0; i < 1000; i++) {
		loop_send(&loop, &probe);
		assert_int_equal(rte_eth_rx_burst(loop.dev.port_id, 0, &mbuf, 1), 0);
	}
	io_stats(&loop.dev, &stats);
	assert_int_equal(stats.opackets, 1000);
	loop_close(&loop);
}

static void ring_loops_back(void **state)
{
	struct loop_probe probe = {.flags = 2};
	struct rte_mbuf *mbuf;
	struct loop loop;

	(void)state;
	loop_open(&loop, "ring");
	for (unsigned i = 0; i < 3000; i++) {
		probe.seq = i;
		loop_send(&loop, &probe);
		assert_int_equal(rte_eth_rx_burst(loop.dev.port_id, 0, &mbuf, 1), 1);
		assert_int_equal(get_be32(rte_pktmbuf_mtod(mbuf, uint8_t *) + 38), i);
		rte_pktmbuf_free(mbuf);
	}
	probe.seq = 7; /* frames left in the ring go back to their pool: loop_close() checks */
	for (unsigned i = 0; i < 100; i++)
		loop_send(&loop, &probe);
	loop_close(&loop);
}

/* What was written by one device is replayed by the next, once. */
static void pcap_writes_and_replays(void **state)
{
	struct loop_probe probe = {.flags = 2};
	char dir[] = "/tmp/peal-test-XXXXXX", path[64], spec[96];
	struct rte_mbuf *mbuf;
	struct loop loop;
	unsigned n = 0;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a.pcap", dir);
	snprintf(spec, sizeof(spec), "pcap:%s", path);
	loop_open(&loop, spec);
	for (probe.seq = 0; probe.seq < 100; probe.seq++)
		loop_send(&loop, &probe);
	assert_int_equal(rte_eth_rx_burst(loop.dev.port_id, 0, &mbuf, 1), 0);
	loop_close(&loop);

	for (int with_out = 0; with_out < 2; with_out++) {
		snprintf(spec, sizeof(spec), "pcap:%s,%s", with_out ? "/dev/null" : "", path);
		loop_open(&loop, spec);
		for (n = 0; rte_eth_rx_burst(loop.dev.port_id, 0, &mbuf, 1) == 1; n++) {
			assert_int_equal(get_be32(rte_pktmbuf_mtod(mbuf, uint8_t *) + 38), n);
			rte_pktmbuf_free(mbuf);
		}
		assert_int_equal(n, 100);
		loop_send(&loop, &probe);
		loop_close(&loop);
	}
	unlink(path);
	rmdir(dir);
}

static void open_spec(struct io_dev *dev, const char *text, struct err *err)
{
	struct io_conf conf = {.tx_queues = 1, .rx_queues = 1};
	struct io_spec spec;

	if (io_spec_parse(text, &spec, err) < 0 || io_check(&spec, err) < 0 ||
	    io_open(&spec, &conf, dev, err) < 0)
		fail_msg("%s: %s", text, err->text);
}

/* The server waits for its client with the link down, so each runs in a process of its own. */
static int memif_server(const char *path)
{
	struct eal_conf eal = {0};
	struct rte_mbuf *mbuf[32];
	struct io_dev dev;
	char spec[96];
	struct err err;
	unsigned n = 0;

	snprintf(spec, sizeof(spec), "memif:%s,role=server", path);
	if (eal_start(&eal, &err) < 0)
		return 1;
	open_spec(&dev, spec, &err);
	for (uint64_t end = rte_rdtsc() + 3 * rte_get_tsc_hz(); rte_rdtsc() < end && n < 1000;) {
		unsigned got = rte_eth_rx_burst(dev.port_id, 0, mbuf, 32);

		n += got;
		for (unsigned i = 0; i < got;) /* echo */
			i += rte_eth_tx_burst(dev.port_id, 0, mbuf + i, (uint16_t)(got - i));
	}
	usleep(200 * 1000); /* until the last echo was read */
	io_close(&dev);
	eal_stop();
	return n == 1000 ? 0 : 2;
}

static pid_t memif_pid;
static char memif_path[64];

static void memif_talks_to_another_process(void **state)
{
	struct loop_probe probe = {.flags = 2};
	struct rte_mbuf *mbuf;
	struct loop loop;
	unsigned n = 0;
	char spec[96];
	int status;

	(void)state;
	for (unsigned i = 0; i < 300 && access(memif_path, F_OK) < 0; i++)
		usleep(10 * 1000);
	snprintf(spec, sizeof(spec), "memif:%s", memif_path);
	loop_open(&loop, spec);
	for (probe.seq = 0; probe.seq < 1000; probe.seq++)
		loop_send(&loop, &probe);
	for (uint64_t end = rte_rdtsc() + 3 * rte_get_tsc_hz(); rte_rdtsc() < end && n < 1000;) {
		if (rte_eth_rx_burst(loop.dev.port_id, 0, &mbuf, 1) == 0)
			continue;
		assert_int_equal(get_be32(rte_pktmbuf_mtod(mbuf, uint8_t *) + 38), n++);
		rte_pktmbuf_free(mbuf);
	}
	assert_int_equal(n, 1000);
	loop_close(&loop);
	assert_int_equal(waitpid(memif_pid, &status, 0), memif_pid);
	assert_int_equal(status, 0);
}

static void opening_again_leaks_nothing(void **state)
{
	/* not null: DPDK's driver itself leaks 384 bytes a time */
	static const char *const specs[] = {"ring", "sim", "pcap:/dev/null"};
	struct rte_malloc_socket_stats before, after;
	struct loop loop;
	int fds = 0;

	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		for (unsigned s = 0; s < ARRAY_LEN(specs); s++) {
			loop_open(&loop, specs[s]);
			loop_close(&loop);
		}
		if (i == 4) { /* what is kept from the first time on is no leak */
			rte_malloc_get_socket_stats(0, &before);
			fds = dup(0);
			close(fds);
		}
	}
	rte_malloc_get_socket_stats(0, &after);
	assert_int_equal(after.heap_allocsz_bytes, before.heap_allocsz_bytes);
	assert_int_equal(rte_eth_dev_count_avail(), 0);
	assert_int_equal(dup(0), fds);
	close(fds);
}

static int setup(void **state)
{
	struct io_conf conf = {.tx_queues = 1, .rx_queues = 1};
	int saved = dup(STDOUT_FILENO), rc;
	FILE *file = tmpfile();
	struct eal_conf eal = {0};
	struct io_spec spec;
	struct io_dev dev;
	struct stat st;
	struct err err;

	(void)state;
	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	rc = eal_start(&eal, &err);
	if (rc == 0 && io_spec_parse("null", &spec, &err) == 0 &&
	    io_open(&spec, &conf, &dev, &err) == 0)
		io_close(&dev);
	fflush(stdout);
	if (fstat(fileno(file), &st) == 0)
		printed = st.st_size;
	dup2(saved, STDOUT_FILENO);
	close(saved);
	fclose(file);
	if (rc < 0)
		fprintf(stderr, "%s\n", err.text);
	return rc;
}

static int teardown(void **state)
{
	char path[128];

	(void)state;
	runtime_path(path, sizeof(path), "");
	eal_stop();
	return access(path, F_OK) == 0 ? -1 : 0; /* no file is left behind */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stdout_stays_clean),
		cmocka_unit_test(telemetry_answers),
		cmocka_unit_test(null_takes_and_is_silent),
		cmocka_unit_test(ring_loops_back),
		cmocka_unit_test(pcap_writes_and_replays),
		cmocka_unit_test(memif_talks_to_another_process),
		cmocka_unit_test(opening_again_leaks_nothing),
	};

	/* before any EAL: the EAL does not survive a fork */
	snprintf(memif_path, sizeof(memif_path), "/tmp/peal-memif-%d", getpid());
	memif_pid = fork();
	if (memif_pid == 0)
		_exit(memif_server(memif_path));
	return cmocka_run_group_tests(tests, setup, teardown);
}
