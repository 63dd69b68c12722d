/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "adapt.h"
#include "checkpoint.h"
#include "clock.h"
#include "coverage.h"
#include "job.h"
#include "monitor.h"
#include "output.h"
#include "sandbox.h"
#include "source_claim.h"
#include "stats.h"
#include "stream.h"
#include "target.h"
#include "uplink.h"
#include "worker.h"

/* A scan from its start to its end: what scan.c and its siblings share. Main thread only. */

struct keeper;

/* The sample is probed so long after the last probe at the most. */
enum { SCAN_SAMPLE_WAIT_MS = 1000 };

/* What is to be sent again, see scan_again(). Zeroed at the start. */
struct scan_again {
	uint64_t from, to; /* TSC: of what had no room yet */
	bool waits;
	int error;
	unsigned margin_ms; /* stats_margin_ms() by now; atomic, for the keeper reads it */
	uint64_t made_good; /* frames seen to be lost whose probes go out again */
};

/* How sending follows what the way bears, see scan_adapt.c. */
struct scan_adapt {
	struct adapt search;
	uint64_t missing;	  /* frames, by the last look */
	uint64_t looked;	  /* TSC: at which that was */
	uint64_t owed;		  /* of them, of the moment of loss that is not over yet */
	uint64_t since, from, to; /* TSC: of that: noticed; what was sent when is to be repeated */
	uint64_t covered;	  /* TSC: what was sent before is repeated, or need not be */
	bool held;		  /* at the last look */
	bool given_up;		  /* what goes on being lost is not repeated any more */
};

struct scan {
	const struct job *job;
	uint64_t rate; /* frames/s: the lowest of all ceilings */

	/* state, with --state-dir */
	bool keeps, resumes; /* there is one; it was there */
	struct state state;
	struct checkpoint from;	   /* where this run begins; the rest of it is filled in for good */
	struct snapshot base;	   /* what the runs before have counted */
	struct target_conf target; /* the job's, but reads the state's copies */
	struct keeper *keeper;

	/* targets */
	struct target_space *space;
	struct exclusion excl;
	struct target_counts counts;
	bool limited; /* -n leaves targets out */

	/* devices */
	struct uplink uplink[DEVICES_MAX];
	unsigned n_uplinks;
	struct source source[DEVICES_MAX]; /* where the probes of each come from */
	uint32_t *sources;		   /* the addresses of all, ascending */
	uint32_t n_sources;
	struct source_claim claim[DEVICES_MAX]; /* of the addresses of each */

	/* datapath */
	struct roles roles;
	struct clock clock;
	struct stream stream;
	struct output *output;
	struct workers *workers;
	struct scan_again again;
	uint64_t sent_before[DEVICES_MAX]; /* scan_sent.c: what cards had counted at the start */
	struct scan_adapt adapt;
	struct status *status; /* --status-file, or NULL */
	bool status_lost;      /* it could not be written any more */

	struct sandbox sandbox; /* what is in force */
	int summary_fd;		/* open from the start, or -1 */

	/* outcome */
	enum scan_end end;
	double started, ended; /* since 1970 */
	double send_seconds;
	bool settled; /* all answers that can come have come */
	struct snapshot last;
	struct coverage coverage;
};

/* A scan of job, or with state, one that goes on from scan->from. Ends the state's use. */
int scan_main(struct scan *scan, enum exit_code *code, struct err *err);

/* The targets that the job names, in their order: sets space, excl, counts, limited and the walk.
 */
int scan_targets(struct scan *scan, struct err *err);

/* scan_rate.c: sets rate, once it is known what a probe looks like; and who does what, by that. */
void scan_rate(struct scan *scan);
int scan_roles(struct scan *scan, struct err *err);

/* scan_sent.c: cards' own counts of what they have sent, from before the lcores start to after they
 * have stopped; what does not add up goes into the snapshot, and is said. */
void scan_sent_begin(struct scan *scan);
void scan_sent_check(struct scan *scan, struct snapshot *s);

/* scan_state.c: what is kept on disk before the first probe, and read again to go on. */
int scan_state_begin(struct scan *scan, struct err *err);   /* before the targets are read */
int scan_state_targets(struct scan *scan, struct err *err); /* after: they are those of then */
int scan_state_place(struct scan *scan, struct err *err);   /* once the stream is made */
void scan_state_opted_out(struct scan *scan, const struct exclusion *deny); /* on SIGHUP */
void scan_state_fini(struct scan *scan);

/* scan_output.c: where the records go, and what is said of them there when all is written. */
int scan_output_open(struct scan *scan, struct err *err);
void scan_output_end(struct scan *scan, enum exit_code *code);

/* scan_seal.c: gives up what the rest of the scan does not need; before threads of ours begin. */
int scan_seal(struct scan *scan, struct err *err);

/*
 * scan_keep.c: a thread that writes a checkpoint twice a second. All of these do nothing without
 * --state-dir.
 */
int scan_keep_start(struct scan *scan, struct err *err); /* before the first probe */
void scan_keep_publish(struct scan *scan, const struct snapshot *s);
int scan_keep_error(const struct scan *scan); /* -errno when it cannot go on */
void scan_keep_stop(struct scan *scan);	      /* before the output is closed */
/* The last checkpoint, before the summary and after: only what was told is over. */
void scan_keep_end(struct scan *scan, bool told);

/* Whether the device knows what there is to find. Several could know different things. */
static inline bool scan_knows_truth(const struct scan *scan)
{
	return scan->n_uplinks == 1 && scan->uplink[0].dev.count_open != NULL;
}

/* Whether a signal has asked to stop: ends waits at the start. */
bool scan_stop_asked(void);

/* scan_link.c: source addresses, hardware addresses, who answers SYN-ACKs with RST. */
int scan_link_sources(struct scan *scan, struct err *err); /* before the devices are open */
int scan_link_claim(struct scan *scan, struct err *err);   /* before anything is sent */
int scan_link_open(struct scan *scan, struct err *err);	   /* once all are open */

/*
 * scan_again.c: what was sent between two instants (TSC) goes out again, before anything new, as
 * soon as there is room for it: see workers_again(). lost: frames that were seen to be lost then,
 * in rx_missed or tx_dropped, and no longer make the scan incomplete.
 */
void scan_again(struct scan *scan, uint64_t from, uint64_t to, uint64_t lost);
void scan_again_tick(struct scan *scan);       /* again and again */
bool scan_again_over(const struct scan *scan); /* all is sent that was asked for */

/* How long before a loss, in ticks, its probes may have been sent. Any thread. */
uint64_t scan_margin(const struct scan *scan);

/*
 * scan_adapt.c: slows sending down when frames are lost, and has what was sent then sent again,
 * unless the job says not to. Start at the first probe; look at each new snapshot, held while the
 * way is broken (scan_path.c).
 */
void scan_adapt_start(struct scan *scan, uint64_t now);
void scan_adapt_look(struct scan *scan, const struct snapshot *s, bool held, uint64_t now);

/* scan_path.c: what the main thread knows of a device's way to its gateway. Zeroed at the start. */
struct scan_path {
	struct io_stats io;    /* the device's own word, read once a look, but not after the end */
	uint64_t looked;       /* TSC of the last look, and so on */
	uint64_t up_at;	       /* when the link was up */
	uint64_t down_since;   /* 0: the link is up */
	uint64_t alive_at;     /* the look before the last sign of life from behind the link */
	uint64_t told_at;      /* the look before the gateway last said where it is */
	uint64_t silent_since; /* of the first question without an answer */
	uint64_t ask_at;
	unsigned silent; /* questions without an answer, in a row */
	bool alive;	 /* there was a sign of life since the last question */
	uint64_t heard, answers, told, mac;
	bool parked; /* no lcore uses the device: it is being reset */
	bool held;
	uint64_t held_at;
	uint64_t dropped; /* frames, at the last look */
	uint64_t outages; /* so far */
	uint64_t outage;  /* TSC ticks that those took that are over */
};

/*
 * Judges the way of device i by path->io, lets its sending wait while it is broken (the others go
 * on), and has sent again what was lost. False: it is broken for good.
 */
bool scan_path_look(struct scan_path *path, struct scan *scan, unsigned i, const struct snapshot *s,
		    uint64_t now);

/* How long it was broken, in TSC ticks. */
uint64_t scan_path_outage(const struct scan_path *path, uint64_t now);

/* scan_watch.c: from the first probe to the last answer; everything stopped and counted at the end.
 */
int scan_watch(struct scan *scan, struct err *err);
