/* SPDX-License-Identifier: BSD-3-Clause */

#include "rx.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "dedup.h"
#include "sendlog.h"

static_assert((int)RX_BURST <= (int)PKT_BURST, "a burst is sifted at once");

/* Answers of one burst, on their way through the stages. */
struct answers {
	unsigned n;
	uint32_t remote[RX_BURST];
	uint16_t remote_port[RX_BURST];
	uint8_t attempt[RX_BURST]; /* whose cookie it carries, 0 is the first */
	uint64_t offset[RX_BURST];
	struct pkt_view *view[RX_BURST]; /* into views */
	const uint8_t *data[RX_BURST];
	struct pkt_view views[RX_BURST];
};

static void rx_reject(struct rx *rx, enum reject reason)
{
	rx->stats.rejected[reason]++;
}

/* --- parse and match: frames that could be answers --- */

static struct pkt_sieve rx_sieve(const struct probe *p)
{
	return (struct pkt_sieve){
		.addr = p->source.addr,
		.n_addrs = p->source.n_addrs,
		.port_first = p->source.port_first,
		.port_count = p->source.port_count,
		.flags = p->ops->tcp_flags,
	};
}

static bool rx_is_ours(const struct rx *rx, uint32_t addr)
{
	const struct pkt_sieve sieve = rx_sieve(&rx->stream->probe);

	return pkt_sieve_addr(&sieve, addr);
}

static bool kernel_has_addr(const struct rx *rx, uint32_t addr)
{
	for (unsigned i = 0; i < rx->n_kernel_addrs; i++)
		if (rx->kernel_addrs[i] == addr)
			return true;
	return false;
}

/* Somebody asks for one of our addresses: the kernel answers for its own at most. */
static void rx_arp(struct rx *rx, const struct pkt_view *v)
{
	struct followup f = {
		.kind = FOLLOWUP_ARP,
		.saddr = v->local,
		.daddr = v->remote,
	};

	rx_reject(rx, REJECT_ARP);
	if (v->arp_op != 1 || !rx_is_ours(rx, v->local) || kernel_has_addr(rx, v->local))
		return;
	memcpy(f.mac, v->arp_mac, sizeof(f.mac));
	if (rte_ring_sp_enqueue_elem(rx->followups, &f, sizeof(f)) != 0)
		rx->stats.control_lost++;
}

static bool rx_could_be_answer(struct rx *rx, const struct pkt_view *v)
{
	const struct probe *p = &rx->stream->probe;
	int rc;

	if (v->kind == PKT_ARP) {
		rx_arp(rx, v);
		return false;
	}
	rc = p->ops->match(v);
	if (rc < 0)
		rx_reject(rx, pkt_reject(rc));
	else if (!rx_is_ours(rx, v->local))
		rx_reject(rx, REJECT_ADDRESS);
	else if ((uint32_t)(v->local_port - p->source.port_first) >= p->source.port_count)
		rx_reject(rx, REJECT_PORT);
	else
		return true;
	return false;
}

/* views[n] has been filled from data: it becomes an answer. */
static void answers_add(struct answers *a, const uint8_t *data)
{
	struct pkt_view *v = &a->views[a->n];

	a->view[a->n] = v;
	a->data[a->n] = data;
	a->remote[a->n] = v->remote;
	a->remote_port[a->n] = v->remote_port;
	a->n++;
}

/* What pkt_sift() has no opinion of. */
static void rx_parse_odd(struct rx *rx, struct answers *a, const uint8_t *data, uint16_t len)
{
	struct pkt_view *v = &a->views[a->n];
	int rc = pkt_parse(v, data, len);

	if (rc < 0)
		rx_reject(rx, pkt_reject(rc));
	else if (rx_could_be_answer(rx, v))
		answers_add(a, data);
}

static void rx_parse(struct rx *rx, struct rte_mbuf **mbuf, unsigned n, struct answers *a)
{
	const struct pkt_sieve sieve = rx_sieve(&rx->stream->probe);
	const uint8_t *data[RX_BURST];
	uint64_t plain, wrong_port, odd;
	uint16_t len[RX_BURST];

	for (unsigned i = 0; i < n; i++) {
		data[i] = rte_pktmbuf_mtod(mbuf[i], const uint8_t *);
		len[i] = rte_pktmbuf_data_len(mbuf[i]);
		rte_prefetch0(data[i]);
	}
	a->n = 0;
	plain = pkt_sift(&sieve, data, len, n, &wrong_port);
	odd = ~(plain | wrong_port) & (UINT64_MAX >> (RX_BURST - n));
	rx->stats.rejected[REJECT_PORT] += (unsigned)__builtin_popcountll(wrong_port);
	for (; plain != 0; plain &= plain - 1) {
		unsigned i = (unsigned)__builtin_ctzll(plain);

		pkt_look(&a->views[a->n], data[i]);
		answers_add(a, data[i]);
	}
	for (; odd != 0; odd &= odd - 1) {
		unsigned i = (unsigned)__builtin_ctzll(odd);

		rx_parse_odd(rx, a, data[i], len[i]);
	}
}

/* --- validate: only answers that carry the cookie stay --- */

static void answers_move(struct answers *a, unsigned to, unsigned from)
{
	if (to == from)
		return;
	a->view[to] = a->view[from];
	a->data[to] = a->data[from];
	a->remote[to] = a->remote[from];
	a->remote_port[to] = a->remote_port[from];
	a->attempt[to] = a->attempt[from];
	a->offset[to] = a->offset[from];
}

/* An answer to an earlier attempt has that attempt's cookie: newest first, older ones for the rest.
 */
static bool rx_older_cookie(const struct stream *s, struct answers *a, unsigned i, uint32_t newest)
{
	struct cookie cookie;

	for (uint32_t attempt = newest; attempt-- > 0;) {
		cookie_make(&s->key, &a->remote[i], &a->remote_port[i], (uint8_t)attempt, &cookie,
			    1);
		if (s->probe.ops->validate(&s->probe, a->view[i], &cookie)) {
			a->attempt[i] = (uint8_t)attempt;
			return true;
		}
	}
	return false;
}

static void rx_validate(struct rx *rx, struct answers *a)
{
	const struct stream *s = rx->stream;
	uint64_t front = stream_front(s);
	uint32_t newest = (uint32_t)(front == 0 ? 0 : (front - 1) / s->walk.length);
	struct cookie cookie[RX_BURST];
	unsigned kept = 0;

	cookie_make(&s->key, a->remote, a->remote_port, (uint8_t)newest, cookie, a->n);
	for (unsigned i = 0; i < a->n; i++) {
		a->attempt[i] = (uint8_t)newest;
		if (!s->probe.ops->validate(&s->probe, a->view[i], &cookie[i]) &&
		    !rx_older_cookie(s, a, i, newest))
			rx_reject(rx, REJECT_COOKIE);
		else if (!pkt_checksum_ok(a->view[i], a->data[i]))
			rx_reject(rx, REJECT_CHECKSUM);
		else
			answers_move(a, kept++, i);
	}
	a->n = kept;
}

/* --- position: the inverse of the order leads from the answer to its probe --- */

static uint64_t rx_key(const struct stream *s, const struct answers *a, unsigned i)
{
	return stream_seen_key(s, a->attempt[i], a->offset[i]);
}

/* Answers of targets that are in the space, with the index of each. */
static void rx_rank(struct rx *rx, struct answers *a, uint64_t *index)
{
	unsigned kept = 0;

	target_space_rank(rx->stream->space, a->remote, a->remote_port, index, a->n);
	for (unsigned i = 0; i < a->n; i++) {
		if (index[i] == TARGET_ABSENT) {
			rx_reject(rx, REJECT_NOT_PROBED);
			continue;
		}
		index[kept] = index[i];
		answers_move(a, kept++, i);
	}
	a->n = kept;
}

static void rx_locate(struct rx *rx, struct answers *a)
{
	const struct stream *s = rx->stream;
	uint64_t front = stream_front(s);
	uint64_t index[RX_BURST];
	unsigned kept = 0;

	rx_rank(rx, a, index);
	walk_find(&s->walk, index, a->offset, a->n);
	for (unsigned i = 0; i < a->n; i++) {
		if (a->offset[i] == WALK_ELSEWHERE ||
		    stream_step(s, a->attempt[i], a->offset[i]) >= front)
			rx_reject(rx, REJECT_NOT_PROBED);
		else if (!dedup_knows(s->dedup, rx_key(s, a, i), front))
			rx_reject(rx, REJECT_LATE);
		else
			answers_move(a, kept++, i);
	}
	a->n = kept;
}

/* --- record --- */

static void rx_rst(struct rx *rx, const struct pkt_view *v)
{
	struct followup f = {
		.kind = FOLLOWUP_RST,
		.saddr = v->local,
		.daddr = v->remote,
		.sport = v->local_port,
		.dport = v->remote_port,
		.seq = v->ack, /* what the other side expects next (RFC 9293, 3.5.2) */
	};

	if (rte_ring_sp_enqueue_elem(rx->followups, &f, sizeof(f)) != 0)
		rx->stats.control_lost++;
}

/*
 * An RST closes what the first SYN-ACK of a target opened. A repeat may say that it was lost, or
 * answer a later attempt; but hosts that only replay would take the rate from the probes, so there
 * are on average no more for repeats than each target opened needs.
 */
static void rx_close(struct rx *rx, const struct pkt_view *v, bool repeat)
{
	if (!repeat)
		rx->rst_spare += rx->stream->attempts;
	else if (rx->rst_spare != 0)
		rx->rst_spare--;
	else
		return;
	rx_rst(rx, v);
}

/* Of a burst: all of it came now. */
struct moment {
	uint64_t wall_ns, us;
	uint8_t flags;
};

static struct moment rx_moment(const struct rx *rx, uint64_t now)
{
	bool cooldown = __atomic_load_n(rx->cooldown, __ATOMIC_RELAXED);

	return (struct moment){
		.wall_ns = clock_wall_ns(rx->clock, now),
		.us = clock_ns(rx->clock, now) / 1000,
		.flags = cooldown ? RECORD_COOLDOWN : 0,
	};
}

static void rx_time(const struct rx *rx, const struct answers *a, unsigned i,
		    const struct moment *m, struct record *rec)
{
	uint64_t step = stream_step(rx->stream, a->attempt[i], a->offset[i]);
	uint64_t sent_us;

	rec->time_ns = m->wall_ns;
	rec->attempt = (uint8_t)(a->attempt[i] + 1);
	rec->rtt_us = 0;
	if (sendlog_find(rx->stream->sendlog, step, &sent_us)) {
		rec->rtt_us = m->us > sent_us ? (uint32_t)RTE_MIN(m->us - sent_us, UINT32_MAX) : 0;
		rec->flags |= RECORD_RTT;
	}
}

static void rx_record(struct rx *rx, const struct answers *a, unsigned i, bool repeat,
		      const struct moment *m)
{
	struct record *rec = &rx->record[rx->record_n++];

	if (a->view[i]->kind == PKT_TCP)
		pkt_options(a->view[i], a->data[i]);
	rx->stream->probe.ops->classify(a->view[i], rec);
	rec->flags |= m->flags | (repeat ? RECORD_REPEAT : 0);
	rx_time(rx, a, i, m, rec);
}

static void rx_records(struct rx *rx, const struct answers *a, uint64_t now)
{
	const struct moment moment = rx_moment(rx, now);
	const struct stream *s = rx->stream;
	uint64_t key[RX_BURST], seen;
	uint8_t state[RX_BURST];

	for (unsigned i = 0; i < a->n; i++) {
		key[i] = rx_key(s, a, i);
		state[i] = (uint8_t)s->probe.ops->state(a->view[i]);
	}
	seen = dedup_seen_burst(s->dedup, key, state, a->n);
	for (unsigned i = 0; i < a->n; i++) {
		bool repeat = seen >> i & 1;

		if (rx->send_rst && state[i] == STATE_OPEN)
			rx_close(rx, a->view[i], repeat);
		if (!repeat)
			rx->stats.first[state[i]]++;
		if (!repeat || rx->want_repeats)
			rx_record(rx, a, i, repeat, &moment);
		else
			rx->stats.repeats++;
	}
}

static void rx_hand_over(struct rx *rx)
{
	unsigned n = result_ring_put(rx->results, &rx->record[rx->record_first],
				     rx->record_n - rx->record_first);

	rx->stats.handed += n;
	rx->record_first += n;
}

/* --- the turn --- */

unsigned rx_step(struct rx *rx, uint64_t now)
{
	struct rte_mbuf *mbuf[RX_BURST];
	struct answers a;
	unsigned n, moved = 0;

	if (rx->record_first < rx->record_n) {
		rx_hand_over(rx);
		if (rx->record_first < rx->record_n)
			return 0;
	}
	if (rx->service)
		moved = rx->dev->service(rx->dev, now);
	n = rte_eth_rx_burst(rx->dev->port_id, rx->queue, mbuf, RX_BURST);
	if (n == 0) {
		__atomic_store_n(&rx->drained, now, __ATOMIC_RELEASE);
		return moved;
	}

	rx->stats.received += n;
	rx->record_first = rx->record_n = 0;
	rx_parse(rx, mbuf, n, &a);
	if (a.n != 0)
		rx_validate(rx, &a);
	if (a.n != 0)
		rx_locate(rx, &a);
	rx_records(rx, &a, now);
	rte_pktmbuf_free_bulk(mbuf, n);
	rx_hand_over(rx);
	if (n < RX_BURST && rx->record_first == rx->record_n)
		__atomic_store_n(&rx->drained, now, __ATOMIC_RELEASE);
	return n;
}

uint64_t rx_due(const struct rx *rx)
{
	if (rx->record_first < rx->record_n) /* waits for the consumer, which does not say when */
		return UINT64_MAX;
	return rx->service ? rx->dev->service_due(rx->dev) : UINT64_MAX;
}
