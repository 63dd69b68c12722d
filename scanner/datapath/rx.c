/* SPDX-License-Identifier: BSD-3-Clause */

#include "rx.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "asked.h"
#include "dedup.h"
#include "first_bits.h"
#include "sample.h"
#include "sendlog.h"
#include "vlan.h"

static_assert((int)RX_BURST <= (int)PKT_BURST, "a burst is sifted at once");

/* Answers of one burst, on their way through the stages: columns, from which what turns out to be
 * none is taken out. */
struct answers {
	struct pkt_claims claims;
	const uint8_t *data[RX_BURST];
	uint8_t odd[RX_BURST];	   /* 0: pkt_sift() has found it; else 1 + its place in view[] */
	uint8_t state[RX_BURST];   /* enum record_state */
	uint8_t attempt[RX_BURST]; /* whose cookie it carries, 0 is the first */
	uint64_t offset[RX_BURST]; /* before it is known, the target's index */
	uint64_t key[RX_BURST];	   /* by which dedup knows the target */
	unsigned n_views;
	struct pkt_view view[RX_BURST]; /* of those that had to be parsed: these stay in place */
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

static bool rx_could_be_answer(struct rx *rx, const struct pkt_view *v, const uint8_t *data)
{
	const struct probe *p = &rx->stream->probe;
	int rc;

	if (v->kind == PKT_ICMP_ECHO && rx->echoes != NULL)
		asked_echo(rx, v, data);
	if (v->kind == PKT_ARP) {
		rx_reject(rx, REJECT_ARP);
		asked_arp(rx, v);
		return false;
	}
	rc = p->ops->match(v);
	if (rc < 0)
		rx_reject(rx, pkt_reject(rc));
	else if (!asked_is_ours(rx, v->local))
		rx_reject(rx, REJECT_ADDRESS);
	else if ((uint32_t)(v->local_port - p->source.port_first) >= p->source.port_count)
		rx_reject(rx, REJECT_PORT);
	else
		return true;
	return false;
}

/* What pkt_sift() has found: nearly all there is. */
static void rx_add_sifted(const struct rx *rx, struct answers *a, const uint8_t *const *data,
			  uint64_t which)
{
	uint64_t open = rx->stream->probe.ops->tcp_open;
	struct pkt_claims *c = &a->claims;

	pkt_claims_sifted(c, data, which);
	for (unsigned i = 0; i < c->n; i++, which &= which - 1) {
		a->data[i] = data[__builtin_ctzll(which)];
		a->odd[i] = 0;
		a->state[i] = open >> (c->flags[i] & 63) & 1 ? STATE_OPEN : STATE_CLOSED;
	}
}

/* All else. */
static void rx_add_odd(struct rx *rx, struct answers *a, const struct rte_mbuf *mbuf,
		       const uint8_t *data, uint16_t len)
{
	struct pkt_view *v = &a->view[a->n_views];
	unsigned i = a->claims.n;
	int rc = pkt_parse(v, data, len);

	if (rc < 0) {
		rx_reject(rx, pkt_reject(rc));
	} else if (vlan_of(mbuf, v->vlan, rx->dev->bare_vlan) != rx->vlan) {
		rx_reject(rx, REJECT_VLAN);
	} else if (rx_could_be_answer(rx, v, data)) {
		pkt_claims_add(&a->claims, v);
		a->data[i] = data;
		a->odd[i] = (uint8_t)++a->n_views;
		a->state[i] = (uint8_t)rx->stream->probe.ops->state(v);
	}
}

/* Which would be in a VLAN that is not ours, if they had no tag in them? */
static uint64_t rx_foreign(const struct rx *rx, struct rte_mbuf *const *mbuf, unsigned n)
{
	const uint16_t bare = rx->dev->bare_vlan, vlan = rx->vlan;
	uint64_t foreign = 0;

	for (unsigned i = 0; i < n; i++)
		foreign |= (uint64_t)(vlan_of(mbuf[i], 0, bare) != vlan) << i;
	return foreign;
}

/* n is not 0. */
static void rx_parse(struct rx *rx, struct rte_mbuf **mbuf, unsigned n, struct answers *a)
{
	const struct pkt_sieve sieve = rx_sieve(&rx->stream->probe);
	const uint8_t *data[RX_BURST];
	uint64_t sifted, wrong_port, odd, foreign;
	uint16_t len[RX_BURST];
	unsigned i = 0;

	do {
		data[i] = rte_pktmbuf_mtod(mbuf[i], const uint8_t *);
		len[i] = rte_pktmbuf_data_len(mbuf[i]);
		rte_prefetch0(data[i]);
	} while (++i < n);
	a->claims.n = a->n_views = 0;
	foreign = rx_foreign(rx, mbuf, n);
	sifted = pkt_sift(&sieve, data, len, n, &wrong_port);
	odd = first_bits(n) & ~(sifted | wrong_port);
	foreign &= ~odd;
	rx->stats.rejected[REJECT_VLAN] += (unsigned)__builtin_popcountll(foreign);
	rx->stats.rejected[REJECT_PORT] += (unsigned)__builtin_popcountll(wrong_port & ~foreign);
	rx_add_sifted(rx, a, data, sifted & ~foreign);
	for (; odd != 0; odd &= odd - 1) {
		i = (unsigned)__builtin_ctzll(odd);
		rx_add_odd(rx, a, mbuf[i], data[i], len[i]);
	}
}

/* --- validate: only answers that carry the cookie stay --- */

static void answers_move(struct answers *a, unsigned to, unsigned from)
{
	struct pkt_claims *c = &a->claims;

	c->local[to] = c->local[from];
	c->remote[to] = c->remote[from];
	c->local_port[to] = c->local_port[from];
	c->remote_port[to] = c->remote_port[from];
	c->number[to] = c->number[from];
	c->kind[to] = c->kind[from];
	c->flags[to] = c->flags[from];
	a->data[to] = a->data[from];
	a->odd[to] = a->odd[from];
	a->state[to] = a->state[from];
	a->attempt[to] = a->attempt[from];
	a->offset[to] = a->offset[from];
	a->key[to] = a->key[from];
}

/* Only those in `which` stay. Returns how many go. */
static unsigned answers_keep(struct answers *a, uint64_t which)
{
	unsigned n = a->claims.n, kept = 0;

	if (which == first_bits(n))
		return 0;
	for (; which != 0; which &= which - 1)
		answers_move(a, kept++, (unsigned)__builtin_ctzll(which));
	a->claims.n = kept;
	return n - kept;
}

/* Only those in `which` stay; the others are rejected. */
static void rx_keep(struct rx *rx, struct answers *a, uint64_t which, enum reject reason)
{
	rx->stats.rejected[reason] += answers_keep(a, which);
}

/* Which answers carry the cookie of this attempt? */
static uint64_t rx_prove(const struct stream *s, struct answers *a, uint32_t attempt)
{
	const struct pkt_claims *c = &a->claims;
	struct cookie cookie[RX_BURST];
	uint64_t right = 0;

	cookie_make(&s->key, c->remote, c->remote_port, (uint8_t)attempt, cookie, c->n);
	for (unsigned i = 0; i < s->n_sources; i++)
		right |= s->probe.ops->validate(&s->sources[i], c, cookie);
	return right;
}

/* The newest attempt is the likeliest; the older ones are tried while anything is left. */
static void rx_validate(struct rx *rx, struct answers *a)
{
	const struct stream *s = rx->stream;
	uint64_t front = stream_latest(s), all = first_bits(a->claims.n), right = 0, more;
	uint32_t attempt = (uint32_t)(front == 0 ? 0 : (front - 1) / s->walk.length);

	memset(a->attempt, (int)attempt, sizeof(a->attempt));
	for (;; attempt--) {
		more = rx_prove(s, a, attempt) & ~right;
		right |= more;
		if (right == all || attempt == 0)
			break;
		for (more = all & ~right; more != 0; more &= more - 1)
			a->attempt[__builtin_ctzll(more)] = (uint8_t)(attempt - 1);
	}
	rx_keep(rx, a, right, REJECT_COOKIE);
}

static bool answer_intact(const struct answers *a, unsigned i)
{
	if (a->odd[i] == 0)
		return pkt_sifted_ok(a->data[i]);
	return pkt_checksum_ok(&a->view[a->odd[i] - 1], a->data[i]);
}

static void rx_verify(struct rx *rx, struct answers *a)
{
	uint64_t intact = 0;

	for (unsigned i = 0; i < a->claims.n; i++)
		intact |= (uint64_t)answer_intact(a, i) << i;
	rx_keep(rx, a, intact, REJECT_CHECKSUM);
}

/* --- position: the inverse of the order leads from the answer to its probe --- */

/* Answers of targets that are in the space; offset[] gets their indices. */
static void rx_rank(struct rx *rx, struct answers *a)
{
	const struct pkt_claims *c = &a->claims;
	uint64_t there = 0;

	target_space_rank(rx->stream->space, c->remote, c->remote_port, a->offset, c->n);
	for (unsigned i = 0; i < c->n; i++)
		there |= (uint64_t)(a->offset[i] != TARGET_ABSENT) << i;
	rx_keep(rx, a, there, REJECT_NOT_PROBED);
}

/* Answers to probes that have been sent. */
static void rx_find(struct rx *rx, struct answers *a, uint64_t front)
{
	const struct stream *s = rx->stream;
	uint64_t sent = 0;

	walk_find(&s->walk, a->offset, a->offset, a->claims.n);
	for (unsigned i = 0; i < a->claims.n; i++)
		sent |= (uint64_t)((a->offset[i] != WALK_ELSEWHERE) &
				   (stream_step(s, a->attempt[i], a->offset[i]) < front))
			<< i;
	rx_keep(rx, a, sent, REJECT_NOT_PROBED);
	memcpy(a->key, a->offset, a->claims.n * sizeof(a->key[0]));
}

/* In a pass too long for all of it to be known: those of which it is known what came before. */
static void rx_recall(struct rx *rx, struct answers *a, uint64_t front)
{
	const struct stream *s = rx->stream;
	uint64_t known = 0;

	for (unsigned i = 0; i < a->claims.n; i++) {
		a->key[i] = stream_seen_key(s, a->attempt[i], a->offset[i]);
		known |= (uint64_t)dedup_knows(s->dedup, a->key[i], front) << i;
	}
	rx_keep(rx, a, known, REJECT_LATE);
}

/*
 * Who of the sample has answered, and which of its probes? ICMP errors are left out: routers send
 * only so many a second, so their absence says nothing of what is lost.
 * In a pass too long for all of it to be known, what the sample's probe brings is no record.
 */
static void rx_sample(struct rx *rx, struct answers *a)
{
	const struct stream *s = rx->stream;
	bool exact = s->walk.length <= DEDUP_EXACT_MAX;
	uint64_t stay = 0;

	for (unsigned i = 0; i < a->claims.n; i++) {
		bool again = a->attempt[i] >= s->attempts;

		if (sample_has(s->sample, a->offset[i]) && a->state[i] <= STATE_CLOSED)
			sample_mark(s->sample, a->offset[i], again);
		stay |= (uint64_t)(exact || !again) << i;
	}
	rx->stats.repeats += answers_keep(a, stay);
}

static void rx_locate(struct rx *rx, struct answers *a)
{
	const struct stream *s = rx->stream;

	rx_rank(rx, a);
	rx_find(rx, a, stream_latest(s));
	if (s->sample != NULL)
		rx_sample(rx, a);
	if (s->walk.length > DEDUP_EXACT_MAX)
		rx_recall(rx, a, stream_front(s));
}

/* --- record --- */

/*
 * An RST closes what the first SYN-ACK of a target opened. A repeat may say that it was lost, or
 * answer a later attempt; but hosts that only replay would take the rate from the probes, so there
 * are on average no more for repeats than each target opened needs.
 */
static bool rx_may_close(struct rx *rx, bool repeat)
{
	if (!repeat)
		rx->rst_spare += rx->stream->attempts;
	else if (rx->rst_spare != 0)
		rx->rst_spare--;
	else
		return false;
	return true;
}

static void rx_close(struct rx *rx, const struct answers *a, uint64_t repeats)
{
	const struct pkt_claims *c = &a->claims;
	struct followup f[RX_BURST];
	unsigned n = 0;

	for (unsigned i = 0; i < c->n; i++) {
		if (a->state[i] != STATE_OPEN || !rx_may_close(rx, repeats >> i & 1))
			continue;
		f[n++] = (struct followup){
			.kind = FOLLOWUP_RST,
			.saddr = c->local[i],
			.daddr = c->remote[i],
			.sport = c->local_port[i],
			.dport = c->remote_port[i],
			.seq = c->number[i], /* what is expected next (RFC 9293, 3.5.2) */
		};
	}
	rx->stats.control_lost +=
		n - rte_ring_sp_enqueue_burst_elem(rx->followups, f, sizeof(f[0]), n, NULL);
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

static void rx_count_slow(struct rx *rx, const struct record *rec)
{
	unsigned step = 0;

	while (step < SLOW_STEPS - 1 && rec->rtt_us / 1000 >= (unsigned)SLOW_FROM_MS << (step + 1))
		step++;
	if ((rec->flags & RECORD_REPEAT) == 0)
		rx->stats.slow[step]++;
}

static void rx_time(struct rx *rx, const struct answers *a, unsigned i, const struct moment *m,
		    struct record *rec)
{
	uint64_t step = stream_step(rx->stream, a->attempt[i], a->offset[i]);
	uint64_t sent_us;

	rec->time_ns = m->wall_ns;
	rec->attempt = (uint8_t)(a->attempt[i] + 1);
	rec->rtt_us = 0;
	if (sendlog_find(rx->stream->sendlog, step, &sent_us)) {
		rec->rtt_us = m->us > sent_us ? (uint32_t)RTE_MIN(m->us - sent_us, UINT32_MAX) : 0;
		rec->flags |= RECORD_RTT;
		if (rec->rtt_us >= SLOW_FROM_MS * 1000u)
			rx_count_slow(rx, rec);
	}
}

/* Its view; a sifted frame's is made at `here`. */
static const struct pkt_view *answer_view(const struct answers *a, unsigned i,
					  struct pkt_view *here)
{
	if (a->odd[i] != 0)
		return &a->view[a->odd[i] - 1];
	pkt_look(here, a->data[i]);
	return here;
}

static void rx_record(struct rx *rx, const struct answers *a, unsigned i, bool repeat,
		      const struct moment *m, const struct pkt_view *v, struct record *rec)
{
	rx->stream->probe.ops->classify(v, rec);
	rec->flags |= m->flags | (repeat ? RECORD_REPEAT : 0);
	rx_time(rx, a, i, m, rec);
}

static void rx_count_new(struct rx *rx, const struct answers *a, uint64_t new)
{
	for (; new != 0; new &= new - 1) {
		unsigned i = (unsigned)__builtin_ctzll(new);

		rx->stats.first[a->state[i]]++;
		if (a->attempt[i] < rx->stream->attempts)
			rx->stats.yield[RTE_MIN(a->attempt[i], YIELD_ATTEMPTS - 1)]++;
		else
			rx->stats.sample_found++;
	}
}

/* Which are new, which are wanted? `which` gets those that become records; the rest is counted. */
static uint64_t rx_dedup(struct rx *rx, const struct answers *a, uint64_t *which)
{
	uint64_t all = first_bits(a->claims.n), repeats;

	repeats = dedup_seen_burst(rx->stream->dedup, a->key, a->state, a->claims.n);
	rx_count_new(rx, a, all & ~repeats);
	*which = all;
	if (!rx->want_repeats) {
		*which &= ~repeats;
		rx->stats.repeats += (unsigned)__builtin_popcountll(repeats);
	}
	return repeats;
}

/* The frames of the records in `which`: from Ethernet to the end of the IPv4 packet. */
static void rx_capture(const struct rx *rx, const struct answers *a, uint64_t which,
		       const struct pkt_view *const *view)
{
	for (; which != 0; which &= which - 1, view++)
		frames_put(rx->frames, a->data[__builtin_ctzll(which)],
			   (unsigned)(*view)->l4 + (*view)->l4_len);
}

/* Makes them in the slots, which are enough; how many. */
static unsigned rx_records(struct rx *rx, const struct answers *a, uint64_t now,
			   const struct result_slots *slots)
{
	uint64_t which, repeats;
	const struct moment moment = rx_moment(rx, now);
	const struct pkt_view *view[RX_BURST];
	struct pkt_view looked[RX_BURST];
	unsigned n = 0, made = 0;

	repeats = rx_dedup(rx, a, &which);
	if (rx->send_rst)
		rx_close(rx, a, repeats);
	/* all views first: what was just written in small pieces is slow to read in large ones */
	for (uint64_t left = which; left != 0; left &= left - 1, n++)
		view[n] = answer_view(a, (unsigned)__builtin_ctzll(left), &looked[n]);
	if (rx->frames != NULL)
		rx_capture(rx, a, which, view);
	for (; which != 0; which &= which - 1, made++) {
		unsigned i = (unsigned)__builtin_ctzll(which);

		rx_record(rx, a, i, repeats >> i & 1, &moment, view[made],
			  result_slot(slots, made));
	}
	return made;
}

/* --- the turn --- */

/* Frames are received: what becomes of them? Returns how many records were made. */
static unsigned rx_burst(struct rx *rx, struct rte_mbuf **mbuf, unsigned n, uint64_t now,
			 const struct result_slots *slots)
{
	static void (*const stages[])(struct rx *, struct answers *) = {rx_validate, rx_verify,
									rx_locate};
	struct answers a;

	rx_parse(rx, mbuf, n, &a);
	for (unsigned i = 0; i < a.claims.n; i++)
		__builtin_prefetch(result_slot(slots, i), 1);
	for (unsigned i = 0; i < sizeof(stages) / sizeof(stages[0]) && a.claims.n != 0; i++)
		stages[i](rx, &a);
	return a.claims.n != 0 ? rx_records(rx, &a, now, slots) : 0;
}

unsigned rx_step(struct rx *rx, uint64_t now)
{
	struct rte_mbuf *mbuf[RX_BURST];
	struct result_slots slots;
	unsigned n = 0, made = 0, moved = 0;
	uint64_t begun = earshot_begin(rx->earshot);
	bool room;

	room = result_ring_reserve(rx->results, RX_BURST, &slots) >= RX_BURST &&
	       (rx->frames == NULL || frames_have_room(rx->frames));
	rx->stats.ring_full += !room && !rx->waits;
	rx->waits = !room;
	if (room) {
		if (rx->service)
			moved = rx->dev->service(rx->dev, now);
		n = rte_eth_rx_burst(rx->dev->port_id, rx->queue, mbuf, RX_BURST);
	}
	if (n != 0) {
		made = rx_burst(rx, mbuf, n, now, &slots);
		io_free(mbuf, n);
		rx->stats.received += n;
		rx->stats.handed += made;
	}
	result_ring_commit(rx->results, made);
	if (room && n < RX_BURST) {
		__atomic_store_n(&rx->drained, now, __ATOMIC_RELEASE);
		earshot_heard(rx->earshot, rx->queue, begun);
	}
	return n != 0 ? n : moved;
}

uint64_t rx_due(const struct rx *rx)
{
	if (rx->waits) /* the writer does not say when there will be room */
		return UINT64_MAX;
	return rx->service ? rx->dev->service_due(rx->dev) : UINT64_MAX;
}
