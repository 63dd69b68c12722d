/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The way to the gateway of each device while a scan runs: the link, and behind it the neighbour
 * that our frames are for. Sending waits while it is broken, for what is sent then is lost.
 *
 * So is what was sent until that was noticed, and what was to be answered then: all that was sent
 * from scan_margin() before the way was last known to be good goes out again when it is back. That
 * is
 *
 *	link down	a look (20 ms; at cards alone 50 ms)
 *	reset		a look
 *	gateway silent	from the last sign of life to the end of SILENT_HOLD questions
 *	gateway moved	from its last answer from where it was (ASK_MS)
 *
 * and scan_margin(), times the rate, whichever device has sent it. It is asked for as soon as it is
 * known, so that a checkpoint has it.
 */

#include "scan.h"

#include <errno.h>
#include <string.h>

#include <rte_cycles.h>

#include "log.h"

enum {
	ASK_MS = 1000,	    /* how often the gateway is asked whether it is there */
	ASK_AGAIN_MS = 250, /* when it did not answer */
	ASK_SHARE = 20,	    /* a question is one in so many frames, at most */
	SILENT_HOLD = 4,    /* questions without an answer until sending waits */
	BROKEN_END_S = 60,  /* of waiting until the scan ends */
};

static double since(uint64_t then, uint64_t now)
{
	return (double)(now - then) / (double)rte_get_tsc_hz();
}

/* What was sent in this time may be lost. */
static void path_lost(struct scan *scan, uint64_t from, uint64_t to, uint64_t dropped)
{
	uint64_t margin = scan_margin(scan);

	from = RTE_MAX(from - RTE_MIN(from, margin), scan->clock.tsc_start);
	scan_again(scan, from, RTE_MAX(to, from), dropped);
}

static void path_link(struct scan_path *path, const char *name, bool up, uint64_t now)
{
	if (!up && path->down_since == 0) {
		path->down_since = now;
		LOG(WARN, "%s: the link is down: sending waits for it", name);
	} else if (up && path->down_since != 0) {
		LOG(WARN, "%s: the link is up again after %.1f s", name,
		    since(path->down_since, now));
		path->down_since = 0;
		path->ask_at = now;
	}
	if (up)
		path->up_at = now;
}

/* Where the gateway is, and when it last said that it is still there. */
static void path_follow(struct scan_path *path, struct scan *scan, const struct neigh *neigh,
			uint64_t now)
{
	/* in this order: who answers from a new place tells the place first */
	uint64_t told = __atomic_load_n(&neigh->heard, __ATOMIC_ACQUIRE);
	uint64_t mac = __atomic_load_n(&neigh->mac, __ATOMIC_RELAXED);
	uint8_t b[6];

	if (mac != path->mac && path->mac != 0) {
		neigh_mac_bytes(b, mac);
		LOG(WARN, "the gateway is now at %02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2],
		    b[3], b[4], b[5]);
		path_lost(scan, path->told_at, now, 0);
	}
	if (mac != path->mac || told != path->told)
		path->told_at = path->looked;
	path->mac = mac;
	path->told = told;
}

/* A sign of life of the gateway, or of anybody behind it, came after the look before. */
static void path_listen(struct scan_path *path, const struct neigh *neigh, uint64_t answers)
{
	uint64_t heard = __atomic_load_n(&neigh->heard, __ATOMIC_ACQUIRE);

	if (heard != path->heard || answers != path->answers) {
		path->alive_at = path->looked;
		path->alive = true;
	}
	path->heard = heard;
	path->answers = answers;
}

/* Asks again and again, and counts the questions without an answer. */
static void path_ask(struct scan_path *path, struct neigh *neigh, uint64_t rate, uint64_t now)
{
	uint64_t hz = rte_get_tsc_hz(), gap;

	if (now < path->ask_at || path->down_since != 0)
		return;
	if (path->ask_at != 0 && !path->alive) {
		if (path->silent++ == 0)
			path->silent_since = now;
		if (path->silent == SILENT_HOLD)
			LOG(WARN, "the gateway does not answer any more: sending waits for it");
	} else {
		if (path->silent >= SILENT_HOLD)
			LOG(WARN, "the gateway answers again after %.1f s",
			    since(path->silent_since, now));
		path->silent = 0;
	}
	path->alive = false;
	neigh_want(neigh, path->silent != 0);
	gap = hz * (path->silent != 0 ? ASK_AGAIN_MS : ASK_MS) / 1000;
	path->ask_at = now + RTE_MAX(gap, hz * ASK_SHARE / rate);
}

static uint64_t path_missing(const struct device_count *device)
{
	return device->tx_dropped + device->rx_missed;
}

/* When it surely was not broken yet. */
static uint64_t path_good_at(const struct scan_path *path)
{
	if (path->io.asks_reset)
		return path->looked;
	return path->down_since != 0 ? path->up_at : path->alive_at;
}

/* Sending waits, or goes on: what is lost by that goes out again. */
static void path_hold(struct scan_path *path, struct scan *scan, unsigned i,
		      const struct snapshot *s, uint64_t now)
{
	bool hold = path->down_since != 0 || path->silent >= SILENT_HOLD || path->io.asks_reset;
	uint64_t dropped = path_missing(&s->device[i]) - path->dropped; /* since the last look */

	if (hold != path->held)
		workers_hold(scan->workers, i, hold);
	if (hold && !path->held) {
		path->outages++;
		path->held_at = now;
		path_lost(scan, path_good_at(path), now, dropped);
	} else if (path->held && (!hold || dropped != 0)) {
		path_lost(scan, path->held_at, now, dropped);
	}
	if (path->held && !hold)
		path->outage += now - path->held_at;
	path->dropped += dropped;
	path->held = hold;
}

/* What was lost is left to the run that goes on with the state. */
static void path_give_up(const struct scan_path *path, struct scan *scan, unsigned i,
			 const struct snapshot *s, uint64_t now)
{
	workers_hold(scan->workers, i, true);
	path_lost(scan, path->held ? path->held_at : path->up_at, now,
		  path_missing(&s->device[i]) - path->dropped);
}

/* A device that asks for it is set up anew, while no lcore uses it. False: it cannot be. */
static bool path_reset(struct scan_path *path, struct scan *scan, unsigned i)
{
	struct uplink *u = &scan->uplink[i];
	int rc;

	if (!path->io.asks_reset)
		return true;
	if (!path->parked) {
		LOG(WARN, "%s: the device asks for a reset: sending waits for it", u->name);
		workers_park(scan->workers, i, true);
		path->parked = true;
	}
	rc = io_reset(&u->dev, &path->io);
	if (rc == -EAGAIN)
		return true;
	if (rc < 0) {
		LOG(ERROR, "%s: the device cannot be reset: %s", u->name, strerror(-rc));
		return false;
	}
	LOG(WARN, "%s: the device was reset", u->name);
	workers_park(scan->workers, i, false);
	path->parked = false;
	return true;
}

uint64_t scan_path_outage(const struct scan_path *path, uint64_t now)
{
	return path->outage + (path->held ? now - path->held_at : 0);
}

bool scan_path_look(struct scan_path *path, struct scan *scan, unsigned i, const struct snapshot *s,
		    uint64_t now)
{
	struct uplink *u = &scan->uplink[i];

	if (path->io.removed) {
		LOG(ERROR, "%s: the device is gone", u->name);
		path_give_up(path, scan, i, s, now);
		return false;
	}
	path_link(path, u->name, path->io.link_up, now);
	if (u->neigh.gateway != 0) {
		path_follow(path, scan, &u->neigh, now);
		path_listen(path, &u->neigh, s->device[i].answers);
		path_ask(path, &u->neigh, RTE_MAX(scan->rate / scan->n_uplinks, 1u), now);
	}
	path_hold(path, scan, i, s, now);
	path->looked = now;
	if (path_reset(path, scan, i) && (!path->held || since(path->held_at, now) <= BROKEN_END_S))
		return true;
	path_give_up(path, scan, i, s, now);
	return false;
}
