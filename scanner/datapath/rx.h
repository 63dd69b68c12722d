/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "capture.h"
#include "clock.h"
#include "earshot.h"
#include "followup.h"
#include "io.h"
#include "neigh.h"
#include "output.h"
#include "stats.h"
#include "stream.h"

struct rte_ring;

/*
 * The receiving half of an lcore: receive, parse, match, cookies, position, duplicate?, record.
 * Every frame ends either as a record or under one counter. When the result ring is full, frames
 * stay with the device until there is room again.
 */

enum { RX_BURST = 64 };

struct rx {
	/* set by the main thread before start */
	const struct stream *stream;
	const struct clock *clock;
	struct io_dev *dev;
	uint16_t queue;
	struct earshot *earshot;      /* of the device */
	bool service;		      /* this lcore does the device's own work */
	uint16_t vlan;		      /* ours, 0: untagged */
	const uint32_t *kernel_addrs; /* the kernel answers ARP for these */
	unsigned n_kernel_addrs;
	struct neigh *neigh;
	bool send_rst;	   /* close what SYN-ACKs opened */
	bool want_repeats; /* the filter could let them through */
	struct result_ring *results;
	struct result_ring *frames; /* of the records, for --capture; NULL: not wanted */
	struct rte_ring *followups; /* to a TX lcore */
	struct rte_ring *echoes;    /* to a TX lcore; NULL: pings are not answered */
	const bool *park;	    /* main: the device is not to be touched, so no rx_step() */
	const bool *cooldown;	    /* main: the last probe has been sent */

	/* the lcore's own */
	bool waits;	       /* for the writer: the result ring has no room for a burst */
	uint64_t rst_spare;    /* RSTs that repeats may still have */
	uint64_t drained;      /* TSC: what came before is handed over or counted; main reads */
	struct rx_stats stats; /* main reads */
};

/* One turn: returns how many frames were received or moved, 0 when there was nothing to do. */
unsigned rx_step(struct rx *rx, uint64_t now);

/* When rx_step() surely has something to do (TSC), as far as the device can tell; UINT64_MAX when
 * it cannot. */
uint64_t rx_due(const struct rx *rx);
