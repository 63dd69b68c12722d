/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "coverage.h"
#include "err.h"
#include "io.h"
#include "job.h"
#include "sandbox.h"
#include "stats.h"

/*
 * Watching: what the main thread shows and writes while a scan runs, ten times a second, and the
 * summary at its end. All of it works on snapshots.
 */

/* --- rates: differences between snapshots --- */

struct meter {
	double elapsed; /* of the last reading */
	uint64_t sent, received, done;
	double sent_rate, received_rate; /* per second, between the last two readings */
	double smooth;			 /* of done, over some ten seconds: for the time left */
	bool known;			 /* there were two readings */
};

/* --- the progress line on stderr --- */

struct progress {
	bool tty, color, quiet;
	bool drawn;	  /* a line without its newline is on the terminal */
	double last_line; /* elapsed time of the last line */
	struct meter meter;
};

void progress_init(struct progress *p, bool tty, bool color, bool quiet);
/* Redraws the line once a second on a terminal, writes one every 10 s elsewhere. */
void progress_update(struct progress *p, const struct snapshot *s, FILE *to);
/* Writes a line of its own now, even if quiet: on SIGUSR1. */
void progress_now(struct progress *p, const struct snapshot *s, FILE *to);
/* Ends the redrawn line and, unless quiet, prints the result in a few lines. */
void progress_end(struct progress *p, const struct snapshot *s, const char *exit_reason, FILE *to);

/* --- the status file: one JSON line a second --- */

struct status;
/*
 * Appends to path. A FIFO may be opened before its reader: lines that nobody reads in time are left
 * out whole, the scan never waits for them. EXIT_OUTPUT.
 */
int status_open(const char *path, struct status **status, struct err *err);
/* Writes when a second has passed since the last line, or when now is true. 0 or -errno. */
int status_update(struct status *status, const struct snapshot *s, bool now);
void status_close(struct status *status);

/* --- the summary --- */

struct summary_meta {
	const struct job *job;
	const char *isa, *device, *exit_reason;
	const struct coverage *coverage;
	bool complete;
	double started, ended; /* seconds since 1970 */
	const struct sandbox *sandbox;
	struct io_counter *counters[DEVICES_MAX]; /* the devices' own */
	unsigned n_counters[DEVICES_MAX];
};

/* The summary as JSON text; the caller frees it. NULL when out of memory. */
char *summary_to_json(const struct summary_meta *meta, const struct snapshot *s);

/* Whether summary_write() could write there now, so that this is known before the scan.
 * EXIT_OUTPUT.
 */
int summary_check(const char *path, struct err *err);

/*
 * Writes it by rename: never half a file. What exists and is no regular file (a FIFO, /dev/stdout)
 * is written to instead; the reader of a FIFO is waited for, until give_up(), which may be NULL.
 * EXIT_OUTPUT.
 */
int summary_write(const char *path, const char *json, bool (*give_up)(void), struct err *err);

/*
 * Where summary_write() will not be able to: opens path now, without changing what is there, to
 * write over it in the end, which closes fd. EXIT_OUTPUT.
 */
int summary_hold(const char *path, int *fd, struct err *err);
int summary_write_held(const char *path, int fd, const char *json, struct err *err);

/* --- DPDK telemetry: /peal/status, /peal/counters --- */

/* Registers the commands. Callbacks run in telemetry's threads and read the last published
 * snapshot. */
int control_start(void);
void control_publish(const struct snapshot *s);

/* --- signals --- */

struct signal_counts {
	unsigned stop;	 /* INT and TERM so far */
	unsigned reload; /* HUP so far */
	unsigned show;	 /* USR1 so far */
};

/* Installs the handlers; SIGPIPE is ignored from here on. 0 or -errno. */
int signals_start(void);
void signals_read(struct signal_counts *counts);
void signals_forget(void); /* what came so far: they count from 0 again */

/* --- the plan before a scan --- */

/*
 * Prints targets, excluded, packets, bytes, rate, time, and what one network will see. targets is
 * after shard and -n; rate is that of frames, RATE_MAX if there is none; frame_len is without FCS.
 */
void plan_print(FILE *to, const struct job *job, const struct target_counts *counts,
		uint64_t targets, unsigned frame_len, uint64_t rate);
