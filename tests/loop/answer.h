/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "sent.h"

/* Answers to probes of the rig, as hosts and routers would send them, and their way to rx_step().
 */

enum { SYN = 2, RST = 4, ACK = 16, ANSWER_MAX = 96 };

struct answer {
	uint8_t frame[ANSWER_MAX];
	unsigned len;
	bool stripped; /* the device has taken its tag off: */
	uint16_t tci;
};

static inline uint8_t *answer_ip(struct answer *a)
{
	return a->frame + 14;
}

static inline uint8_t *answer_tcp(struct answer *a)
{
	return a->frame + 34;
}

/* Both checksums again, after a change. */
static inline void answer_sum(struct answer *a)
{
	uint8_t *ip = answer_ip(a), *l4 = answer_tcp(a);

	put_be16(ip + 10, 0);
	put_be16(ip + 10, ~be_sum(ip, 20, 0) & 0xffff);
	if (ip[9] == 1) {
		put_be16(l4 + 2, 0);
		put_be16(l4 + 2, ~be_sum(l4, a->len - 34, 0) & 0xffff);
	} else {
		put_be16(l4 + 16, 0);
		put_be16(l4 + 16, ~tcp_sum(ip, 24) & 0xffff);
	}
}

/* A segment from the target; ack is what it says to have got. */
static inline struct answer answer_segment(const struct sent *s, unsigned flags, uint32_t ack)
{
	struct loop_probe reply = {
		.src = s->daddr,
		.dst = s->saddr,
		.sport = s->dport,
		.dport = s->sport,
		.seq = 0x12345678,
		.flags = (uint8_t)flags,
	};
	struct answer a = {.len = LOOP_PROBE_LEN};

	loop_write(a.frame, &reply);
	put_be32(answer_tcp(&a) + 8, ack);
	answer_sum(&a);
	return a;
}

static inline struct answer answer_synack(const struct sent *s)
{
	return answer_segment(s, SYN | ACK, s->seq + 1);
}

static inline struct answer answer_rst(const struct sent *s)
{
	return answer_segment(s, RST | ACK, s->seq + 1);
}

/* An ICMP error of a router that quotes the least: the IP header and eight bytes (RFC 792). */
static inline struct answer answer_icmp(const struct sent *s, uint32_t router, uint8_t type,
					uint8_t code)
{
	struct answer a = {.len = 14 + 20 + 8 + 20 + 8};
	uint8_t *ip = answer_ip(&a), *quote = ip + 28;

	put_be16(a.frame + 12, 0x0800);
	ip[0] = quote[0] = 0x45;
	put_be16(ip + 2, 56);
	ip[8] = 60;
	ip[9] = 1;
	put_be32(ip + 12, router);
	put_be32(ip + 16, s->saddr);
	ip[20] = type;
	ip[21] = code;
	put_be16(quote + 2, 44);
	quote[8] = 1;
	quote[9] = 6;
	put_be32(quote + 12, s->saddr);
	put_be32(quote + 16, s->daddr);
	put_be16(quote + 20, s->sport);
	put_be16(quote + 22, s->dport);
	put_be32(quote + 24, s->seq);
	answer_sum(&a);
	return a;
}

/* Puts an 802.1Q header in. */
static inline void answer_tag(struct answer *a, uint16_t tci)
{
	memmove(a->frame + 16, a->frame + 12, a->len - 12);
	put_be16(a->frame + 12, 0x8100);
	put_be16(a->frame + 14, tci);
	a->len += 4;
}

/* Puts one on the wire to queue 0. */
static inline void answer_arrives(struct rig *r, const struct answer *a)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(r->pool[0]);

	assert_non_null(mbuf);
	memcpy(loop_room(mbuf, (uint16_t)a->len), a->frame, a->len);
	if (a->stripped)
		mbuf->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	mbuf->vlan_tci = a->tci;
	assert_int_equal(rte_eth_tx_burst(r->dev.port_id, 0, &mbuf, 1), 1);
}

/* ... and into the receiving half. */
static inline void answer_deliver(struct rig *r, const struct answer *a)
{
	answer_arrives(r, a);
	assert_int_equal(rx_step(&r->rx[0], r->now), 1);
}

/* ... where just this counter, and that of received frames, move by one. */
static inline void answer_rejected(struct rig *r, const struct answer *a, enum reject reason)
{
	struct rx_stats want = r->rx[0].stats;
	struct record rec;

	want.received++;
	want.rejected[reason]++;
	answer_deliver(r, a);
	for (unsigned i = 0; i < REJECT_COUNT; i++)
		if (r->rx[0].stats.rejected[i] != want.rejected[i])
			fail_msg("for %s: %s has changed", reject_name(reason), reject_name(i));
	assert_memory_equal(&r->rx[0].stats, &want, sizeof(want));
	assert_int_equal(ring_take(r->results[0], &rec, 1), 0);
}

/* The probe that would be sent to a target, sent or not. */
static inline struct sent answer_probe(const struct rig *r, uint32_t addr, uint16_t port,
				       uint8_t attempt)
{
	struct cookie cookie;

	cookie_make(&r->stream.key, &addr, &port, attempt, &cookie, 1);
	return (struct sent){
		.saddr = source_addr(&r->stream.probe.source, &cookie),
		.daddr = addr,
		.seq = cookie.seq,
		.sport = source_port(&r->stream.probe.source, &cookie),
		.dport = port,
	};
}

/* One record, and no other. */
static inline struct record record_take(struct rig *r)
{
	struct record rec[2];

	assert_int_equal(ring_take(r->results[0], rec, 2), 1);
	return rec[0];
}
