/* SPDX-License-Identifier: BSD-3-Clause */

#include <string.h>

#include "capture.h"
#include "result_ring.h"

/*
 * A frame takes as many slots as it needs. The first begins with its length; so an answer without
 * many options has a slot to itself, and a ring of frames holds as many as the one of records.
 */
enum {
	SLOT = sizeof(struct record),
	HEAD = sizeof(uint16_t),
	SLOTS_MAX = (HEAD + FRAME_MAX + SLOT - 1) / SLOT,
	BURST = 64,
};

static unsigned slots_of(unsigned len)
{
	return (HEAD + len + SLOT - 1) / SLOT;
}

static uint8_t *bytes(const struct result_slots *slots, unsigned i)
{
	return (uint8_t *)result_slot(slots, i);
}

bool frames_have_room(const struct result_ring *ring)
{
	return result_ring_room(ring) >= BURST * SLOTS_MAX;
}

void frames_put(struct result_ring *ring, const uint8_t *data, unsigned len)
{
	uint16_t kept = len < FRAME_MAX ? (uint16_t)len : FRAME_MAX;
	unsigned n = slots_of(kept), done = kept < SLOT - HEAD ? kept : SLOT - HEAD;
	struct result_slots slots;

	if (result_ring_reserve(ring, n, &slots) < n) {
		result_ring_commit(ring, 0);
		return;
	}
	memcpy(bytes(&slots, 0), &kept, HEAD);
	memcpy(bytes(&slots, 0) + HEAD, data, done);
	for (unsigned i = 1; i < n; i++) {
		unsigned part = kept - done < SLOT ? kept - done : SLOT;

		memcpy(bytes(&slots, i), data + done, part);
		done += part;
	}
	result_ring_commit(ring, n);
}

unsigned frames_take(struct result_ring *ring, uint8_t *data)
{
	struct result_slots slots;
	unsigned n = result_ring_peek(ring, SLOTS_MAX, &slots), done;
	uint16_t len = 0;

	if (n != 0)
		memcpy(&len, bytes(&slots, 0), HEAD);
	done = len < SLOT - HEAD ? len : SLOT - HEAD;
	if (n != 0)
		memcpy(data, bytes(&slots, 0) + HEAD, done);
	for (unsigned i = 1; i < n && done < len; i++) {
		unsigned part = len - done < SLOT ? len - done : SLOT;

		memcpy(data + done, bytes(&slots, i), part);
		done += part;
	}
	result_ring_drop(ring, n != 0 ? slots_of(len) : 0);
	return len;
}
