/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "spans.h"

/*
 * When was the probe at this position sent? A ring of times, one for each group of 2^c positions,
 * so that round-trip times need no bit in the packet.
 *
 * c is 0, hence times are exact, for scans of up to 2^20 probes and for rates up to 16384/s.
 * Beyond, a group has the time at which its first probe was sent, so a round trip comes out longer
 * than it was, never shorter, by at most the time that sending the group took: 2^c / rate of the
 * lcore that sent it, less than 1/8192 s at a steady rate and one lcore. A group whose sending
 * takes longer than SENDLOG_ERROR_US (sending pauses, a probe waits for its prefix, or is sent
 * again) has no time from then on, but for the search by time, which knows when the last of it was
 * sent: no round trip is better than a wrong one. The last 2^20 groups are known, a minute at the
 * least up to 2^24 probes/s.
 */
struct sendlog;

enum { SENDLOG_ERROR_US = 10000 }; /* no round trip is longer than it was by more than this */

/*
 * rate: frames/s (RATE_MAX is taken for 2^24); length: attempts * positions. 0 or -errno.
 * Allocates what is needed, at most 8 MiB.
 */
int sendlog_create(uint64_t rate, uint64_t length, struct sendlog **log);
void sendlog_destroy(struct sendlog *l);

/*
 * n positions (each < length, up to 2^56) are sent at now_us (below 2^47: 4 years). What the
 * device did not take is noted again when it is sent again. TX lcores.
 */
void sendlog_note(struct sendlog *l, const uint64_t *pos, unsigned n, uint64_t now_us);

/* Any thread. False when pos was not noted, or so long ago that it is overwritten, or when its
 * group has no time. */
bool sendlog_find(const struct sendlog *l, uint64_t pos, uint64_t *us);

/*
 * Adds to *sent the positions below front that were sent from from_us to to_us, or, of groups that
 * took too long, perhaps sooner; whole groups. 0 or -ENOMEM; the most it needs is 8 MiB.
 */
int sendlog_between(const struct sendlog *l, uint64_t front, uint64_t from_us, uint64_t to_us,
		    struct spans *sent);

/* Groups of which all positions are in [first, end) have no time until they are noted next: they
 * are about to be sent again, and need not be found once more meanwhile. Main thread. */
void sendlog_forget(struct sendlog *l, uint64_t first, uint64_t end);
