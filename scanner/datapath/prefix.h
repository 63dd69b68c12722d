/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * A ceiling for the rate of probes and RSTs towards any one destination prefix. Each prefix has the
 * time from which its next probe may go; what comes too early is put off by the caller, never
 * dropped. Prefixes share a table by hash, so two may share a slot: then both together stay below
 * the ceiling.
 *
 * Shared by all TX lcores (relaxed atomics).
 */
struct prefix_pace;

struct prefix_pace_conf {
	uint64_t rate; /* frames/s to any one prefix */
	unsigned len;  /* of prefixes, 1 ... 32 bits */
	uint64_t
		total; /* frames/s in all, UINT64_MAX: no limit; large tables are for large rates */
	unsigned lcores; /* that share it */
	uint64_t tsc_hz;
};

/* 0 or -ENOMEM. */
int prefix_pace_create(const struct prefix_pace_conf *conf, struct prefix_pace **pace);
void prefix_pace_destroy(struct prefix_pace *pace);

/*
 * Books a frame to each of n (up to 64) addresses at time now, in this order. Returns the mask of
 * those that may go; for the others, due[] is the time (TSC) from which they may.
 */
uint64_t prefix_pace_take(struct prefix_pace *pace, const uint32_t *addr, unsigned n, uint64_t now,
			  uint64_t *due);

/* Soon to be booked: fetches the places of n addresses. */
void prefix_pace_prefetch(struct prefix_pace *pace, const uint32_t *addr, unsigned n);

/* The most frames that one prefix got within one second so far. */
uint64_t prefix_pace_peak(const struct prefix_pace *pace);
