/* SPDX-License-Identifier: BSD-3-Clause */

#include "adapt.h"

#include <stdbool.h>

#define NS_PER_MS     UINT64_C(1000000)
#define NS_PER_S      UINT64_C(1000000000)
#define SHARE_MIN     0.125 /* believed to have come through: a short moment tells little more */
#define USED_MIN      0.25  /* of the rate allowed that we are believed to have used */
#define SAME_BELOW    0.8 /* a loss at such a share of the rate of the last is of the same cause */
#define SAME_ABOVE    1.25
#define CEILING_SHARE 16.0

static double clamp(double x, double least, double most)
{
	return x < least ? least : x > most ? most : x;
}

void adapt_init(struct adapt *a, uint64_t ceiling, const struct adapt_seen *seen, uint64_t now_ns)
{
	*a = (struct adapt){
		.ceiling = ceiling,
		.rate = ceiling,
		.floor = clamp((double)ceiling / CEILING_SHARE, 1, ADAPT_FLOOR),
		.span = ADAPT_SPAN_MS * NS_PER_MS,
		.looked = now_ns,
		.mark_at = now_ns,
		.mark = *seen,
		.last = *seen,
	};
}

static double share(uint64_t of, uint64_t all)
{
	return of < all ? (double)of / (double)all : 1;
}

/*
 * How much of it came through since the mark: the worse of both directions. When we were stopped,
 * that tells of the stop, not of what the network bears.
 */
static double came_through(const struct adapt *a, const struct adapt_seen *seen, uint64_t now)
{
	uint64_t sent = seen->sent - a->mark.sent, tx_lost = seen->tx_lost - a->mark.tx_lost;
	uint64_t received = seen->received - a->mark.received;
	double tx = 1 - (tx_lost != 0 ? share(tx_lost, sent) : 0);
	double rx = share(received, received + (seen->rx_lost - a->mark.rx_lost));

	if (now - a->looked > ADAPT_STALL_MS * NS_PER_MS)
		return 1;
	return clamp(tx < rx ? tx : rx, SHARE_MIN, 1);
}

/* At which rate the loss was. Who did not use all that was allowed has not shown that more is too
 * much; but what is measured over a stall is too low. */
static double lossy_rate(const struct adapt *a, const struct adapt_seen *seen, uint64_t now)
{
	double since = (double)(now - a->mark_at) / NS_PER_S, used = (double)a->measured;
	double lately = since > 0 ? (double)(seen->sent - a->mark.sent) / since : 0;

	if (lately > used)
		used = lately;
	if (a->rate != RATE_MAX)
		used = clamp(used, (double)a->rate * USED_MIN, (double)a->rate);
	return clamp(used, a->floor, (double)a->ceiling);
}

/* The same bottleneck, met again after the whole of the last curve: the next takes twice as long.
 */
static uint64_t next_span(const struct adapt *a, double lossy, uint64_t now)
{
	bool same = lossy > a->lossy * SAME_BELOW && lossy < a->lossy * SAME_ABOVE;
	uint64_t most = ADAPT_SPAN_MAX_MS * NS_PER_MS;

	if (!same)
		return ADAPT_SPAN_MS * NS_PER_MS;
	if (now - a->begun < a->span)
		return a->span;
	return a->span < most / 2 ? a->span * 2 : most;
}

static void back_off(struct adapt *a, const struct adapt_seen *seen, uint64_t now)
{
	double lossy = lossy_rate(a, seen, now), through = lossy * came_through(a, seen, now);

	a->span = next_span(a, lossy, now);
	a->lossy = lossy;
	a->low = through * ADAPT_LOW;
	if (a->low < a->floor)
		a->low = a->floor;
	a->top = a->low / ADAPT_LOW * ADAPT_TOP;
	a->begun = a->backed_off = now;
	a->rate = (uint64_t)a->low;
	a->backoffs++;
}

/* What is not used teaches nothing: then the curve waits. */
static void grow(struct adapt *a, uint64_t now)
{
	double t, rate;

	if (a->rate == a->ceiling)
		return;
	if (a->measured < a->rate / 2)
		a->begun += now - a->looked;
	t = (double)(now - a->begun) / (double)a->span - 1;
	rate = a->top + (a->top - a->low) * t * t * t;
	a->rate = rate < (double)a->ceiling ? (uint64_t)rate : a->ceiling;
}

static void measure(struct adapt *a, const struct adapt_seen *seen, uint64_t now)
{
	uint64_t since = now - a->mark_at;

	if (since < ADAPT_MEASURE_MS * NS_PER_MS)
		return;
	if (since < NS_PER_S) /* else we were stopped, and sent nothing */
		a->measured = (seen->sent - a->mark.sent) * NS_PER_S / since;
	a->mark = *seen;
	a->mark_at = now;
}

void adapt_skip(struct adapt *a, const struct adapt_seen *seen, uint64_t now)
{
	a->begun += now - a->looked;
	a->looked = a->mark_at = now;
	a->mark = a->last = *seen;
}

uint64_t adapt_look(struct adapt *a, const struct adapt_seen *seen, uint64_t now)
{
	bool lost = seen->tx_lost > a->last.tx_lost || seen->rx_lost > a->last.rx_lost;
	bool again = a->backoffs != 0 && now - a->backed_off < ADAPT_REACT_MS * NS_PER_MS;

	if (lost && !again)
		back_off(a, seen, now);
	else
		grow(a, now);
	measure(a, seen, now);
	a->looked = now;
	a->last = *seen;
	return a->rate;
}
