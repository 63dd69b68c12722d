/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

/*
 * A lull: nobody new has answered for a while. Where all hosts are near, that is soon after the
 * last probe; where answers take long, some come all the time. Zeroed at the start; times are TSC.
 */
struct lull {
	uint64_t answers; /* by the last look */
	uint64_t since;	  /* the look at which the last of them was seen */
};

/* So many have answered by now. */
static inline void lull_look(struct lull *l, uint64_t answers, uint64_t now)
{
	if (l->answers != answers)
		*l = (struct lull){answers, now};
}

/* How long it lasts by now, of what is later than from. */
static inline uint64_t lull_ticks(const struct lull *l, uint64_t from, uint64_t now)
{
	return now - (l->since > from ? l->since : from);
}
