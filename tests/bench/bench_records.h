/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "record.h"

/* What a scan of a few ports brings: many hosts, three kinds of answers, times that move on. */
static inline void bench_records(struct record *rec, unsigned n)
{
	static const uint16_t ports[] = {22, 80, 443, 8080, 3389, 5900, 25565, 50000};

	for (unsigned i = 0; i < n; i++)
		rec[i] = (struct record){
			.time_ns = UINT64_C(1769860800000000000) + i * UINT64_C(450000),
			.saddr = i * 2654435761u,
			.daddr = 0xc6120001,
			.seq = i * 40503u,
			.ack = i * 69621u,
			.rtt_us = 20000 + i % 7919 * 31,
			.sport = ports[i * 2654435761u >> 29],
			.dport = (uint16_t)(32768 + i),
			.window = 64240,
			.ttl = (uint8_t)(40 + i % 17),
			.class = i % 4 == 0 ? CLASS_RST : CLASS_SYNACK,
			.state = i % 4 == 0 ? STATE_CLOSED : STATE_OPEN,
			.attempt = 1,
			.flags = RECORD_RTT,
		};
}
