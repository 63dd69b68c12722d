/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "io.h"
#include "log.h"

/*
 * Rules for a card (rte_flow) that bring it answers and nothing else: TCP to our addresses and
 * ports, ICMP to our addresses, and ARP. They need a card that can be told to receive nothing but
 * what rules name (flow isolation); where Linux uses the same card, Linux has the rest. Main
 * thread.
 */

/* How many rules there are, or why there are none, and how loudly that is to be said. */
struct steer_report {
	unsigned rules;
	enum log_level level;
	const char *why; /* NULL: nobody asked for any */
};

/* Before the device is configured: false where the card cannot, or nothing is known of answers. */
bool steer_begin(const struct io_dev *dev, const struct io_answers *answers,
		 struct steer_report *report);

/*
 * After its start, and after steer_begin() was true: 0; without rules when the card refused one and
 * so receives everything again. -errno when it does not start again.
 */
int steer_rules(const struct io_dev *dev, const struct io_answers *answers,
		struct steer_report *report);

/* Bits of a number that must be those of value. */
struct steer_match {
	uint32_t value, mask;
};

/*
 * The fewest matches that are exactly these addresses (sorted), or all numbers from first to last.
 * 0 when they are more than max.
 */
unsigned steer_addrs(const uint32_t *addr, uint32_t n, struct steer_match *match, unsigned max);
unsigned steer_ports(uint16_t first, uint16_t last, struct steer_match *match, unsigned max);
