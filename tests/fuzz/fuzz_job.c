/* SPDX-License-Identifier: BSD-3-Clause */

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "job.h"
#include "job/job_json.h"
#include "reach.h"

/*
 * Any bytes as a job file, in memory of exactly their size. What is refused must be refused with a
 * message of printable text; what is taken must read back identically.
 */

enum { JOB, KEY, BAD_SYNTAX, BAD_KEY, BAD_VALUE };
struct reach reached[] = {
	[JOB] = {"job", 0},
	[KEY] = {"job_with_a_key", 0},
	[BAD_SYNTAX] = {"bad_syntax", 0},
	[BAD_KEY] = {"bad_key", 0},
	[BAD_VALUE] = {"bad_value", 0},
	{NULL, 0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(const struct err *err)
{
	CHECK(err->code == EXIT_INPUT && err->text[0] != '\0');
	if (strstr(err->text, "there is no such key") != NULL)
		reached[BAD_KEY].n++;
	else if (strstr(err->text, ": \"") != NULL) /* place: "key": what is wrong */
		reached[BAD_VALUE].n++;
	else
		reached[BAD_SYNTAX].n++;
	check_printable(err->text);
}

/* As job_parse() does: a rate that was not given depends on the rest. */
static int read_job(struct job *job, const char *text, size_t len, struct err *err)
{
	int rc;

	job_defaults(job);
	job->rate = 0;
	rc = job_json_read(job, text, len, "job.json", err);
	if (job->rate == 0)
		job->rate = job_rate_unless_given(job);
	return rc;
}

static void check_reads_back(const struct job *job)
{
	char *text = job_to_json(job), *again;
	struct job back;
	struct err err;

	reached[JOB].n++;
	reached[KEY].n += text != NULL && strcmp(text, "{}") != 0;
	CHECK(text != NULL && read_job(&back, text, strlen(text), &err) == 0);
	again = job_to_json(&back);
	CHECK(again != NULL && strcmp(text, again) == 0);
	free(text);
	free(again);
	job_fini(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *exact = malloc(size > 0 ? size : 1);
	struct job job;
	struct err err;

	CHECK(exact != NULL);
	if (size > 0)
		memcpy(exact, data, size);
	if (read_job(&job, exact, size, &err) < 0)
		check_error(&err);
	else
		check_reads_back(&job);
	job_fini(&job);
	free(exact);
	return 0;
}
