/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "io.h"
#include "job.h"
#include "monitor.h"
#include "output.h"
#include "stats.h"
#include "stream.h"
#include "target.h"
#include "worker.h"

/* A scan from its start to its end: what scan.c and its siblings share. Main thread only. */

struct scan {
	const struct job *job;
	uint64_t seed;
	uint64_t rate; /* frames/s: the lowest of all ceilings */

	/* targets */
	struct target_space *space;
	struct exclusion excl;
	struct target_counts counts;
	bool limited; /* -n leaves targets out */

	/* device */
	struct io_spec spec;
	struct io_conf io_conf;
	struct io_dev dev;
	bool dev_is_open;
	uint32_t *sources; /* sorted */
	uint32_t n_sources;
	uint32_t *kernel_addrs; /* that the kernel answers for on the device */
	unsigned n_kernel_addrs;
	struct pkt_link link;
	bool send_rst;

	/* datapath */
	struct roles roles;
	struct clock clock;
	struct stream stream;
	struct output *output;
	struct workers *workers;

	/* outcome */
	enum scan_end end;
	double started, ended; /* since 1970 */
	double send_seconds;
	struct snapshot last;
};

/* scan_link.c: source addresses, hardware addresses, who answers SYN-ACKs with RST. */
int scan_link_sources(struct scan *scan, struct err *err); /* before the device is open */
int scan_link_open(struct scan *scan, struct err *err);	   /* once it is open */

/* scan_watch.c: from the first probe to the last answer; everything stopped and counted at the end.
 */
int scan_watch(struct scan *scan, struct err *err);
