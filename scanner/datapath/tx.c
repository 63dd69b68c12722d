/* SPDX-License-Identifier: BSD-3-Clause */

#include "tx.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "clock.h"
#include "echo.h"
#include "first_bits.h"
#include "gate.h"
#include "prefix.h"
#include "sample.h"
#include "sendlog.h"

/* --- send: what is in the burst goes to the device --- */

/* Which of the first n of the batch belong to the sample? */
static uint64_t tx_of_sample(const struct tx *tx, unsigned n)
{
	const struct batch *b = &tx->batch;
	uint64_t mask = 0;

	for (unsigned i = 0; tx->stream->sample != NULL && i < n; i++)
		mask |= (uint64_t)stream_samples(tx->stream, b->step[b->first + i]) << i;
	return mask;
}

/* How many of them ask a port that is open, where the device knows: once for all attempts. */
static unsigned tx_truly_open(const struct tx *tx, unsigned n)
{
	const struct batch *b = &tx->batch;
	unsigned first = b->first, end = b->first + n, open = 0;

	while (first < end) {
		unsigned to = first;

		while (to < end && b->step[to] < tx->stream->walk.length)
			to++;
		open += tx->dev->count_open(tx->dev, &b->daddr[first], &b->dport[first],
					    to - first);
		first = to + 1;
	}
	return open;
}

/* The first n waiting probes are the first n of the batch: they are on their way now. */
static void tx_sent_probes(struct tx *tx, unsigned n)
{
	struct batch *b = &tx->batch;
	unsigned sampled;

	earshot_sent(tx->earshot, n);
	if (b->again) {
		b->first += n;
		tx->stats.resent += n;
		return;
	}
	sampled = (unsigned)__builtin_popcountll(tx_of_sample(tx, n));
	if (tx->dev->count_open != NULL)
		tx->stats.truly_open += tx_truly_open(tx, n);
	for (unsigned i = b->first; i < b->first + n && tx->stream->sent_below != 0; i++)
		tx->stats.resent += b->step[i] < tx->stream->sent_below;
	b->first += n;
	tx->stats.sent += n - sampled;
	tx->stats.sampled += sampled;
}

static unsigned tx_send(struct tx *tx, uint64_t now)
{
	struct batch *b = &tx->batch;
	unsigned want = tx->burst_n - tx->burst_first, sent;

	if (!tx->burst_is_control)
		sendlog_note(tx->stream->sendlog, &b->step[b->first], want,
			     clock_ns(tx->clock, now) / 1000);
	if (tx->dry) {
		rte_pktmbuf_free_bulk(&tx->burst[tx->burst_first], want);
		sent = want;
	} else {
		sent = io_send(tx->dev, tx->queue, &tx->burst[tx->burst_first], want);
		tx->stats.taken += sent;
	}
	if (tx->burst_is_control)
		tx->stats.control += sent;
	else if (sent != 0)
		tx_sent_probes(tx, sent);
	tx->burst_first += sent;
	if (sent < want)
		tx->stats.ring_full++;
	return sent;
}

/* --- batch: which probes come next --- */

/* First probes or repeats, whichever the next is: a batch has one kind. */
static bool tx_batch_deferred(struct tx *tx, uint64_t now)
{
	const struct deferral *next = tx->deferred.at;
	struct batch *b = &tx->batch;
	struct deferral d;

	b->again = next->probe.again;
	while (b->n < TX_BURST && next->probe.again == b->again &&
	       deferrals_take(&tx->deferred, now, &d)) {
		b->step[b->n] = d.probe.step;
		b->daddr[b->n] = d.probe.daddr;
		b->dport[b->n] = d.probe.dport;
		b->cookie[b->n] = d.probe.cookie;
		b->n++;
		tx->deferred_again -= b->again;
	}
	b->suspects = gate_near(tx->stream->gate, b->daddr, b->n);
	return b->n != 0;
}

/* From here on the lcore holds none of the pieces below number. */
static void tx_repeated(struct tx *tx, uint64_t number)
{
	if (tx->deferred_again == 0)
		__atomic_store_n(&tx->repeated, number, __ATOMIC_RELEASE);
}

/*
 * The next run of steps. From then on the lcore holds no step below tx->low that is not sent, and
 * no piece of repeats below tx->repeated: checkpoints read them.
 */
static bool tx_claim(struct tx *tx)
{
	uint64_t claimed = stream_again_claimed(tx->stream), low;

	if (!stream_claim(tx->stream, &tx->claim)) {
		tx_repeated(tx, claimed);
		return false;
	}
	tx_repeated(tx, tx->claim.again ? tx->claim.number : claimed);
	if (tx->claim.again)
		return true;
	low = stream_step(tx->stream, tx->claim.attempt, tx->claim.next);
	for (unsigned i = 0; i < tx->deferred.n; i++)
		if (!tx->deferred.at[i].probe.again)
			low = RTE_MIN(low, tx->deferred.at[i].probe.step);
	__atomic_store_n(&tx->low, low, __ATOMIC_RELEASE);
	return true;
}

static unsigned tx_next_ahead(struct tx *tx)
{
	struct claim *c = &tx->claim;
	struct ahead_burst *next = ahead_next(&tx->ahead, tx->stream, &c->next, c->end);

	batch_use(&tx->batch, &next->targets);
	tx->batch.suspects = next->suspects;
	return next->n;
}

/* The next targets of the claim. */
static unsigned tx_next(struct tx *tx)
{
	const struct stream *s = tx->stream;
	struct batch *b = &tx->batch;
	struct claim *c = &tx->claim;
	uint64_t index[TX_BURST];
	unsigned n;

	if (c->attempt < s->attempts && ahead_pays(s))
		return tx_next_ahead(tx);
	if (c->attempt < s->attempts)
		n = walk_next(&s->walk, &c->next, c->end, b->step, index, TX_BURST);
	else
		n = sample_next(s->sample, &s->walk, &c->next, c->end, b->step, index, TX_BURST);
	target_space_pick(s->space, index, b->daddr, b->dport, n);
	b->suspects = gate_near(s->gate, b->daddr, n);
	if (s->prefix != NULL)
		prefix_pace_prefetch(s->prefix, b->daddr, n);
	return n;
}

/* Claim, order, targets, cookies: the chain from a position to a probe, a burst at a time. */
static bool tx_batch(struct tx *tx, uint64_t now)
{
	struct stream *s = tx->stream;
	struct batch *b = &tx->batch;
	uint64_t before;

	b->first = b->n = 0;
	batch_use(b, &tx->targets);
	if (tx->deferred.n != 0 && tx_batch_deferred(tx, now))
		return true;
	if (tx->deferred.n > DEFERRALS_MAX - TX_BURST)
		return false; /* no room to put off more: wait */

	while (b->n == 0) {
		if (tx->claim.next == tx->claim.end && !tx_claim(tx))
			return false;
		b->n = tx_next(tx);
	}
	b->again = tx->claim.again;
	before = stream_step(s, tx->claim.attempt, 0);
	for (unsigned i = 0; before != 0 && i < b->n; i++)
		b->step[i] += before;
	cookie_make(&s->key, b->daddr, b->dport, (uint8_t)tx->claim.attempt, b->cookie, b->n);
	return true;
}

/* --- fill: the next n of the batch become frames --- */

static unsigned tx_gate(struct tx *tx, unsigned n)
{
	struct batch *b = &tx->batch;
	uint64_t bug, opted_out, allowed;

	tx->gate_generation = gate_generation(tx->stream->gate);
	allowed = gate_check(tx->stream->gate, &b->daddr[b->first], n,
			     b->suspects >> b->first & first_bits(n), &bug, &opted_out);
	if (allowed == first_bits(n))
		return n;
	opted_out &= ~(bug | tx_of_sample(tx, n));
	tx->stats.gate_hits += (unsigned)__builtin_popcountll(bug);
	if (!b->again) /* else it is among those that were sent */
		tx->stats.opted_out += (unsigned)__builtin_popcountll(opted_out);
	return batch_keep(b, allowed, n);
}

static void tx_defer(struct tx *tx, unsigned at, uint64_t due)
{
	const struct batch *b = &tx->batch;
	struct deferral d = {
		.due = due,
		.probe = {b->step[at], b->daddr[at], b->dport[at], b->again, b->cookie[at]},
	};

	deferrals_put(&tx->deferred, &d); /* tx_batch() left room */
	tx->deferred_again += b->again;
}

static unsigned tx_prefix(struct tx *tx, unsigned n, uint64_t now)
{
	struct batch *b = &tx->batch;
	uint64_t due[TX_BURST], may, wait;

	may = prefix_pace_take(tx->stream->prefix, &b->daddr[b->first], n, now, due);
	if (may == first_bits(n))
		return n;
	for (wait = first_bits(n) & ~may; wait != 0; wait &= wait - 1) {
		unsigned i = (unsigned)__builtin_ctzll(wait);

		tx_defer(tx, b->first + i, due[i]);
	}
	return batch_keep(b, may, n);
}

/*
 * Buffers as the pool has them: whole, unshared, and with the headroom they were made with, for
 * nobody whom we send to changes that. So only their lengths are to be set.
 */
static bool tx_alloc(struct tx *tx, unsigned n, bool control)
{
	if (rte_mempool_get_bulk(tx->pool, (void **)tx->burst, n) != 0) {
		tx->stats.no_mbuf++;
		return false;
	}
	tx->burst_first = 0;
	tx->burst_n = n;
	tx->burst_is_control = control;
	return true;
}

/* Where a frame begins in a buffer of the pool: what rte_pktmbuf_mtod() finds by a look at each. */
static size_t tx_frame_offset(const struct tx *tx)
{
	return sizeof(struct rte_mbuf) + rte_pktmbuf_priv_size(tx->pool) + RTE_PKTMBUF_HEADROOM;
}

/* Gate and frames for the n probes that the pacer has released; returns how many are ready. */
static unsigned tx_fill(struct tx *tx, unsigned n, uint64_t now)
{
	const struct probe *p = &tx->probe;
	struct batch *b = &tx->batch;
	const size_t offset = tx_frame_offset(tx);
	const uint16_t len = p->template.len;
	uint8_t *frame[TX_BURST];

	n = tx_gate(tx, n);
	if (n != 0 && tx->stream->prefix != NULL)
		n = tx_prefix(tx, n, now);
	if (n == 0 || !tx_alloc(tx, n, false))
		return 0;

	for (unsigned i = 0; i < n; i++)
		frame[i] = (uint8_t *)tx->burst[i] + offset;
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *mbuf = tx->burst[i];

		mbuf->data_len = len;
		mbuf->pkt_len = len;
	}
	p->ops->write(p, &b->daddr[b->first], &b->dport[b->first], &b->cookie[b->first], frame, n);
	return n;
}

/* --- control frames: what the RX lcores asked for --- */

static uint16_t tx_write_followup(const struct tx *tx, const struct followup *f, uint8_t *frame)
{
	struct pkt_fields fields = {
		.saddr = f->saddr,
		.daddr = f->daddr,
		.sport = f->sport,
		.dport = f->dport,
		.seq = f->seq,
	};
	struct pkt_link link = tx->neigh->link;

	if (f->kind == FOLLOWUP_RST) {
		pkt_template_write(&tx->rst, &fields, frame);
		return tx->rst.len;
	}
	memcpy(link.dst_mac, f->mac, sizeof(link.dst_mac));
	return pkt_arp_write(frame, &link, 2, f->saddr, f->daddr, f->mac);
}

/* Whether f may go now: an RST to a prefix that has had its share waits. */
static bool tx_followup_may_go(struct tx *tx, const struct followup *f, uint64_t now)
{
	struct deferral d = {.rst = *f};

	if (tx->stream->prefix == NULL || f->kind != FOLLOWUP_RST)
		return true;
	if (prefix_pace_take(tx->stream->prefix, &f->daddr, 1, now, &d.due) != 0)
		return true;
	if (!deferrals_put(&tx->deferred_rst, &d))
		tx->stats.control_lost++;
	return false;
}

/* Takes up to n follow-ups, those first that have waited, and keeps what may go now. */
static unsigned tx_take_followups(struct tx *tx, struct followup *todo, unsigned n, uint64_t now)
{
	unsigned taken = 0, kept = 0;
	struct deferral d;

	for (; taken < n && deferrals_take(&tx->deferred_rst, now, &d); taken++)
		todo[taken] = d.rst;
	for (unsigned i = 0; i < tx->n_followups && taken < n; i++)
		taken += rte_ring_sc_dequeue_burst_elem(tx->followups[i], &todo[taken],
							sizeof(todo[0]), n - taken, NULL);
	for (unsigned i = 0; i < taken; i++)
		if (tx_followup_may_go(tx, &todo[i], now))
			todo[kept++] = todo[i];
	return kept;
}

static unsigned tx_control(struct tx *tx, uint64_t now)
{
	unsigned waiting = deferrals_due(&tx->deferred_rst) <= now ? tx->deferred_rst.n : 0;
	struct followup todo[FOLLOWUP_BURST];
	unsigned may, n = 0;

	for (unsigned i = 0; i < tx->n_followups; i++)
		waiting += rte_ring_count(tx->followups[i]);
	if (waiting == 0)
		return 0;
	may = pace_take(&tx->pace, now, RTE_MIN(waiting, (unsigned)FOLLOWUP_BURST));
	if (may == 0)
		return 0;
	if (tx_alloc(tx, may, true)) {
		n = tx_take_followups(tx, todo, may, now);
		rte_pktmbuf_free_bulk(&tx->burst[n], may - n);
		tx->burst_n = n;
	}
	pace_give_back(&tx->pace, may - n);
	for (unsigned i = 0; i < n; i++) {
		uint8_t *frame = rte_pktmbuf_mtod(tx->burst[i], uint8_t *);

		tx->burst[i]->data_len = tx_write_followup(tx, &todo[i], frame);
		tx->burst[i]->pkt_len = tx->burst[i]->data_len;
	}
	return n;
}

static unsigned tx_echo(struct tx *tx, uint64_t now)
{
	struct pkt_link link = tx->neigh->link;
	struct echo echo;

	if (rte_ring_empty(tx->echoes) || pace_take(&tx->pace, now, 1) == 0)
		return 0;
	if (!tx_alloc(tx, 1, true)) {
		pace_give_back(&tx->pace, 1);
		return 0;
	}
	rte_ring_sc_dequeue_elem(tx->echoes, &echo, sizeof(echo));
	neigh_mac_bytes(link.dst_mac, tx->gateway);
	tx->burst[0]->data_len =
		echo_write(&echo, &link, tx->ttl, rte_pktmbuf_mtod(tx->burst[0], uint8_t *));
	tx->burst[0]->pkt_len = tx->burst[0]->data_len;
	return 1;
}

static unsigned tx_asked_for(struct tx *tx, uint64_t now)
{
	unsigned n = tx_control(tx, now);

	return n == 0 && tx->echoes != NULL ? tx_echo(tx, now) : n;
}

/* The main thread wants to know whether the gateway is still there, and where. */
static unsigned tx_ask(struct tx *tx, uint64_t now)
{
	uint64_t asked = __atomic_load_n(&tx->neigh->asked, __ATOMIC_ACQUIRE);

	if (asked == tx->asked || pace_take(&tx->pace, now, 1) == 0)
		return 0;
	if (!tx_alloc(tx, 1, true)) {
		pace_give_back(&tx->pace, 1);
		return 0;
	}
	tx->asked = asked;
	tx->burst[0]->data_len =
		neigh_question(tx->neigh, rte_pktmbuf_mtod(tx->burst[0], uint8_t *));
	tx->burst[0]->pkt_len = tx->burst[0]->data_len;
	return 1;
}

/* --- the turn --- */

/* The gateway has another hardware address than what we sent last: frames go there from now on. */
static void tx_follow_gateway(struct tx *tx)
{
	uint64_t gateway = __atomic_load_n(&tx->neigh->mac, __ATOMIC_RELAXED);
	uint8_t mac[6];

	if (gateway == tx->gateway)
		return;
	tx->gateway = gateway;
	neigh_mac_bytes(mac, gateway);
	pkt_template_send_to(&tx->probe.template, mac);
	pkt_template_send_to(&tx->rst, mac);
}

/* The main thread has found another rate to be right. */
static void tx_follow_rate(struct tx *tx, uint64_t now)
{
	uint64_t rate = __atomic_load_n(tx->rate, __ATOMIC_RELAXED);

	if (rate == tx->paced)
		return;
	tx->paced = rate;
	pace_change(&tx->pace, rate, now);
}

/* A consumer that does not keep up makes sending wait, long before a record would be dropped. */
static bool tx_must_pause(struct tx *tx, uint64_t now)
{
	for (unsigned i = 0; i < tx->n_results; i++) {
		if (result_ring_high(tx->results[i])) {
			__atomic_store_n(&tx->paused, now, __ATOMIC_RELAXED);
			return true;
		}
	}
	if (tx->paused != 0)
		__atomic_store_n(&tx->paused, 0, __ATOMIC_RELAXED);
	return false;
}

/* Probes that wait for a full device are made again when the blocklist has grown meanwhile, or the
 * gateway has moved. */
static bool tx_waiting_stale(const struct tx *tx)
{
	return !tx->burst_is_control &&
	       (tx->gate_generation != gate_generation(tx->stream->gate) ||
		tx->gateway != __atomic_load_n(&tx->neigh->mac, __ATOMIC_RELAXED));
}

static bool tx_more(struct tx *tx, uint64_t now)
{
	tx->probe_due = 0;
	if (tx->batch.first < tx->batch.n || tx_batch(tx, now))
		return true;
	tx->probe_due = deferrals_due(&tx->deferred);
	if (tx->deferred.n != 0 || tx->claim.next != tx->claim.end)
		return false;
	if (stream_exhausted(tx->stream)) {
		__atomic_store_n(&tx->low, tx->stream->steps, __ATOMIC_RELEASE);
		__atomic_store_n(&tx->done, true, __ATOMIC_RELEASE);
	} else { /* the lease is used up: the state waits for its disk */
		__atomic_store_n(&tx->paused, now, __ATOMIC_RELAXED);
	}
	return false;
}

/* Nothing is left, unless there are repeats, or the sample has begun meanwhile. Then it is told
 * before they are claimed. */
static bool tx_is_done(struct tx *tx)
{
	uint64_t claimed;

	if (!tx->done)
		return false;
	claimed = stream_again_claimed(tx->stream);
	if (!stream_exhausted(tx->stream))
		__atomic_store_n(&tx->done, false, __ATOMIC_RELEASE);
	else
		tx_repeated(tx, claimed);
	return tx->done;
}

/* Frames of the next probes that may go now: how many wait for the device. */
static unsigned tx_probes(struct tx *tx, uint64_t now)
{
	unsigned n, taken;

	if (*tx->stop || *tx->hold || tx_is_done(tx) || tx_must_pause(tx, now) ||
	    earshot_left(tx->earshot) || !tx_more(tx, now))
		return 0;
	taken = pace_take(&tx->pace, now, tx->batch.n - tx->batch.first);
	if (taken == 0)
		return 0;
	n = tx_fill(tx, taken, now);
	if (n < taken)
		pace_give_back(&tx->pace, taken - n);
	tx->owed -= RTE_MIN(tx->owed, n);
	return n;
}

unsigned tx_step(struct tx *tx, uint64_t now)
{
	unsigned n = 0;

	if (tx->burst_first < tx->burst_n && !tx_waiting_stale(tx))
		return tx_send(tx, now);
	if (tx->burst_first < tx->burst_n)
		tx_drain(tx);
	tx_follow_gateway(tx);
	tx_follow_rate(tx, now);
	if (tx->asks)
		n = tx_ask(tx, now);
	/* what others make us send gets half of the rate at most, while probes wait */
	if (n == 0 && tx->owed == 0)
		n = tx->owed = tx_asked_for(tx, now);
	if (n == 0)
		n = tx_probes(tx, now);
	if (n == 0 && tx->owed != 0)
		n = tx_asked_for(tx, now);
	return n == 0 ? 0 : tx_send(tx, now);
}

uint64_t tx_leftover(const struct tx *tx)
{
	const struct walk *w = &tx->stream->walk;
	unsigned waiting = tx->batch.n - tx->batch.first;
	uint64_t left = 0;

	if (!tx->batch.again)
		left = waiting - (unsigned)__builtin_popcountll(tx_of_sample(tx, waiting));
	for (unsigned i = 0; i < tx->deferred.n; i++)
		left += !tx->deferred.at[i].probe.again &&
			!stream_samples(tx->stream, tx->deferred.at[i].probe.step);
	if (!tx->claim.again && tx->claim.attempt < tx->stream->attempts)
		left += walk_targets_before(w, tx->claim.end) -
			walk_targets_before(w, tx->claim.next);
	return left;
}

uint64_t tx_due(const struct tx *tx, uint64_t now)
{
	uint64_t due;

	if (tx->burst_first < tx->burst_n)
		return now;
	for (unsigned i = 0; i < tx->n_followups; i++)
		if (!rte_ring_empty(tx->followups[i]))
			return pace_due(&tx->pace);
	due = deferrals_due(&tx->deferred_rst);
	if (!*tx->stop && !tx->done && tx->paused == 0)
		due = RTE_MIN(due, tx->probe_due);
	return RTE_MAX(pace_due(&tx->pace), due);
}

void tx_drain(struct tx *tx)
{
	unsigned n = tx->burst_n - tx->burst_first;

	rte_pktmbuf_free_bulk(&tx->burst[tx->burst_first], n);
	if (tx->burst_is_control)
		tx->stats.control_lost += n;
	tx->burst_first = tx->burst_n = 0;
}
