/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

/*
 * What the process gives up for good once everything is open, so that a slip in the code that reads
 * answers opens nothing: all capabilities (capabilities(7)), all system calls but those that a
 * running scan makes (seccomp(2)), all files but those that it names (landlock(7)). All three
 * belong to a thread, and DPDK starts its own: sandbox_enter() makes every thread of the process
 * give them up, and those that start later have none to give.
 */

enum { /* what may be done with what is in a folder, or with a file */
       SANDBOX_READ = 1,
       SANDBOX_WRITE = 2,  /* to what is there */
       SANDBOX_CHANGE = 4, /* make, rename and remove files and folders */
};

struct sandbox_path {
	const char *path; /* one that is not there is left out */
	unsigned may;	  /* SANDBOX_* */
};

struct sandbox_conf {
	const struct sandbox_path *path;
	size_t n;
	bool ports; /* a card is driven by I/O ports (ioperm(2)): they stay open */
};

enum { SANDBOX_CAPABILITIES, SANDBOX_SECCOMP, SANDBOX_LANDLOCK, SANDBOX_PARTS };

/* What is in force; a kernel may lack seccomp or Landlock. */
struct sandbox {
	bool in_force[SANDBOX_PARTS];
};

/* "capabilities", "seccomp", "landlock" */
const char *sandbox_part_name(int part);

/*
 * Main thread, once, after all devices are open: *sandbox says what is in force from now on, in all
 * threads. Threads that exist must not block the last real-time signal. A call that a scan never
 * makes (execve, ptrace, a socket of the internet ...) ends the process with SIGSYS afterwards, one
 * that is not known fails with ENOSYS, and the file that is not named with EACCES. EXIT_DEVICE when
 * a thread does not follow, or the kernel refuses what it has.
 */
int sandbox_enter(const struct sandbox_conf *conf, struct sandbox *sandbox, struct err *err);

/*
 * Whether the folder of path, seen from the folder `from` (or AT_FDCWD), can be entered, with
 * SANDBOX_READ path be read, and with SANDBOX_CHANGE files be made and removed there, by whom the
 * process is, without capabilities. Main thread, before sandbox_enter().
 */
bool sandbox_reaches(int from, const char *path, unsigned may);
