/* SPDX-License-Identifier: BSD-3-Clause */

#include "worker.h"

#include <rte_ring.h>

#include "clock.h"
#include "prefix.h"
#include "worker_impl.h"

/* --- how far it has come --- */

void workers_mark(const struct workers *w, struct workers_mark *mark)
{
	mark->drained = UINT64_MAX;
	for (unsigned i = 0; i < w->n_rx; i++)
		mark->drained = RTE_MIN(mark->drained,
					__atomic_load_n(&w->rx[i]->drained, __ATOMIC_ACQUIRE));
	mark->handed = 0;
	for (unsigned i = 0; i < w->n_rx; i++)
		mark->handed += __atomic_load_n(&w->rx[i]->stats.handed, __ATOMIC_RELAXED);

	/* the cursor first: who has taken a step below it has an old or the right mark by now */
	mark->low = mark->cursor = stream_cursor(w->conf.stream);
	mark->repeated = stream_again_claimed(w->conf.stream);
	for (unsigned i = 0; i < w->n_tx; i++) {
		const struct tx *tx = w->tx[i];

		mark->low = RTE_MIN(mark->low, __atomic_load_n(&tx->low, __ATOMIC_ACQUIRE));
		mark->repeated =
			RTE_MIN(mark->repeated, __atomic_load_n(&tx->repeated, __ATOMIC_ACQUIRE));
	}
}

int workers_again(const struct workers *w, uint64_t from, uint64_t to)
{
	const struct clock *clock = w->conf.clock;
	struct spans sent = {0};
	int rc;

	rc = stream_sent_between(w->conf.stream, clock_ns(clock, from) / 1000,
				 clock_ns(clock, to) / 1000, &sent);
	if (rc == 0)
		rc = stream_again(w->conf.stream, &sent);
	spans_fini(&sent);
	return rc;
}

bool workers_again_over(const struct workers *w)
{
	struct workers_mark mark;

	workers_mark(w, &mark);
	return mark.repeated == stream_again_asked(w->conf.stream);
}

/* The sample is of one run: it is not left over. */
static int left_steps(const struct stream *s, uint64_t first, uint64_t n, struct spans *left)
{
	return stream_samples(s, first) ? 0 : spans_add(left, first, first + n);
}

static int left_by(const struct workers *w, const struct tx *tx, struct spans *left)
{
	const struct stream *s = w->conf.stream;
	int rc = left_steps(s, stream_step(s, tx->claim.attempt, tx->claim.next),
			    tx->claim.end - tx->claim.next, left);

	for (unsigned i = tx->batch.first; i < tx->batch.n && rc == 0; i++)
		rc = left_steps(s, tx->batch.step[i], 1, left);
	for (unsigned i = 0; i < tx->deferred.n && rc == 0; i++)
		rc = left_steps(s, tx->deferred.at[i].probe.step, 1, left);
	return rc;
}

int workers_left(const struct workers *w, struct spans *left)
{
	int rc = 0;

	for (unsigned i = 0; i < w->n_tx && rc == 0; i++)
		rc = left_by(w, w->tx[i], left);
	if (rc == 0)
		rc = stream_waiting(w->conf.stream, left);
	spans_settle(left);
	return rc;
}

/* --- counters --- */

static uint64_t get(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static void count_tx(const struct tx *tx, struct snapshot *s, struct device_count *device)
{
	uint64_t sent = get(&tx->stats.sent), control = get(&tx->stats.control);

	device->sent += sent;
	device->control += control;
	device->taken += get(&tx->stats.taken);
	s->sent += sent;
	s->control += control;
	s->resent += get(&tx->stats.resent);
	s->sampled += get(&tx->stats.sampled);
	s->opted_out += get(&tx->stats.opted_out);
	s->gate_hits += get(&tx->stats.gate_hits);
	s->control_lost += get(&tx->stats.control_lost);
	s->ring_full_tx += get(&tx->stats.ring_full);
	s->truly_open += get(&tx->stats.truly_open);
	s->paused |= get(&tx->paused) != 0;
}

static void count_rx(const struct rx *rx, struct snapshot *s, struct device_count *device)
{
	uint64_t received = get(&rx->stats.received), repeats = get(&rx->stats.repeats);
	uint64_t handed = get(&rx->stats.handed);

	device->received += received;
	device->answers += handed + repeats;
	s->received += received;
	s->repeats += repeats;
	s->handed += handed;
	s->ring_full += get(&rx->stats.ring_full);
	s->control_lost += get(&rx->stats.control_lost);
	for (unsigned i = 0; i < REJECT_COUNT; i++)
		s->rejected[i] += get(&rx->stats.rejected[i]);
	for (unsigned i = 0; i < STATE_COUNT; i++)
		s->first[i] += get(&rx->stats.first[i]);
	for (unsigned i = 0; i < YIELD_ATTEMPTS; i++)
		s->yield[i] += get(&rx->stats.yield[i]);
	for (int i = 0; i < SLOW_STEPS; i++)
		s->slow[i] += get(&rx->stats.slow[i]);
	s->sample_found += get(&rx->stats.sample_found);
}

void workers_count(const struct workers *w, struct snapshot *s, bool settled)
{
	for (unsigned i = 0; i < w->n_tx; i++)
		count_tx(w->tx[i], s, &s->device[w->tx_uplink[i]]);
	for (unsigned i = 0; i < w->n_rx; i++)
		count_rx(w->rx[i], s, &s->device[w->rx_uplink[i]]);
	if (w->conf.stream->prefix != NULL)
		s->prefix_peak = prefix_pace_peak(w->conf.stream->prefix);
	if (!settled)
		return;
	s->not_reached = stream_unclaimed(w->conf.stream);
	for (unsigned i = 0; i < w->n_tx; i++) {
		s->not_reached += tx_leftover(w->tx[i]);
		s->control_lost += w->tx[i]->deferred_rst.n;
	}
	for (unsigned i = 0; i < w->n_rx; i++)
		s->control_lost += rte_ring_count(w->followups[i]);
}
