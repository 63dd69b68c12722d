/* SPDX-License-Identifier: BSD-3-Clause */

#include "stats.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

void stats_add(struct snapshot *s, const struct snapshot *more)
{
	s->sent += more->sent;
	s->resent += more->resent;
	s->sampled += more->sampled;
	s->sample_found += more->sample_found;
	s->opted_out += more->opted_out;
	s->gate_hits += more->gate_hits;
	s->tx_dropped += more->tx_dropped;
	s->rx_errors += more->rx_errors;
	s->control += more->control;
	s->control_lost += more->control_lost;
	s->received += more->received;
	s->repeats += more->repeats;
	s->handed += more->handed;
	s->ring_full += more->ring_full;
	s->rx_missed += more->rx_missed;
	s->made_good += more->made_good;
	s->outages += more->outages;
	s->outage_ms += more->outage_ms;
	s->filtered_out += more->filtered_out;
	s->written += more->written;
	s->repeats_written += more->repeats_written;
	s->truly_open += more->truly_open;
	s->backoffs += more->backoffs;
	s->send_seconds += more->send_seconds;
	for (int i = 0; i < REJECT_COUNT; i++)
		s->rejected[i] += more->rejected[i];
	for (int i = 0; i < STATE_COUNT; i++)
		s->first[i] += more->first[i];
	for (int i = 0; i < YIELD_ATTEMPTS; i++)
		s->yield[i] += more->yield[i];
	if (s->prefix_peak < more->prefix_peak)
		s->prefix_peak = more->prefix_peak;
}

uint64_t stats_probes(const struct snapshot *s)
{
	return s->targets * s->attempts;
}

uint64_t stats_answers(const struct snapshot *s)
{
	uint64_t answers = 0;

	for (int i = 0; i < STATE_COUNT; i++)
		answers += s->first[i];
	return answers;
}

unsigned stats_margin_ms(const struct snapshot *s)
{
	uint64_t answers = stats_answers(s), slower = 0;

	if (answers < 1000 && s->elapsed * 1000 < SLOW_FROM_MS << SLOW_STEPS)
		return SLOW_FROM_MS << SLOW_STEPS;
	for (unsigned i = SLOW_STEPS; i > 0; i--) {
		slower += s->slow[i - 1];
		if (slower > answers / 1000)
			return SLOW_FROM_MS << i;
	}
	return SLOW_FROM_MS;
}

uint64_t stats_done(const struct snapshot *s)
{
	return s->sent + s->built + s->opted_out + s->gate_hits;
}

double stats_percent(const struct snapshot *s)
{
	uint64_t probes = stats_probes(s), done = stats_done(s);

	if (s->phase == PHASE_STARTING || probes == 0)
		return 0;
	return done >= probes ? 100 : 100.0 * (double)done / (double)probes;
}

double stats_hit_rate(const struct snapshot *s)
{
	/* later passes come after the first has met every target */
	uint64_t probed = s->sent < s->targets ? s->sent : s->targets;

	return probed == 0 ? 0 : 100.0 * (double)s->first[STATE_OPEN] / (double)probed;
}

uint64_t stats_rejected(const struct snapshot *s)
{
	uint64_t sum = 0;

	for (int i = 0; i < REJECT_COUNT; i++)
		sum += s->rejected[i];
	return sum;
}

uint64_t stats_missing(const struct snapshot *s)
{
	return s->rx_missed + s->tx_dropped;
}

uint64_t stats_lost(const struct snapshot *s)
{
	uint64_t missing = stats_missing(s);

	return missing > s->made_good ? missing - s->made_good : 0;
}

uint64_t stats_unsent(uint64_t taken, uint64_t counted)
{
	return counted == 0 || counted >= taken ? 0 : taken - counted;
}

struct equation {
	const char *left_name, *right_name;
	uint64_t left, right;
	uint64_t part[4]; /* of the right side */
};

static const char *equation_text(const struct equation *e, unsigned n_parts, char *buf,
				 unsigned len)
{
	int at = snprintf(buf, len, "%s = %s: %" PRIu64 " is not ", e->left_name, e->right_name,
			  e->left);

	for (unsigned i = 0; i < n_parts && at >= 0 && (unsigned)at < len; i++)
		at += snprintf(buf + at, len - (unsigned)at, "%s%" PRIu64, i ? " + " : "",
			       e->part[i]);
	if (n_parts > 1 && at >= 0 && (unsigned)at < len)
		snprintf(buf + at, len - (unsigned)at, " = %" PRIu64, e->right);
	return buf;
}

const char *stats_check(const struct snapshot *s, bool settled, char *buf, unsigned len)
{
	struct equation equations[] = {
		{"targets * attempts",
		 "sent + opted_out + gate_hits + not_reached",
		 stats_probes(s),
		 0,
		 {s->sent, s->opted_out, s->gate_hits, s->not_reached}},
		{"received",
		 "handed + repeats + rejected",
		 s->received,
		 0,
		 {s->handed, s->repeats, stats_rejected(s)}},
		{"handed",
		 "written + filtered_out + pending",
		 s->handed,
		 0,
		 {s->written, s->filtered_out, s->pending}},
		{"pending", "0", s->pending, 0, {0}},
	};
	const unsigned n_parts[] = {4, 3, 3, 1};

	if (!settled) {
		if (stats_done(s) <= stats_probes(s))
			return NULL;
		snprintf(buf, len,
			 "sent + opted_out + gate_hits <= targets * attempts: %" PRIu64
			 " is more than %" PRIu64,
			 stats_done(s), stats_probes(s));
		return buf;
	}
	for (unsigned i = 0; i < sizeof(equations) / sizeof(*equations); i++) {
		struct equation *e = &equations[i];

		e->right = e->part[0] + e->part[1] + e->part[2] + e->part[3];
		if (e->left != e->right)
			return equation_text(e, n_parts[i], buf, len);
	}
	return NULL;
}

const char *scan_phase_name(enum scan_phase phase)
{
	static const char *const names[] = {
		[PHASE_STARTING] = "starting",
		[PHASE_SENDING] = "sending",
		[PHASE_COOLDOWN] = "cooldown",
		[PHASE_DONE] = "done",
	};

	return names[phase];
}

enum scan_end scan_end_judge(enum scan_end end, bool limited, const struct snapshot *s)
{
	switch (end) {
	case END_COMPLETE:
	case END_MAX_TARGETS:
	case END_MAX_RESULTS:
	case END_MAX_RUNTIME:
		if (stats_lost(s) != 0)
			return END_LOSS;
		if (end != END_COMPLETE)
			return end;
		return s->built != 0 ? END_DRY_RUN : limited ? END_MAX_TARGETS : end;
	default:
		return end;
	}
}

const char *scan_end_name(enum scan_end end)
{
	static const char *const names[] = {
		[END_COMPLETE] = "complete",
		[END_MAX_TARGETS] = "max-targets",
		[END_MAX_RESULTS] = "max-results",
		[END_MAX_RUNTIME] = "max-runtime",
		[END_SIGNAL] = "signal",
		[END_OUTPUT] = "output",
		[END_DEVICE] = "device",
		[END_BOOKS] = "books",
		[END_GATE] = "gate",
		[END_LOSS] = "loss",
		[END_DRY_RUN] = "dry-run",
	};

	return names[end];
}
