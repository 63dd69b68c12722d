/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Runs fn(arg) once in each thread of the process, the caller first, and waits for all: 0, or
 * -errno of the first that failed, -ETIMEDOUT when a thread blocks the signal that is used
 * (SIGRTMAX). fn runs in a signal handler: async-signal-safe, 0 or -errno. Not reentrant.
 */
int threads_run(int (*fn)(const void *), const void *arg);
