/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "err.h"
#include "job.h"
#include "output.h"
#include "spans.h"
#include "stats.h"
#include "stream.h"
#include "uplink.h"

/*
 * The datapath's front door: lcores that send, receive, or do both in turn. All calls come from
 * the main thread.
 */

enum { WORKERS_MAX = 2 * CORES_MAX };

/* Who does what, decided before the EAL starts. */
struct roles {
	unsigned n_tx, n_rx; /* lcores that send, that receive */
	unsigned n_workers;  /* lcores in all; worker i sends if i < n_tx */
	unsigned first_rx;   /* workers first_rx ... first_rx + n_rx - 1 receive */
	char lcores[2048];   /* for the EAL: "0@(0-3),1@3,2@2" */
};

struct roles_conf {
	unsigned tx, rx;  /* lcores; 0: as many as are of use */
	unsigned of_use;  /* if there are so many processors */
	const char *list; /* of processors, "0,2-5"; NULL: those that the process may use */
	const char *near; /* those of them next to the device, which are preferred; "": all are */
};

/* On one or two processors, sending and receiving share lcores. EXIT_USAGE. */
int roles_init(struct roles *roles, const struct roles_conf *conf, struct err *err);

struct workers_conf {
	struct stream *stream;
	struct uplink *uplinks; /* open */
	unsigned n_uplinks;
	struct output *output; /* with workers_rings() rings */
	const struct clock *clock;
	const struct roles *roles;
	uint64_t rate; /* frames/s over all devices and lcores, RATE_MAX: no limit; first */
	bool answer_ping;
	uint8_t ttl; /* of what answers pings */
	bool dry;
};

/*
 * How many queues device i of n should have for so many lcores. Each lcore has one at least, and so
 * has each device: where there are more of the ones than of the others, they take turns.
 */
unsigned workers_queues(unsigned lcores, unsigned n, unsigned i);

/* How many rings of results receivers need, once the devices are open. */
unsigned workers_rings(const struct roles *roles, const struct uplink *uplinks, unsigned n);

struct workers;

/* Pools, rings, lcore state; nothing runs yet. */
int workers_create(const struct workers_conf *conf, struct workers **workers, struct err *err);

/* Launches the lcores: receivers first. EXIT_DEVICE when one is missing; then none runs. */
int workers_start(struct workers *w, struct err *err);

/* No more probes from here on; answers are still taken, follow-ups still sent. */
void workers_stop_sending(struct workers *w);

/*
 * While held, no probes go out by this device: its path is down. Follow-ups still do, slowly, for
 * its share of the rate goes to the others until then. What it had taken waits with it.
 */
void workers_hold(struct workers *w, unsigned uplink, bool hold);

/* While parked, no lcore touches the device: none does when this returns. */
void workers_park(struct workers *w, unsigned uplink, bool park);

/* Frames/s from now on, over all lcores: not 0; RATE_MAX is no limit. */
void workers_set_rate(struct workers *w, uint64_t rate);

/*
 * What was sent between two instants (TSC) goes out again, before anything new: see stream_again()
 * and stream_sent_between(). 0, or to be asked again later: -ENOSPC when too much is to be repeated
 * already, -ENOMEM.
 */
int workers_again(const struct workers *w, uint64_t from, uint64_t to);

/* Whether all repeats asked for so far have been sent. */
bool workers_again_over(const struct workers *w);

/* True when every probe is sent, and every repeat asked for so far, or sending was stopped and
 * nothing waits for the device. */
bool workers_sent_all(const struct workers *w);

/* Whether answers from here on are marked as arrived in the cooldown. */
void workers_cooldown(struct workers *w, bool cooldown);

/* Receivers stop, follow-ups go out, senders stop, lcores are joined. */
void workers_stop(struct workers *w);

/* Adds the lcores' counters to s. not_reached only when settled: all lcores have stopped. */
void workers_count(const struct workers *w, struct snapshot *s, bool settled);

/* How far sending and receiving have come, for a checkpoint. */
struct workers_mark {
	uint64_t cursor;   /* steps below are claimed */
	uint64_t low;	   /* steps below have been sent, or left out for good */
	uint64_t repeated; /* pieces of repeats below have been sent again */
	uint64_t drained;  /* TSC: frames that came before have become records, or are counted */
	uint64_t handed;   /* records put on the rings by then, or more */
};

/* Any thread, while the lcores run or after. */
void workers_mark(const struct workers *w, struct workers_mark *mark);

/* What has been claimed, but not sent, and what is to be repeated, when the lcores have stopped. 0
 * or -ENOMEM. */
int workers_left(const struct workers *w, struct spans *left);

void workers_destroy(struct workers *w);
