/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * flood SOCKET FRAMES: hosts behind a memif (its server) that are flooded upon. Each probe is
 * answered: 80 open, 81 closed, 82 silent, 83 barred; and between the answers come up to FRAMES
 * that are forged or broken, as fast as they are taken. When there were no more probes for QUIET_MS
 * it prints how many it saw, how many answers and other frames it sent, and touches the device no
 * more, for DPDK's memif must not be used while the other side closes it. Ends on SIGTERM.
 */

#include "answer.h"

#include <signal.h>
#include <unistd.h>

#include "eal.h"
#include "io.h"

enum { BURST = 64, FORGED = 4096, POOL = 16383, QUIET_MS = 2500 };

struct flood {
	struct io_dev dev;
	struct rte_mempool *pool;
	uint64_t seed, want, probes, answers, forged;
	struct answer at[FORGED]; /* to send, round and round */
	unsigned built;
	uint64_t heard; /* TSC: of the last probe */
};

static volatile sig_atomic_t stopped;

static void stop(int signo)
{
	(void)signo;
	stopped = 1;
}

static bool read_probe(const struct rte_mbuf *mbuf, struct sent *s)
{
	const uint8_t *ip = rte_pktmbuf_mtod(mbuf, const uint8_t *) + 14, *tcp = ip + 20;

	if (rte_pktmbuf_data_len(mbuf) != LOOP_PROBE_LEN || ip[9] != 6 || tcp[13] != SYN)
		return false;
	*s = (struct sent){
		.saddr = get_be32(ip + 12),
		.daddr = get_be32(ip + 16),
		.sport = get_be16(tcp),
		.dport = get_be16(tcp + 2),
		.seq = get_be32(tcp + 4),
	};
	return true;
}

static bool answer_of(const struct sent *s, struct answer *a)
{
	switch (s->dport) {
	case 80:
		*a = answer_synack(s);
		return true;
	case 81:
		*a = answer_rst(s);
		return true;
	case 83:
		*a = answer_icmp(s, s->daddr, 3, 13);
		return true;
	default:
		return false;
	}
}

/* One of ten kinds, made of a probe that was seen: what is wrong is the cookie, or the frame. */
static struct answer forge(struct flood *f, struct sent s)
{
	uint64_t r = test_random(&f->seed);
	unsigned kind = f->built++ % 10;
	struct answer a;

	s.seq += 1 + (uint32_t)r % 0xfffffff0; /* never the right one, nor next to it */
	a = answer_synack(&s);
	switch (kind) {
	case 0:
		break;
	case 1:
		a = answer_rst(&s);
		break;
	case 2:
		a = answer_icmp(&s, s.daddr, 3, 1);
		break;
	case 3: /* somebody else's */
		s.daddr = (uint32_t)(r >> 32);
		a = answer_synack(&s);
		break;
	case 4: /* cut off anywhere */
		a.len = 14 + (unsigned)(r >> 32) % (LOOP_PROBE_LEN - 14);
		break;
	case 5: /* an option of no length */
		answer_tcp(&a)[21] = 0;
		answer_sum(&a);
		break;
	case 6: /* a header that is longer than the frame */
		answer_tcp(&a)[12] = 15 << 4;
		answer_sum(&a);
		break;
	case 7: /* a fragment */
		answer_ip(&a)[6] = 0x20;
		answer_sum(&a);
		break;
	case 8: /* IPv6, it says */
		put_be16(a.frame + 12, 0x86dd);
		break;
	default: /* anything */
		for (unsigned i = 14; i < a.len; i++)
			a.frame[i] = (uint8_t)test_random(&f->seed);
	}
	return a;
}

static struct rte_mbuf *to_mbuf(const struct flood *f, const struct answer *a)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(f->pool);

	if (mbuf != NULL)
		memcpy(loop_room(mbuf, (uint16_t)a->len), a->frame, a->len);
	return mbuf;
}

/* Until all are taken: no answer is lost here. */
static void send_all(const struct flood *f, struct rte_mbuf **mbuf, unsigned n)
{
	for (unsigned done = 0; done < n && !stopped;)
		done += rte_eth_tx_burst(f->dev.port_id, 0, mbuf + done, (uint16_t)(n - done));
}

static void receive(struct flood *f)
{
	struct rte_mbuf *in[BURST], *out[BURST];
	unsigned got = rte_eth_rx_burst(f->dev.port_id, 0, in, BURST), n = 0;
	struct answer a;
	struct sent s;

	for (unsigned i = 0; i < got; i++) {
		if (!read_probe(in[i], &s))
			continue;
		f->probes++;
		f->heard = rte_rdtsc();
		f->at[f->built % FORGED] = forge(f, s);
		if (answer_of(&s, &a) && (out[n] = to_mbuf(f, &a)) != NULL)
			n++;
	}
	rte_pktmbuf_free_bulk(in, got);
	send_all(f, out, n);
	f->answers += n;
}

static void send_forged(struct flood *f)
{
	unsigned have = RTE_MIN(f->built, (unsigned)FORGED), n = 0, taken;
	struct rte_mbuf *out[BURST];

	while (n < BURST && have != 0 && f->forged + n < f->want) {
		out[n] = to_mbuf(f, &f->at[(f->forged + n) % have]);
		if (out[n] == NULL)
			break;
		n++;
	}
	taken = rte_eth_tx_burst(f->dev.port_id, 0, out, (uint16_t)n);
	f->forged += taken;
	rte_pktmbuf_free_bulk(out + taken, n - taken);
}

static int flood_open(struct flood *f, const char *socket, struct err *err)
{
	const struct io_conf conf = {.tx_queues = 1, .rx_queues = 1, .socket = -1};
	const struct eal_conf eal = {.memory_mb = 128};
	struct io_spec spec;
	char text[200];

	snprintf(text, sizeof(text), "memif:%s,role=server", socket);
	if (eal_start(&eal, err) < 0 || io_spec_parse(text, &spec, err) < 0 ||
	    io_open(&spec, &conf, &f->dev, err) < 0)
		return -1;
	f->pool = rte_pktmbuf_pool_create("flood", POOL, 256, 0, RTE_PKTMBUF_HEADROOM + 256, -1);
	return f->pool != NULL ? 0 : err_set(err, EXIT_DEVICE, "no memory");
}

int main(int argc, char **argv)
{
	static struct flood f;
	struct err err;
	uint64_t quiet;

	if (argc != 3)
		return 64;
	f.seed = 1;
	f.want = strtoull(argv[2], NULL, 10);
	signal(SIGTERM, stop);
	if (flood_open(&f, argv[1], &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 69;
	}
	quiet = rte_get_tsc_hz() / 1000 * QUIET_MS;
	while (!stopped && (f.heard == 0 || rte_rdtsc() - f.heard < quiet)) {
		receive(&f);
		send_forged(&f);
	}
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", f.probes, f.answers, f.forged);
	fflush(stdout);
	while (!stopped)
		usleep(10000);
	io_close(&f.dev);
	rte_mempool_free(f.pool);
	eal_stop();
	return 0;
}
