/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Records at random, extreme values among them, for tests of output/. */

#include "record.h"
#include "test.h"

static inline uint32_t record_any(uint64_t *seed, uint32_t max)
{
	uint64_t r = test_random(seed);

	switch (r >> 61) {
	case 0:
		return 0;
	case 1:
		return max;
	case 2:
		return (uint32_t)(r % 100) & max;
	default:
		return (uint32_t)r & max;
	}
}

static inline struct record record_random(uint64_t *seed)
{
	/* seconds around the turns of the clock, the first and the last that there are */
	static const uint64_t seconds[] = {0,	       1769860799, 1769860800, 951782400,
					   1709251199, 4102444800, 18446744073};
	uint64_t second = seconds[test_random(seed) % ARRAY_LEN(seconds)];
	struct record rec = {
		.time_ns = second * 1000000000 + test_random(seed) % 709551616,
		.saddr = record_any(seed, UINT32_MAX),
		.daddr = record_any(seed, UINT32_MAX),
		.seq = record_any(seed, UINT32_MAX),
		.ack = record_any(seed, UINT32_MAX),
		.ts_val = record_any(seed, UINT32_MAX),
		.ts_ecr = record_any(seed, UINT32_MAX),
		.responder = record_any(seed, UINT32_MAX),
		.rtt_us = record_any(seed, UINT32_MAX),
		.sport = (uint16_t)record_any(seed, UINT16_MAX),
		.dport = (uint16_t)record_any(seed, UINT16_MAX),
		.window = (uint16_t)record_any(seed, UINT16_MAX),
		.mss = (uint16_t)record_any(seed, UINT16_MAX),
		.ipid = (uint16_t)record_any(seed, UINT16_MAX),
		.ttl = (uint8_t)record_any(seed, UINT8_MAX),
		.wscale = (uint8_t)(test_random(seed) % 15),
		.class = (uint8_t)(test_random(seed) % CLASS_COUNT),
		.state = (uint8_t)(test_random(seed) % STATE_COUNT),
		.attempt = (uint8_t)(1 + test_random(seed) % 255),
		.icmp_type = (uint8_t)(test_random(seed) % 2 ? 3 : record_any(seed, UINT8_MAX)),
		.icmp_code = (uint8_t)(test_random(seed) % 2 ? test_random(seed) % 18
							     : record_any(seed, UINT8_MAX)),
		.flags = (uint8_t)(test_random(seed) & 0x7f),
	};

	return rec;
}
