/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "io.h"

/*
 * A device's extended statistics: counters by names that each of DPDK's drivers chooses. Some tell
 * of frames that were lost and that ethdev's own few counters do not have. Main thread.
 */

struct xstats;

/* From here on they are counted. NULL when out of memory or when the device has none. */
struct xstats *xstats_open(uint16_t port);

/* Adds what was lost since then to imissed and oerrors. xs may be NULL. */
void xstats_lost(const struct xstats *xs, uint16_t port, struct io_stats *stats);

/* All that are not 0, as io_counters(). xs may be NULL. */
unsigned xstats_list(const struct xstats *xs, uint16_t port, struct io_counter **list);

/* May be NULL. */
void xstats_close(struct xstats *xs);

/* Whether DPDK's driver counts lost frames by this name that are in none of ethdev's counters, and
 * whether they were sent or received. */
enum xstats_kind { XSTATS_OTHER, XSTATS_SENT_LOST, XSTATS_RECEIVED_LOST };
enum xstats_kind xstats_kind(const char *driver, const char *name);
