/* SPDX-License-Identifier: BSD-3-Clause */

#include "monitor.h"

#include <inttypes.h>

#include "human.h"

/* Bytes that a frame takes on the wire: padding, FCS, preamble and gap included. */
static uint64_t wire_len(unsigned frame_len)
{
	return (frame_len < 60 ? 60 : frame_len) + 24;
}

/*
 * What one /24 gets at most, on average: all of its addresses on all ports, and the pairs, which
 * may lie in one network.
 */
static void plan_net(FILE *to, const struct target_counts *counts, uint64_t rate)
{
	uint64_t addrs = counts->addrs < 256 ? counts->addrs : 256;
	uint64_t most = addrs * counts->ports + counts->pairs;
	double pps = (double)rate * (double)most / (double)counts->targets;
	char text[HUMAN_TEXT];

	if (pps < 1)
		fprintf(to, "  one /24   gets at most a probe every %s on average\n",
			human_duration(text, 1 / pps));
	else
		fprintf(to, "  one /24   gets at most %s on average\n", human_si(text, pps, "pps"));
}

static void plan_rate(FILE *to, const struct job *job, uint64_t probes, unsigned frame_len,
		      uint64_t rate)
{
	char a[HUMAN_TEXT], b[HUMAN_TEXT], c[HUMAN_TEXT], d[HUMAN_TEXT];
	double cooldown = (double)job->cooldown_ns / 1e9;

	if (rate == RATE_MAX) {
		fprintf(to, "  rate      as fast as the device takes them, then %s of listening\n",
			human_duration(a, cooldown));
		return;
	}
	fprintf(to, "  rate      %s, %s on the wire: %s of sending, then %s of listening\n",
		human_si(a, (double)rate, "pps"),
		human_si(b, (double)rate * 8 * (double)wire_len(frame_len), "bit/s"),
		human_duration(c, (double)probes / (double)rate), human_duration(d, cooldown));
}

void plan_print(FILE *to, const struct job *job, const struct target_counts *counts,
		uint64_t targets, unsigned frame_len, uint64_t rate)
{
	uint64_t probes = targets * job->attempts;
	char text[HUMAN_TEXT];

	fprintf(to, "plan\n  targets   %" PRIu64, targets);
	if (targets != counts->targets)
		fprintf(to, " of %" PRIu64, counts->targets);
	fprintf(to, " (%" PRIu64 " addresses, %" PRIu64 " ports", counts->addrs, counts->ports);
	if (counts->pairs != 0)
		fprintf(to, ", %" PRIu64 " pairs", counts->pairs);
	fprintf(to, "), %" PRIu64 " excluded\n", counts->excluded);

	fprintf(to, "  probes    %" PRIu64, probes);
	if (job->attempts > 1)
		fprintf(to, " in %" PRIu32 " passes", job->attempts);
	fprintf(to, ", %u bytes each, %s on the wire\n", frame_len,
		human_si(text, (double)probes * (double)wire_len(frame_len), "B"));

	plan_rate(to, job, probes, frame_len, rate);
	if (rate != RATE_MAX)
		plan_net(to, counts, rate);
}
