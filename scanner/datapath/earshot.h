/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "io.h"

/*
 * How far the senders of a device may be ahead of who listens to it. Where other lcores send than
 * the one that receives, they would go on while that one's processor works for somebody else, and
 * more answers would come than the device can keep. So each probe counts until all that had come
 * was taken once after it left; and while more than a device can keep are not heard of, none
 * leaves.
 */
struct earshot {
	uint64_t most;	  /* 0: no limit */
	uint64_t sent;	  /* probes, of all TX lcores */
	unsigned n_heard; /* RX queues */
	/* of each: what was sent before it was found empty the last time */
	uint64_t heard[IO_QUEUES_MAX];
};

static inline void earshot_sent(struct earshot *e, unsigned n)
{
	if (e->most != 0)
		__atomic_fetch_add(&e->sent, n, __ATOMIC_RELEASE);
}

/* Before looking what came: for earshot_heard(). */
static inline uint64_t earshot_begin(const struct earshot *e)
{
	return __atomic_load_n(&e->sent, __ATOMIC_ACQUIRE);
}

/* Nothing is left of what came, as of earshot_begin(). */
static inline void earshot_heard(struct earshot *e, unsigned queue, uint64_t begun)
{
	if (e->most != 0)
		__atomic_store_n(&e->heard[queue], begun, __ATOMIC_RELEASE);
}

static inline bool earshot_left(const struct earshot *e)
{
	uint64_t sent = __atomic_load_n(&e->sent, __ATOMIC_RELAXED);

	for (unsigned i = 0; e->most != 0 && i < e->n_heard; i++)
		if (sent >= __atomic_load_n(&e->heard[i], __ATOMIC_RELAXED) + e->most)
			return true;
	return false;
}
