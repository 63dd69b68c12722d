/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>

#include "job.h"

/* Job files. */

enum { JOB_FILE_MAX = 1 << 20 };

/* Above this many, readers that keep numbers in a double would change them: they become texts. */
#define JSON_NUMBER_MAX (UINT64_C(1) << 53)

/*
 * Reads the JSON object of len bytes into a job, on top of what it says already; name is the file's
 * for errors, which are EXIT_INPUT and name line and column. What the job keeps of it is its own.
 */
int job_json_read(struct job *job, const char *text, size_t len, const char *name, struct err *err);

/* The same from a file of at most JOB_FILE_MAX bytes; "-" is stdin. */
int job_json_load(struct job *job, const char *path, struct err *err);

/* The job without any option. */
void job_defaults(struct job *job);

/* What the rate is when it is not given: the default, or no ceiling beside that of --bandwidth. */
uint64_t job_rate_unless_given(const struct job *job);
