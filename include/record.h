/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <assert.h>
#include <stdint.h>

/*
 * A result record: one validated answer, fixed size, no pointers, passed by value from the RX
 * lcores to the writer. Addresses and ports are host order, from the remote host's side as in ZMap:
 * saddr/sport answered, daddr/dport is us; for an ICMP error saddr/sport is the quoted target.
 */

enum record_state { STATE_OPEN, STATE_CLOSED, STATE_UNREACHABLE, STATE_FILTERED, STATE_COUNT };
enum record_class { CLASS_SYNACK, CLASS_RST, CLASS_ICMP, CLASS_COUNT };

enum {
	RECORD_REPEAT = 1,   /* this target already answered with this state */
	RECORD_COOLDOWN = 2, /* arrived after the last probe was sent */
	RECORD_RTT = 4,	     /* rtt_us is known */
	RECORD_MSS = 8,	     /* the answer carried this TCP option ... */
	RECORD_WSCALE = 16,
	RECORD_SACK = 32,
	RECORD_TS = 64,
};

struct record {
	uint64_t time_ns; /* arrival, since 1970 UTC */
	uint32_t saddr, daddr;
	uint32_t seq, ack; /* of a TCP answer */
	uint32_t ts_val, ts_ecr;
	uint32_t responder; /* of an ICMP error: who sent it */
	uint32_t rtt_us;
	uint16_t sport, dport;
	uint16_t window, mss;
	uint16_t ipid;
	uint8_t ttl;
	uint8_t wscale;	 /* the shift */
	uint8_t class;	 /* enum record_class */
	uint8_t state;	 /* enum record_state */
	uint8_t attempt; /* which pass was answered, 1 is the first */
	uint8_t icmp_type, icmp_code;
	uint8_t flags;	     /* RECORD_* */
	uint8_t reserved[6]; /* zero */
};

static_assert(sizeof(struct record) == 64, "a record is one cache line");

/* "open", ...; "synack", ... */
const char *record_state_name(enum record_state state);
const char *record_class_name(enum record_class class);
