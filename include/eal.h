/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

/*
 * DPDK's environment abstraction layer, started with arguments that peal finds itself: hugepages
 * are used when enough of them are free and not needed otherwise, runs beside each other do not
 * clash, nothing is printed to stdout. Started and stopped once a process, by the main thread.
 */

enum { EAL_MEMORY_MB = 512 }; /* what eal_conf.memory_mb == 0 means; touched only as it is used */

struct eal_conf {
	const char
		*lcores; /* as --lcores takes them: "0@(0-1),1@0,2@1"; NULL: main alone, floating */
	const char *extra;	/* the user's arguments, split as a shell splits; NULL: none */
	const char *const *pci; /* cards to open, by address; all others are left alone */
	unsigned n_pci;
	unsigned memory_mb; /* of pools and rings; 0: EAL_MEMORY_MB */
	bool verbose;	    /* the EAL's messages go to the log */
};

/*
 * Telemetry answers under RUNTIME/dpdk/peal-PID/ (dpdk-telemetry.py -f peal-PID), where RUNTIME is
 * /var/run for root and $XDG_RUNTIME_DIR or /tmp else. EXIT_USAGE when extra cannot be understood
 * or says which lcores to use,
 * EXIT_DEVICE when the EAL cannot start; err has the EAL's last word.
 */
int eal_start(const struct eal_conf *conf, struct err *err);

/* After all devices are closed: ends the EAL and removes its files. Not an error when never
 * started. */
void eal_stop(void);

/* Where the EAL has a folder of each run. */
void eal_runtime_dir(char *buf, size_t len);

/* The argument of dpdk-telemetry.py -f. */
const char *eal_file_prefix(void);

/* Whether eal_start() was asked to be verbose. */
bool eal_verbose(void);
