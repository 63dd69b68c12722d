/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "err.h"
#include "packet.h"
#include "target.h"

/*
 * A job: everything the user asked for, from the command line, a JSON job file, or defaults, in
 * this order of precedence. Read and checked at the start, const from then on.
 *
 * One table (scanner/job/option.c) describes every option; parsing, --help, the job file's keys,
 * the man page and shell completion come from it.
 */

#define RATE_MAX UINT64_MAX /* --rate max */

enum { CORES_MAX = 32 }; /* that send, and that receive */

enum rst_mode { RST_AUTO, RST_ALWAYS, RST_NEVER };
enum on_full { ON_FULL_WAIT, ON_FULL_STOP };
enum adapt_how { ADAPT_ON, ADAPT_OFF };
enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* A number, or a percentage of the targets. */
struct quota {
	uint64_t count; /* 0 when not given */
	double percent; /* 0 when not given */
};

/* Of --output-dir, unless told. */
#define SEGMENT_SIZE (UINT64_C(256) * 1000 * 1000)
#define SEGMENT_NS   (UINT64_C(3600) * 1000000000)

struct shard {
	uint32_t index, total; /* index < total; 0/1 is the whole */
};

struct port_range {
	uint16_t first, last; /* inclusive */
};

struct mac {
	uint8_t byte[6];
	bool given;
};

struct job {
	struct target_conf target;

	struct quota max_targets; /* -n */
	uint64_t max_results;	  /* -N, 0: no limit */
	uint64_t max_runtime_ns;  /* -t, 0: no limit */
	uint32_t attempts;	  /* -P, 1 ... 255 */
	uint64_t cooldown_ns;	  /* -c */
	uint32_t sample;	  /* --sample: one target in so many, a power of two; 0: none */
	uint64_t seed;		  /* -e, or job_draw_seed() */
	bool seed_given;
	struct shard shard;

	uint64_t rate;	      /* -r, frames/s; RATE_MAX lifts it */
	uint64_t bandwidth;   /* -B, bits/s on the wire; 0: no limit */
	uint64_t prefix_rate; /* --prefix-rate, 0: none */
	uint32_t prefix_len;  /* its /LEN */

	struct strlist devices;		/* -i */
	const char *device;		/* of `peal doctor` */
	struct strlist source_ips;	/* -S: addresses, ranges, CIDRs */
	struct port_range source_ports; /* -s */
	/* VALUE or DEVICE=VALUE, see job_gateway_mac() and so on */
	struct strlist gateway_macs, gateway_ips, source_macs, vlans;
	enum syn_look look;
	uint32_t ttl;
	enum rst_mode rst;
	bool answer_ping;
	uint32_t tx_cores, rx_cores; /* 0: as many as are of use */
	const char *cores;	     /* --cores LIST, NULL: from the affinity mask */

	const char *output, *format, *fields, *filter; /* NULL: default */
	const char *output_dir;			       /* NULL: records go to output */
	uint64_t segment_size;			       /* bytes, 0: SEGMENT_SIZE */
	uint64_t segment_ns;			       /* 0: SEGMENT_NS */
	bool zstd;				       /* segments are compressed */
	const char *capture;			       /* NULL: frames are not kept */
	bool open_only;
	enum on_full on_full; /* the disk */
	enum adapt_how adapt; /* to losses */
	const char *summary_file, *status_file, *log_file;
	const char *state_dir; /* NULL: none is kept */

	/* of `peal merge` */
	struct strlist dirs;
	bool partial;

	bool dry_run;
	const char *eal; /* extra EAL arguments */
	bool no_sandbox; /* keep what sandbox.h gives up */
	const char *contact, *purpose;
	bool quiet;
	uint32_t verbose;
	enum color_mode color;

	/* of `peal list` */
	bool truth;
	const char *list_format; /* text or ndjson */

	/* actions instead of the command */
	const char *job_file;
	bool print_job, help, version, list_fields;

	struct strlist owned; /* memory that strings above point into; freed by job_fini() */
};

/* Which commands an option belongs to. */
enum {
	CMD_SCAN = 1,
	CMD_LIST = 2,
	CMD_DOCTOR = 4,
	CMD_RESUME = 8,
	CMD_VERIFY = 16,
	CMD_MERGE = 32
};

/*
 * Reads argv (without the program's and the command's name) for one command (CMD_*), the job file
 * it names (resume, verify: that of the state directory), and defaults. Numbers take k, M, G;
 * durations ms, s, m, h, d. EXIT_USAGE names the option and what would be right; EXIT_INPUT names
 * file, line and column.
 */
int job_parse(struct job *job, int argc, char **argv, unsigned command, struct err *err);

/* Contradictions, ranges between options, missing ones: what is wrong whatever the device. */
int job_check(const struct job *job, unsigned command, struct err *err);

/*
 * Draws the seed unless one was given; from then on the job repeats its order by itself. What is
 * drawn stays a plain number for every reader of JSON. EXIT_DEVICE when the kernel has no
 * randomness.
 */
int job_draw_seed(struct job *job, struct err *err);

/* Whether records go where they can be read again. */
bool job_keeps_records(const struct job *job);

/* What the job says of its records, see output.h; the rest of *conf is zero. */
struct output_conf;
void job_output_conf(const struct job *job, struct output_conf *conf);

void job_fini(struct job *job);

/*
 * The effective job as a JSON text that reads back identically: only what differs from the
 * defaults, and the seed. The caller frees it; NULL when out of memory.
 */
char *job_to_json(const struct job *job);

/* Help of one command, grouped, short, with examples. */
void job_help(FILE *to, unsigned command);

/* How many a quota allows of so many targets; 0 is no limit. */
uint64_t job_quota(const struct quota *quota, uint64_t targets);

/* Source addresses of -S for a device as host-order addresses (malloc'ed, duplicates removed). */
int job_source_addrs(const struct job *job, const char *device, uint32_t **addr, uint32_t *n,
		     struct err *err);

/*
 * The part of an option's text that is for a device: what follows "DEVICE=", or all of it when it
 * names no device; NULL when it is for another one. device NULL: only texts that name none.
 */
const char *job_value_for(const struct job *job, const char *text, const char *device);

/* What is said for a device, or for whichever has no word of its own. NULL, not given, or 0 (in no
 * VLAN) when nothing is. device as above. */
const char *job_gateway_ip(const struct job *job, const char *device);
struct mac job_gateway_mac(const struct job *job, const char *device);
struct mac job_source_mac(const struct job *job, const char *device);
uint16_t job_vlan(const struct job *job, const char *device);

/* Devices, and what belongs to one of them. EXIT_USAGE. */
int job_check_devices(const struct job *job, struct err *err);
