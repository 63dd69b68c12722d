/* SPDX-License-Identifier: BSD-3-Clause */

#include "counter.h"

enum { EVERYWHERE = IN_SUMMARY | IN_STATUS | IN_TELEMETRY, NOT_STATUS = IN_SUMMARY | IN_TELEMETRY };

#define COUNTER(name, shown, field)                                                                \
	{                                                                                          \
		name, shown, offsetof(struct snapshot, field)                                      \
	}

const struct counter counters[] = {
	COUNTER("targets", NOT_STATUS, targets),
	COUNTER("excluded", NOT_STATUS, excluded),
	COUNTER("attempts", NOT_STATUS, attempts),
	COUNTER("sent", EVERYWHERE, sent),
	COUNTER("resent", NOT_STATUS, resent),
	COUNTER("opted_out", EVERYWHERE, opted_out),
	COUNTER("not_reached", IN_SUMMARY, not_reached),
	COUNTER("gate_hits", NOT_STATUS, gate_hits),
	COUNTER("tx_dropped", EVERYWHERE, tx_dropped),
	COUNTER("control", NOT_STATUS, control),
	COUNTER("control_lost", NOT_STATUS, control_lost),
	COUNTER("received", EVERYWHERE, received),
	COUNTER("repeats", EVERYWHERE, repeats),
	COUNTER("repeats_written", NOT_STATUS, repeats_written),
	COUNTER("open", EVERYWHERE, first[STATE_OPEN]),
	COUNTER("closed", EVERYWHERE, first[STATE_CLOSED]),
	COUNTER("unreachable", EVERYWHERE, first[STATE_UNREACHABLE]),
	COUNTER("filtered", EVERYWHERE, first[STATE_FILTERED]),
	COUNTER("filtered_out", EVERYWHERE, filtered_out),
	COUNTER("rx_missed", EVERYWHERE, rx_missed),
	COUNTER("ring_full", EVERYWHERE, ring_full),
	COUNTER("ring_full_tx", IN_TELEMETRY, ring_full_tx),
	COUNTER("pending", IN_TELEMETRY, pending),
	COUNTER("written", NOT_STATUS, written),
	COUNTER("prefix_peak", IN_TELEMETRY, prefix_peak),
};
const size_t n_counters = sizeof(counters) / sizeof(*counters);
