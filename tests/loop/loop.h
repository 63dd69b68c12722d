/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "test.h"

#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "eal.h"
#include "io.h"

/* What the loop tests share: a device, a pool to send from, and probes to send. */

struct loop {
	struct io_dev dev;
	struct rte_mempool *pool;
};

static inline void put_be16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put_be32(uint8_t *p, uint32_t v)
{
	put_be16(p, v >> 16);
	put_be16(p + 2, v & 0xffff);
}

static inline uint16_t get_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)get_be16(p) << 16 | get_be16(p + 2);
}

/* RFC 1071: 0xffff when what is summed contains its own right checksum */
static inline uint16_t be_sum(const uint8_t *p, unsigned n, uint32_t sum)
{
	for (unsigned i = 0; i < n; i++)
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static inline uint16_t tcp_sum(const uint8_t *ip, unsigned tcp_len)
{
	return be_sum(ip + 20, tcp_len, be_sum(ip + 12, 8, 6 + tcp_len));
}

struct loop_probe {
	uint8_t src_mac[6], dst_mac[6];
	uint32_t src, dst, seq;
	uint16_t sport, dport;
	uint8_t flags; /* SYN is 2, RST 4 */
};

enum { LOOP_PROBE_LEN = 14 + 20 + 24 };

/* The bytes of a frame of len in a fresh mbuf. */
static inline uint8_t *loop_room(struct rte_mbuf *mbuf, uint16_t len)
{
	mbuf->pkt_len = mbuf->data_len = len;
	return rte_pktmbuf_mtod(mbuf, uint8_t *);
}

/* A TCP segment with a maximum segment size; both checksums right. */
static inline void loop_write(uint8_t *p, const struct loop_probe *probe)
{
	uint8_t *ip = p + 14, *tcp = ip + 20;

	memset(p, 0, LOOP_PROBE_LEN);
	memcpy(p, probe->dst_mac, 6);
	memcpy(p + 6, probe->src_mac, 6);
	put_be16(p + 12, 0x0800);
	ip[0] = 0x45;
	put_be16(ip + 2, 44);
	ip[8] = 64;
	ip[9] = 6;
	put_be32(ip + 12, probe->src);
	put_be32(ip + 16, probe->dst);
	put_be16(ip + 10, ~be_sum(ip, 20, 0) & 0xffff);
	put_be16(tcp, probe->sport);
	put_be16(tcp + 2, probe->dport);
	put_be32(tcp + 4, probe->seq);
	tcp[12] = 6 << 4;
	tcp[13] = probe->flags;
	put_be16(tcp + 14, 1024);
	tcp[20] = 2;
	tcp[21] = 4;
	put_be16(tcp + 22, 1460);
	put_be16(tcp + 16, ~tcp_sum(ip, 24) & 0xffff);
}

static inline void loop_open_queues(struct loop *loop, const char *spec_text, unsigned tx_queues)
{
	struct io_conf conf = {.tx_queues = tx_queues, .rx_queues = 1, .rate = UINT64_MAX};
	struct io_spec spec;
	struct err err;
	static unsigned n;
	char name[32];

	if (io_spec_parse(spec_text, &spec, &err) < 0 || io_check(&spec, &err) < 0 ||
	    io_open(&spec, &conf, &loop->dev, &err) < 0)
		fail_msg("%s: %s", spec_text, err.text);
	snprintf(name, sizeof(name), "loop%u", n++);
	loop->pool = rte_pktmbuf_pool_create(name, 4095, 128, 0, RTE_PKTMBUF_HEADROOM + 256, 0);
	assert_non_null(loop->pool);
}

static inline void loop_open(struct loop *loop, const char *spec_text)
{
	loop_open_queues(loop, spec_text, 1);
}

static inline void loop_close(struct loop *loop)
{
	io_close(&loop->dev);
	assert_int_equal(rte_mempool_in_use_count(loop->pool), 0);
	rte_mempool_free(loop->pool);
}

static inline void loop_service(struct loop *loop)
{
	if (loop->dev.service != NULL)
		loop->dev.service(&loop->dev, rte_rdtsc());
}

/* Sends one frame, however often the device must be asked. */
static inline void loop_send(struct loop *loop, const struct loop_probe *probe)
{
	struct rte_mbuf *mbuf = NULL;

	while ((mbuf = rte_pktmbuf_alloc(loop->pool)) == NULL)
		loop_service(loop);
	loop_write(loop_room(mbuf, LOOP_PROBE_LEN), probe);
	while (io_send(&loop->dev, 0, &mbuf, 1) == 0)
		loop_service(loop);
}

/* --- start and stop of a test program --- */

static inline int rig_setup(void **state)
{
	struct eal_conf eal = {0};
	struct err err;

	(void)state;
	if (eal_start(&eal, &err) == 0)
		return 0;
	fprintf(stderr, "%s\n", err.text);
	return -1;
}

static inline int rig_teardown(void **state)
{
	(void)state;
	eal_stop();
	return 0;
}
