/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "err.h"
#include "option.h"

/* One option as the command line gives it. Texts point into argv. */
struct setting {
	const struct option *opt;
	const char *text; /* NULL: a flag or count without a value */
};

struct cli {
	struct setting *at; /* in the order of the command line */
	size_t n, cap;
};

/*
 * Splits the command line of a command (CMD_*) into settings: --name value, --name=value, -x value,
 * -xvalue, flags -xyz, and -- before what only looks like an option. Names are not shortened:
 * scripts would break when options are added. Values are not looked at. The caller calls cli_fini()
 * in any case.
 */
int cli_read(struct cli *cli, int argc, char **argv, unsigned command, struct err *err);

void cli_fini(struct cli *cli);

/* The last setting of the option whose field has this offset in struct job, or NULL. */
const struct setting *cli_find(const struct cli *cli, size_t offset);
