/* SPDX-License-Identifier: BSD-3-Clause */

#include "meter.h"

#define SMOOTH_SECONDS 10.0

/* Counters only grow, but they are read while they do. */
static double rate_of(uint64_t now, uint64_t before, double seconds)
{
	return now > before ? (double)(now - before) / seconds : 0;
}

void meter_read(struct meter *m, const struct snapshot *s)
{
	double seconds = s->elapsed - m->elapsed, done_rate;

	if (s->phase == PHASE_STARTING || seconds < 0.1)
		return;
	done_rate = rate_of(stats_done(s), m->done, seconds);
	m->sent_rate = rate_of(s->sent + s->built, m->sent, seconds);
	m->received_rate = rate_of(s->received, m->received, seconds);
	if (!m->known)
		m->smooth = done_rate;
	else
		m->smooth += (done_rate - m->smooth) * seconds / (seconds + SMOOTH_SECONDS);
	m->known = true;
	m->elapsed = s->elapsed;
	m->sent = s->sent + s->built;
	m->received = s->received;
	m->done = stats_done(s);
}

double meter_left(const struct meter *m, const struct snapshot *s)
{
	uint64_t probes = stats_probes(s), done = stats_done(s);

	switch (s->phase) {
	case PHASE_SENDING:
		if (!m->known || m->smooth <= 0)
			return -1;
		return done < probes ? (double)(probes - done) / m->smooth : 0;
	case PHASE_COOLDOWN:
		return s->cooldown_left > 0 ? s->cooldown_left : 0;
	case PHASE_DONE:
		return 0;
	default:
		return -1;
	}
}
