/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * bench_rx [ROUNDS [KIND]]: what a received frame costs (of that kind alone). First the whole of
 * rx_step() on a ring device, less what a program costs that receives the same frames and frees
 * them, as dpdk-testpmd does in rxonly. KIND memory: how much memory exact deduplication takes at
 * most.
 */

#include "bench.h"

#include <string.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "dedup.h"
#include "eal.h"
#include "frame_kinds.h"
#include "job.h"
#include "result_ring.h"
#include "rx.h"

enum { FRAMES = 1024, BURST = RX_BURST };

/* --- the whole --- */

struct rig {
	struct fixture *fixture;
	struct io_dev dev;
	struct rte_mempool *pool;
	struct clock clock;
	bool cooldown;
	struct earshot earshot;
	struct rx rx;
};

static int rig_init(struct rig *rig, struct fixture *fixture, struct err *err)
{
	const struct io_conf conf = {
		.tx_queues = 1, .rx_queues = 1, .tx_descriptors = FRAMES, .rate = RATE_MAX};
	struct io_spec spec;

	rig->fixture = fixture;
	if (io_spec_parse("ring", &spec, err) < 0 || io_open(&spec, &conf, &rig->dev, err) < 0)
		return -1;
	rig->pool = rte_pktmbuf_pool_create("bench", 4 * FRAMES - 1, 256, 0,
					    RTE_PKTMBUF_HEADROOM + FIXTURE_FRAME, SOCKET_ID_ANY);
	if (rig->pool == NULL)
		return err_set(err, EXIT_DEVICE, "no memory for packets");
	dedup_alone(fixture->stream.dedup);
	clock_start(&rig->clock, rte_rdtsc(), rte_get_tsc_hz());
	rig->rx = (struct rx){.stream = &fixture->stream,
			      .clock = &rig->clock,
			      .dev = &rig->dev,
			      .earshot = &rig->earshot,
			      .results = result_ring_create(),
			      .cooldown = &rig->cooldown};
	return rig->rx.results != NULL ? 0 : -1;
}

static void rig_fini(struct rig *rig)
{
	result_ring_destroy(rig->rx.results);
	io_close(&rig->dev);
	rte_mempool_free(rig->pool);
}

/* Puts frames number first ... first + FRAMES - 1 into the device. */
static void rig_fill(struct rig *rig, make_frame make, uint32_t first)
{
	struct rte_mbuf *mbuf[BURST];

	for (unsigned i = 0; i < FRAMES; i += BURST) {
		if (rte_pktmbuf_alloc_bulk(rig->pool, mbuf, BURST) != 0)
			abort();
		for (unsigned k = 0; k < BURST; k++) {
			mbuf[k]->data_len = make(rig->fixture, first + i + k,
						 rte_pktmbuf_mtod(mbuf[k], uint8_t *));
			mbuf[k]->pkt_len = mbuf[k]->data_len;
		}
		if (rte_eth_tx_burst(rig->dev.port_id, 0, mbuf, BURST) != BURST)
			abort();
	}
}

/* As dpdk-testpmd's rxonly does it. */
static void receive_only(struct rig *rig)
{
	struct rte_mbuf *mbuf[BURST];
	unsigned n;

	while ((n = rte_eth_rx_burst(rig->dev.port_id, 0, mbuf, BURST)) > 0)
		for (unsigned i = 0; i < n; i++)
			rte_pktmbuf_free(mbuf[i]);
}

static void receive(struct rig *rig)
{
	while (rx_step(&rig->rx, rte_rdtsc()) > 0)
		;
}

static unsigned rig_drain(struct rig *rig)
{
	struct result_slots slots;
	unsigned n = result_ring_peek(rig->rx.results, FRAMES, &slots);

	result_ring_drop(rig->rx.results, n);
	return n;
}

struct kind {
	const char *name;
	make_frame make;
	bool repeated, recorded; /* always the same frames; they become records */
	uint16_t vlan;		 /* that is scanned; 0: none */
};

static void bench_print_added(const char *name, struct bench *whole, struct bench *bare)
{
	printf("%-30s %6.1f - %5.1f = %6.1f  (medians %6.1f - %5.1f = %6.1f)\n", name,
	       bench_least(whole), bench_least(bare), bench_least(whole) - bench_least(bare),
	       bench_median(whole), bench_median(bare), bench_median(whole) - bench_median(bare));
	fflush(stdout);
}

/* Interleaved, so that both have the machine in the same mood. */
static void bench_kind(struct rig *rig, const struct kind *kind, unsigned rounds, uint32_t *next)
{
	static struct bench bare, whole;
	uint32_t from = *next;

	bare.n = whole.n = 0;
	rig->rx.vlan = kind->vlan;
	for (unsigned i = 0; i < rounds; i++) {
		uint64_t start;
		unsigned records;

		rig_fill(rig, kind->make, from);
		start = rte_rdtsc_precise();
		receive_only(rig);
		bench_add(&bare, rte_rdtsc_precise() - start, FRAMES);

		rig_fill(rig, kind->make, from);
		start = rte_rdtsc_precise();
		receive(rig);
		if (i > 0 || !kind->repeated)
			bench_add(&whole, rte_rdtsc_precise() - start, FRAMES);
		records = rig_drain(rig);
		if (records != (kind->recorded && (i == 0 || !kind->repeated) ? FRAMES : 0))
			printf("%s: %u records of %u\n", kind->name, records, FRAMES);
		from += kind->repeated ? 0 : FRAMES;
	}
	*next = from + FRAMES;
	bench_print_added(kind->name, &whole, &bare);
}

static void bench_whole(struct rig *rig, unsigned rounds, const char *only)
{
	static const struct kind kinds[] = {
		{"SYN-ACK, new", frame_synack, false, true, 0},
		{"SYN-ACK, new, Linux options", frame_linux, false, true, 0},
		{"SYN-ACK, new, tag in it", frame_tagged, false, true, FRAME_VLAN},
		{"RST, new", frame_rst, false, true, 0},
		{"SYN-ACK or RST, new", frame_mixed, false, true, 0},
		{"ICMP error, new", frame_icmp, false, true, 0},
		{"SYN-ACK, duplicate", frame_synack, true, true, 0},
		{"wrong port", frame_wrong_port, false, false, 0},
		{"wrong cookie", frame_wrong_cookie, false, false, 0},
		{"no IPv4", frame_junk, false, false, 0},
	};
	uint32_t next = 0;

	printf("%-30s cycles a frame: rx_step - rxonly = added (least of %u runs of %u)\n",
	       "the whole", rounds, FRAMES);
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (only == NULL || strcmp(only, kinds[i].name) == 0)
			bench_kind(rig, &kinds[i], rounds, &next);
}

/* --- a capture file, for ever again --- */

enum { PCAP_MAGIC = 0xa1b2c3d4, PCAP_ETHERNET = 1 };

static int pcap_write(const struct rig *rig, make_frame make, const char *path)
{
	const uint32_t head[6] = {PCAP_MAGIC, 2 | 4 << 16, 0, 0, 65535, PCAP_ETHERNET};
	uint8_t frame[FIXTURE_FRAME];
	FILE *f = fopen(path, "we");

	if (f == NULL)
		return -1;
	fwrite(head, sizeof(head), 1, f);
	for (uint32_t i = 0; i < FRAMES; i++) {
		uint16_t len = make(rig->fixture, i, frame);
		const uint32_t packet[4] = {0, 0, len, len};

		fwrite(packet, sizeof(packet), 1, f);
		fwrite(frame, len, 1, f);
	}
	return fclose(f);
}

static int pcap_open(const char *path, struct rte_mempool *pool, uint16_t *port)
{
	const struct rte_eth_conf conf = {0};
	char args[128];

	snprintf(args, sizeof(args), "net_pcap_bench,rx_pcap=%s,infinite_rx=1", path);
	if (rte_dev_probe(args) != 0 || rte_eth_dev_get_port_by_name("net_pcap_bench", port) != 0 ||
	    rte_eth_dev_configure(*port, 1, 1, &conf) != 0 ||
	    rte_eth_rx_queue_setup(*port, 0, 1024, SOCKET_ID_ANY, NULL, pool) != 0 ||
	    rte_eth_tx_queue_setup(*port, 0, 1024, SOCKET_ID_ANY, NULL) != 0)
		return -1;
	return rte_eth_dev_start(*port);
}

/* So many times as there are frames in the file. */
static void pcap_round(struct rig *rig, bool whole)
{
	struct rte_mbuf *mbuf[BURST];

	for (unsigned done = 0; done < FRAMES; done += BURST) {
		if (whole) {
			rx_step(&rig->rx, rte_rdtsc());
			continue;
		}
		for (unsigned i = 0, n = rte_eth_rx_burst(rig->dev.port_id, 0, mbuf, BURST); i < n;
		     i++)
			rte_pktmbuf_free(mbuf[i]);
	}
}

static void bench_pcap(struct rig *rig, unsigned rounds)
{
	static struct bench bare, whole;
	uint16_t ring = rig->dev.port_id;
	char path[] = "/tmp/bench_rx.XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0 || close(fd) < 0 || pcap_write(rig, frame_synack, path) != 0 ||
	    pcap_open(path, rig->pool, &rig->dev.port_id) != 0) {
		printf("pcap: cannot be opened\n");
	} else {
		for (unsigned i = 0; i < rounds; i++) {
			uint64_t start = rte_rdtsc_precise();

			pcap_round(rig, false);
			bench_add(&bare, rte_rdtsc_precise() - start, FRAMES);
			start = rte_rdtsc_precise();
			pcap_round(rig, true);
			bench_add(&whole, rte_rdtsc_precise() - start, FRAMES);
			rig_drain(rig);
		}
		bench_print_added("SYN-ACK, duplicate, from pcap", &whole, &bare);
		rte_eth_dev_stop(rig->dev.port_id);
		rte_eth_dev_close(rig->dev.port_id);
	}
	unlink(path);
	rig->dev.port_id = ring;
}

static uint64_t resident_kib(void)
{
	unsigned long long size, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f == NULL)
		return 0;
	if (fscanf(f, "%llu %llu", &size, &resident) != 2)
		resident = 0;
	fclose(f);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

/* What the answers of all public IPv4 at one port need at most: one on each page. */
static void bench_dedup_memory(void)
{
	const uint64_t length = UINT64_C(3702258432), step = 1024;
	uint64_t before = resident_kib();
	struct dedup *dedup;

	if (dedup_create(length, &dedup) < 0)
		return;
	for (uint64_t offset = 0; offset < length; offset += step)
		dedup_seen(dedup, offset, STATE_OPEN);
	printf("dedup of all public IPv4: %.0f MiB resident\n",
	       (double)(resident_kib() - before) / 1024);
	dedup_destroy(dedup);
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;
	const struct eal_conf conf = {0};
	struct fixture fixture;
	static struct rig rig;
	struct err err;

	if (rounds < 2 || rounds > BENCH_ROUNDS_MAX) {
		fprintf(stderr, "usage: bench_rx [ROUNDS [KIND]], 2 to 1024 of them\n");
		return 64;
	}
	if (eal_start(&conf, &err) < 0 || fixture_init(&fixture, &err) < 0 ||
	    rig_init(&rig, &fixture, &err) < 0) {
		fprintf(stderr, "bench_rx: %s\n", err.text);
		return 1;
	}
	if (argc > 2 && strcmp(argv[2], "memory") == 0)
		bench_dedup_memory();
	else
		bench_whole(&rig, (unsigned)rounds, argc > 2 ? argv[2] : NULL);
	if (argc <= 2)
		bench_pcap(&rig, (unsigned)rounds);
	rig_fini(&rig);
	fixture_fini(&fixture);
	eal_stop();
	return 0;
}
