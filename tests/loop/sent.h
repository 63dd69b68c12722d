/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "rig.h"

/* What left the rig by a ring, read back and checked. */

/* A probe as it was on the wire. */
struct sent {
	uint32_t saddr, daddr, seq;
	uint16_t sport, dport;
};

/* Every byte of a SYN that is not the probe's own choice must be as it should. */
static inline void rig_read(const uint8_t *p, unsigned len, struct sent *s)
{
	const uint8_t *ip = p + 14, *tcp = ip + 20;

	assert_int_equal(len, 58);
	assert_memory_equal(p, rig_gateway, 6);
	assert_memory_equal(p + 6, rig_mac, 6);
	assert_int_equal(get_be16(p + 12), 0x0800);
	assert_int_equal(ip[0], 0x45);
	assert_int_equal(get_be16(ip + 2), 44);
	assert_int_equal(ip[9], 6);
	assert_int_equal(be_sum(ip, 20, 0), 0xffff);
	assert_int_equal(tcp_sum(ip, 24), 0xffff);
	assert_int_equal(tcp[13], 2); /* SYN */
	assert_memory_equal(tcp + 20, "\2\4\5\264", 4);
	s->saddr = get_be32(ip + 12);
	s->daddr = get_be32(ip + 16);
	s->sport = get_be16(tcp);
	s->dport = get_be16(tcp + 2);
	s->seq = get_be32(tcp + 4);
	assert_in_range(s->sport, RIG_PORT_FIRST, RIG_PORT_FIRST + RIG_PORTS - 1);
}

/* Takes up to n (<= 64) probes that were sent on a queue; returns how many there were. */
static inline unsigned rig_take(struct rig *r, unsigned queue, struct sent *sent, unsigned n)
{
	struct rte_mbuf *mbuf[64];
	unsigned got = rte_eth_rx_burst(r->dev.port_id, (uint16_t)queue, mbuf, (uint16_t)n);

	for (unsigned i = 0; i < got; i++)
		rig_read(rte_pktmbuf_mtod(mbuf[i], uint8_t *), rte_pktmbuf_data_len(mbuf[i]),
			 &sent[i]);
	rte_pktmbuf_free_bulk(mbuf, got);
	return got;
}

/* Sends everything with lcore 0, a microsecond a step; sent[] has room for all. How many. */
static inline uint64_t rig_send_all(struct rig *r, struct sent *sent)
{
	uint64_t n = 0;

	while (!r->tx[0].done) {
		tx_step(&r->tx[0], r->now += 1000);
		n += rig_take(r, 0, sent + n, 64);
	}
	return n;
}

static inline uint64_t rig_probes(const struct rig *r)
{
	return r->stream.walk.targets * r->stream.attempts;
}

/* stream_opt_out() with a blocklist file of one line. */
static inline void rig_opt_out(struct rig *r, const char *line)
{
	char path[] = "/tmp/peal-test-XXXXXX";
	const char *file = path;
	struct target_conf conf = {.blocklist_files = {&file, 1, 1}};
	struct exclusion deny;
	int fd = mkstemp(path);
	struct err err;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, line, strlen(line)), (ssize_t)strlen(line));
	close(fd);
	if (exclusion_reload(&conf, &deny, &err) < 0 || stream_opt_out(&r->stream, &deny, &err) < 0)
		fail_msg("%s", err.text);
	exclusion_fini(&deny);
	unlink(path);
}
