/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "err.h"
#include "job.h"

/*
 * A subcommand: what a person can type after "peal". main() finds it by name, reads its options
 * into a job, and turns its result into the exit status. Add yours to the table in main.c.
 */
struct cmd {
	const char *name, *help;
	unsigned options; /* CMD_*: which rows of the option table it takes */
	/*
	 * 0: *code (EXIT_COMPLETE beforehand) is the exit status.
	 * Negative: err says why it could not be done, and has the exit status.
	 */
	int (*run)(struct job *job, enum exit_code *code, struct err *err);
};

extern const struct cmd cmd_scan, cmd_list, cmd_doctor, cmd_resume, cmd_verify, cmd_merge;
