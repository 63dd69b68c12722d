/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>

#include "stats.h"

/* The counters of a snapshot by name: one list for the summary, the status file,
 * telemetry and the checkpoint. */

enum { IN_SUMMARY = 1, IN_STATUS = 2, IN_TELEMETRY = 4, IN_STATE = 8 };

struct counter {
	const char *name;
	unsigned shown; /* IN_* */
	size_t offset;	/* of a uint64_t in struct snapshot */
};

extern const struct counter counters[];
extern const size_t n_counters;

static inline uint64_t counter_value(const struct counter *c, const struct snapshot *s)
{
	return *(const uint64_t *)((const char *)s + c->offset);
}
