/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * A failure that a person can act on: the exit code it leads to and one line that names the place
 * and the remedy. Filled once, by the function that can name the user's input; callers only pass
 * it on, and main() alone prints it and ends the process.
 *
 * Functions that can fail in this way return 0 or a negative errno, and take a struct err.
 */

/* The exit codes (sysexits numbers, so that schedulers' documentation reads naturally). */
enum exit_code {
	EXIT_COMPLETE = 0,   /* every target was probed, every record written */
	EXIT_USAGE = 64,     /* the command line is wrong */
	EXIT_INPUT = 65,     /* a file that was read is wrong */
	EXIT_DEVICE = 69,    /* device, link or hugepages are not there */
	EXIT_BOOKS = 70,     /* counters do not add up, or the gate caught a probe */
	EXIT_OUTPUT = 74,    /* a record could not be written */
	EXIT_STOPPED = 75,   /* stopped early */
	EXIT_PRIVILEGE = 77, /* the device needs a privilege that this process lacks */
	EXIT_REFUSED = 78,   /* refused for safety */
};

struct err {
	enum exit_code code;
	char text[512];
};

/* Fills err and returns -EINVAL, so that `return err_set(...)` is one statement. err must not be
 * NULL. */
int err_set(struct err *err, enum exit_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
