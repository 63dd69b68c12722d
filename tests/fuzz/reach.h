/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * How often a fuzz target got to the places that it is there for. Millions of executions prove
 * nothing if a checksum or a syntax lets none of them through, so every place is counted and told
 * at the end, "reached NAME COUNT", and scripts/test fails a target that has missed one.
 */
struct reach {
	const char *name;
	uint64_t n;
};

extern struct reach reached[]; /* the target's; ends with a NULL name */

static void reach_print(void)
{
	for (const struct reach *r = reached; r->name != NULL; r++)
		fprintf(stderr, "reached %s %llu\n", r->name, (unsigned long long)r->n);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	return atexit(reach_print);
}
