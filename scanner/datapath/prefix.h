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

/* rate in probes/s for each prefix of len bits (1 ... 32). 0 or -ENOMEM. */
int prefix_pace_create(uint64_t rate, unsigned len, uint64_t tsc_hz, struct prefix_pace **pace);
void prefix_pace_destroy(struct prefix_pace *pace);

/* Books a frame to addr at time now and returns 0, or returns the time (TSC) from which it may go.
 */
uint64_t prefix_pace_take(struct prefix_pace *pace, uint32_t addr, uint64_t now);

/* The most frames that one prefix got within one second so far. */
uint64_t prefix_pace_peak(const struct prefix_pace *pace);
