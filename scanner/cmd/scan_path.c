/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The way to the gateway while a scan runs: the link, and behind it the neighbour that our frames
 * are for. Sending waits while it is broken, for what is sent then is lost.
 */

#include "scan.h"

#include <rte_cycles.h>

#include "log.h"

enum {
	ASK_MS = 1000,	    /* how often the gateway is asked whether it is there */
	ASK_AGAIN_MS = 250, /* when it did not answer */
	ASK_SHARE = 20,	    /* a question is one in so many frames, at most */
	SILENT_HOLD = 4,    /* questions without an answer until sending waits */
	SILENT_END_S = 60,  /* of waiting until the scan ends */
	DOWN_END_S = 1,	    /* of a link that is down, where the driver does not allow it more */
};

static double since(uint64_t then, uint64_t now)
{
	return (double)(now - then) / (double)rte_get_tsc_hz();
}

static void path_link(struct scan_path *path, const struct scan *scan, bool up, uint64_t now)
{
	if (!up && path->down_since == 0) {
		path->down_since = now;
		LOG(WARN, "%s: the link is down: sending waits for it", scan->job->device);
	} else if (up && path->down_since != 0) {
		LOG(WARN, "%s: the link is up again after %.1f s", scan->job->device,
		    since(path->down_since, now));
		path->down_since = 0;
		path->ask_at = now;
	}
}

static void path_follow(struct scan_path *path, const struct neigh *neigh)
{
	uint64_t mac = __atomic_load_n(&neigh->mac, __ATOMIC_RELAXED);
	uint8_t b[6];

	if (mac == path->mac)
		return;
	neigh_mac_bytes(b, mac);
	if (path->mac != 0)
		LOG(WARN, "the gateway is now at %02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2],
		    b[3], b[4], b[5]);
	path->mac = mac;
}

/* Whether the gateway, or anybody behind it, was heard since the last question. */
static bool path_alive(struct scan_path *path, const struct neigh *neigh, const struct snapshot *s)
{
	uint64_t heard = __atomic_load_n(&neigh->heard, __ATOMIC_ACQUIRE);
	uint64_t answers = s->handed + s->repeats;
	bool alive = heard != path->heard || answers != path->answers;

	path->heard = heard;
	path->answers = answers;
	return alive;
}

static void path_gateway(struct scan_path *path, struct scan *scan, const struct snapshot *s,
			 uint64_t now)
{
	uint64_t hz = rte_get_tsc_hz(), gap;

	path_follow(path, &scan->neigh);
	if (now < path->ask_at || path->down_since != 0)
		return;
	if (path->ask_at != 0 && !path_alive(path, &scan->neigh, s)) {
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
	neigh_want(&scan->neigh, path->silent != 0);
	gap = hz * (path->silent != 0 ? ASK_AGAIN_MS : ASK_MS) / 1000;
	path->ask_at = now + RTE_MAX(gap, hz * ASK_SHARE / scan->rate);
}

bool scan_path_look(struct scan_path *path, struct scan *scan, const struct snapshot *s,
		    uint64_t now)
{
	unsigned down_end_s = RTE_MAX(scan->dev.driver->link_wait_s, (unsigned)DOWN_END_S);
	struct io_stats io;
	bool hold;

	io_stats(&scan->dev, &io);
	if (io.removed) {
		LOG(ERROR, "%s: the device is gone", scan->job->device);
		return false;
	}
	path_link(path, scan, io.link_up, now);
	if (scan->neigh.gateway != 0)
		path_gateway(path, scan, s, now);

	hold = path->down_since != 0 || path->silent >= SILENT_HOLD;
	if (hold != path->held)
		workers_hold(scan->workers, hold);
	path->held = hold;
	return !(path->down_since != 0 && since(path->down_since, now) > down_end_s) &&
	       !(path->silent >= SILENT_HOLD && since(path->silent_since, now) > SILENT_END_S);
}
