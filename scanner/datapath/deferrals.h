/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cookie.h"
#include "followup.h"

/*
 * Frames that have to wait for their prefix, by the time from which they may go: a binary heap, the
 * earliest at its root (Williams 1964, algorithm 232). Of one lcore.
 */

enum { DEFERRALS_MAX = 4096 };

struct deferral {
	uint64_t due; /* TSC */
	union {
		struct {
			uint64_t step;
			uint32_t daddr;
			uint16_t dport;
			bool again; /* it was sent before */
			struct cookie cookie;
		} probe;
		struct followup rst;
	};
};

/* Zeroed memory never has any, nor room. */
struct deferrals {
	struct deferral *at;
	unsigned n, room;
};

int deferrals_init(struct deferrals *d); /* 0 or -ENOMEM */
void deferrals_fini(struct deferrals *d);

/* False when there is no room. */
bool deferrals_put(struct deferrals *d, const struct deferral *put);

/* The earliest, if it is due: removes it. */
bool deferrals_take(struct deferrals *d, uint64_t now, struct deferral *taken);

/* When the earliest is due, UINT64_MAX when there is none. */
static inline uint64_t deferrals_due(const struct deferrals *d)
{
	return d->n == 0 ? UINT64_MAX : d->at[0].due;
}
