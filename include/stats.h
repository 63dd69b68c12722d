/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "record.h"
#include "reject.h"

/*
 * Counters. Each lcore writes its own, on cache lines of its own, with plain stores; others read
 * them relaxed. The main thread adds them up into a snapshot, and checks that the sums hold.
 */

enum { YIELD_ATTEMPTS = 8 }; /* whose yield is told apart */

/* Answers that are slow: from 1 s on, from 2 s, from 4 s, from 8 s. */
enum { SLOW_STEPS = 4, SLOW_FROM_MS = 1000 };

#define STATS_ALIGN __attribute__((aligned(64)))

struct tx_stats {
	uint64_t sent; /* probes that the device took, first time */
	/* probes sent again because the first may have been lost: those of this run come on top of
	 * sent, those that a run before may have sent are among them */
	uint64_t resent;
	uint64_t sampled;      /* probes of the sample, which are not among those */
	uint64_t opted_out;    /* probes not sent: blocklisted while the scan ran */
	uint64_t gate_hits;    /* probes that only the gate stopped: a bug, ends the scan */
	uint64_t control;      /* RSTs, ARP, pings answered that the device took */
	uint64_t control_lost; /* of these that were asked for: not sent before the end */
	uint64_t taken;	       /* frames of all kinds that the device took */
	uint64_t ring_full;    /* bursts that the device did not take whole (nothing is lost) */
	uint64_t no_mbuf;      /* times that the pool was empty (nothing is lost) */
	uint64_t truly_open;   /* on sim: open targets among the probes of the first attempt */
} STATS_ALIGN;

struct rx_stats {
	uint64_t received; /* frames */
	uint64_t rejected[REJECT_COUNT];
	uint64_t repeats; /* validated, but neither new nor wanted */
	uint64_t handed;  /* records put on the ring */
	/* times that receiving began to wait for the writer (nothing is lost) */
	uint64_t ring_full;
	uint64_t control_lost;	     /* control frames that no TX lcore had room for */
	uint64_t first[STATE_COUNT]; /* first answers of targets, by state */
	/* the same, by the attempt that they answer; the last one has those of later ones, too */
	uint64_t yield[YIELD_ATTEMPTS];
	uint64_t sample_found;	   /* the same, to the sample's probes */
	uint64_t slow[SLOW_STEPS]; /* of all: each in the last step that it has reached */
} STATS_ALIGN;

/* What went through one device of a scan. */
enum { DEVICES_MAX = 16 };

struct device_count {
	const char *name;
	uint64_t sent, control; /* as in struct tx_stats */
	uint64_t received;	/* frames */
	uint64_t answers;	/* of these, answers, repeated ones, too */
	uint64_t tx_dropped, rx_missed;
	uint64_t taken; /* frames of all kinds that it took from lcores */
	/* of these, once it has been asked: those that a card has neither sent nor dropped by its
	 * own count */
	uint64_t unsent;
};

enum scan_phase { PHASE_STARTING, PHASE_SENDING, PHASE_COOLDOWN, PHASE_DONE };

/* Why a scan ended: "exit_reason" of the summary. */
enum scan_end {
	END_COMPLETE,
	END_MAX_TARGETS,
	END_MAX_RESULTS,
	END_MAX_RUNTIME,
	END_SIGNAL,
	END_OUTPUT,
	END_DEVICE,
	END_BOOKS,
	END_GATE,
	END_LOSS,    /* it would have been a success, but something was dropped on the way */
	END_DRY_RUN, /* all was built, nothing sent */
};

/* Everything there is to know at one moment: made by the main thread, read by monitor/. */
struct snapshot {
	enum scan_phase phase;
	double elapsed;	      /* seconds since the first probe could be sent */
	double send_seconds;  /* seconds of sending so far, or in all */
	double cooldown_left; /* seconds, in PHASE_COOLDOWN */
	bool paused;	      /* sending waits for the consumer */
	bool held;	      /* sending waits for the link, or for the gateway */

	uint64_t targets; /* after exclusion, of this shard, within -n */
	uint64_t excluded, attempts;
	uint64_t sent, resent, opted_out, not_reached, gate_hits, tx_dropped, control, ring_full_tx;
	/* RSTs and ARP answers that were due, but not sent: the other side asks again, so that no
	 * result is lost by it */
	uint64_t control_lost;
	uint64_t built; /* by a dry run: probes made and not sent; they are among not_reached */
	uint64_t received, repeats, handed, ring_full, rx_missed;
	uint64_t outages;   /* times that the way to the gateway was broken */
	uint64_t outage_ms; /* and for how long */
	uint64_t made_good; /* of rx_missed and tx_dropped: the probes of then were resent */
	uint64_t rx_errors; /* frames that the device refused: damaged, too long */
	uint64_t rejected[REJECT_COUNT];
	uint64_t first[STATE_COUNT];
	uint64_t yield[YIELD_ATTEMPTS];
	uint64_t slow[SLOW_STEPS];	/* in this run */
	uint64_t sampled, sample_found; /* of the sample: probes sent, first answers */
	/* of it, once done: answered, and of these, answered before as well; see coverage.h */
	uint64_t sample_again, sample_both;
	uint64_t filtered_out, written;
	uint64_t repeats_written; /* of written: repeats that the filter lets through */
	uint64_t pending;	  /* records on their way from RX to the sink */
	uint64_t prefix_peak; /* largest rate seen for one prefix, frames/s, with --prefix-rate */
	bool truth_known;
	uint64_t truly_open;
	uint64_t rate;	   /* asked for, frames/s; UINT64_MAX is max */
	uint64_t rate_now; /* allowed: less than that after losses */
	uint64_t backoffs; /* times that losses have lowered it */

	/* of each device in this run: what is in the sums above but for a run before this one */
	struct device_count device[DEVICES_MAX];
	unsigned n_devices;
};

/* Adds what was counted in `more` to s: of a run before this one. */
void stats_add(struct snapshot *s, const struct snapshot *more);

/* Probes that the job asks for: targets * attempts. */
uint64_t stats_probes(const struct snapshot *s);

/* Of these, how many are behind us: sent, left out for good, or built by a dry run. */
uint64_t stats_done(const struct snapshot *s);

double stats_percent(const struct snapshot *s);

/* First answers of targets, whatever they say. */
uint64_t stats_answers(const struct snapshot *s);

/* Open targets in percent of the targets probed; 0 before the first. */
double stats_hit_rate(const struct snapshot *s);

/* Received frames that are no answers, over all reasons. */
uint64_t stats_rejected(const struct snapshot *s);

/*
 * How long before a loss a probe may have been sent whose answer that was, in milliseconds: the
 * least of 1, 2, 4, 8 and 16 s within which 999 of 1000 answers came; the most while few have come,
 * and a slow one may not have had the time. s is of this run alone.
 */
unsigned stats_margin_ms(const struct snapshot *s);

/* Frames that went missing on the way, in either direction. */
uint64_t stats_missing(const struct snapshot *s);

/*
 * Of these, those that were not made good: not 0 makes a scan incomplete. A drop is made good when
 * all that was under way then has been sent again, and nothing was dropped that hit these repeats
 * and was not made good in turn: then it has cost no answer, and the scan is as complete as if
 * there had been none. Each drop is shown all the same.
 */
uint64_t stats_lost(const struct snapshot *s);

/*
 * The equations that make losses visible:
 *
 *	targets * attempts = sent + opted_out + gate_hits + not_reached
 *	received = handed + repeats + sum of rejected
 *	handed = written + filtered_out + pending
 *
 * So repeats are those that were not recorded; a filter that wants some has them handed over, and
 * repeats_written says how many of the records they are.
 *
 * settled: all threads have stopped, so they hold exactly and nothing is pending. Before, counters
 * are read while they move: only what may never exceed the number of probes is checked.
 * Returns NULL, or buf with the equation that fails and both its sides.
 */
const char *stats_check(const struct snapshot *s, bool settled, char *buf, unsigned len);

/*
 * Of the frames that a card took, those that are neither sent nor dropped by its own count. 0 when
 * that is larger, as where others use the same port, and when there is none.
 */
uint64_t stats_unsent(uint64_t taken, uint64_t counted);

/* "starting", "sending", "cooldown", "done". */
const char *scan_phase_name(enum scan_phase phase);

/*
 * What a scan has come to that ended for this reason; limited: -n left targets out. Any success
 * with a loss that was not made good is END_LOSS, and a dry run is never complete.
 */
enum scan_end scan_end_judge(enum scan_end end, bool limited, const struct snapshot *s);

/* "complete", "max-targets", ... */
const char *scan_end_name(enum scan_end end);
