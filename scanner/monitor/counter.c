/* SPDX-License-Identifier: BSD-3-Clause */

#include "counter.h"

enum {
	NOT_STATUS = IN_SUMMARY | IN_TELEMETRY,
	EVERYWHERE = NOT_STATUS | IN_STATUS,
	/* what a scan that goes on cannot work out anew */
	KEPT = IN_STATE,
};

#define COUNTER(name, shown, field)                                                                \
	{                                                                                          \
		name, shown, offsetof(struct snapshot, field)                                      \
	}

const struct counter counters[] = {
	COUNTER("targets", NOT_STATUS, targets),
	COUNTER("excluded", NOT_STATUS, excluded),
	COUNTER("attempts", NOT_STATUS, attempts),
	COUNTER("sent", EVERYWHERE, sent),
	COUNTER("built", EVERYWHERE, built),
	COUNTER("resent", EVERYWHERE | KEPT, resent),
	COUNTER("sampled", IN_TELEMETRY | KEPT, sampled),
	COUNTER("sample_found", IN_TELEMETRY | KEPT, sample_found),
	COUNTER("opted_out", EVERYWHERE | KEPT, opted_out),
	COUNTER("not_reached", IN_SUMMARY, not_reached),
	COUNTER("gate_hits", NOT_STATUS | KEPT, gate_hits),
	COUNTER("tx_dropped", EVERYWHERE | KEPT, tx_dropped),
	COUNTER("control", NOT_STATUS | KEPT, control),
	COUNTER("control_lost", NOT_STATUS | KEPT, control_lost),
	COUNTER("received", EVERYWHERE, received),
	COUNTER("repeats", EVERYWHERE | KEPT, repeats),
	COUNTER("repeats_written", NOT_STATUS | KEPT, repeats_written),
	COUNTER("open", EVERYWHERE | KEPT, first[STATE_OPEN]),
	COUNTER("closed", EVERYWHERE | KEPT, first[STATE_CLOSED]),
	COUNTER("unreachable", EVERYWHERE | KEPT, first[STATE_UNREACHABLE]),
	COUNTER("filtered", EVERYWHERE | KEPT, first[STATE_FILTERED]),
	COUNTER("filtered_out", EVERYWHERE | KEPT, filtered_out),
	COUNTER("rx_missed", EVERYWHERE | KEPT, rx_missed),
	COUNTER("rx_errors", NOT_STATUS | KEPT, rx_errors),
	COUNTER("ring_full", EVERYWHERE | KEPT, ring_full),
	COUNTER("outages", EVERYWHERE | KEPT, outages),
	COUNTER("outage_ms", IN_TELEMETRY | KEPT, outage_ms),
	COUNTER("made_good", NOT_STATUS | KEPT, made_good),
	COUNTER("backoffs", EVERYWHERE | KEPT, backoffs),
	COUNTER("ring_full_tx", IN_TELEMETRY, ring_full_tx),
	COUNTER("pending", IN_TELEMETRY, pending),
	COUNTER("written", NOT_STATUS | KEPT, written),
	COUNTER("yield_1", KEPT, yield[0]),
	COUNTER("yield_2", KEPT, yield[1]),
	COUNTER("yield_3", KEPT, yield[2]),
	COUNTER("yield_4", KEPT, yield[3]),
	COUNTER("yield_5", KEPT, yield[4]),
	COUNTER("yield_6", KEPT, yield[5]),
	COUNTER("yield_7", KEPT, yield[6]),
	COUNTER("yield_8", KEPT, yield[7]),
	COUNTER("prefix_peak", IN_TELEMETRY | KEPT, prefix_peak),
};
const size_t n_counters = sizeof(counters) / sizeof(*counters);
