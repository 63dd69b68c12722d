/* SPDX-License-Identifier: BSD-3-Clause */

#include "job.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "cli.h"
#include "job_json.h"
#include "output.h"
#include "value.h"
#include "vec.h"

#define RATE_DEFAULT 10000

void job_defaults(struct job *job)
{
	static const struct place place = {"default", EXIT_USAGE};
	struct err err;

	*job = (struct job){0};
	for (size_t i = 0; i < n_options; i++) {
		if (options[i].initial != NULL)
			value_set(job, &options[i], options[i].initial, &place, &err);
	}
	job->rate = job_rate_unless_given(job);
}

uint64_t job_rate_unless_given(const struct job *job)
{
	return job->bandwidth != 0 ? RATE_MAX : RATE_DEFAULT;
}

/* The command line wins: what it gives, once or several times, replaces what the job file says. */
static int apply(struct job *job, const struct cli *cli, struct err *err)
{
	for (size_t i = 0; i < cli->n; i++) {
		const struct option *opt = cli->at[i].opt;

		if (option_repeats(opt))
			value_reset(job, opt);
	}
	for (size_t i = 0; i < cli->n; i++) {
		const struct option *opt = cli->at[i].opt;
		char name[40];
		const struct place place = {name, EXIT_USAGE};
		int rc;

		snprintf(name, sizeof(name), "%s%s", opt->name != NULL ? "--" : "",
			 opt->name != NULL ? opt->name : opt->arg);
		rc = value_set(job, opt, cli->at[i].text, &place, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Actions that need no job: whatever else is asked for, they are done, and nothing is read. */
static bool acts(struct job *job, const struct cli *cli)
{
	job->help = cli_find(cli, offsetof(struct job, help)) != NULL;
	job->version = cli_find(cli, offsetof(struct job, version)) != NULL;
	job->list_fields = cli_find(cli, offsetof(struct job, list_fields)) != NULL;
	return job->help || job->version || job->list_fields;
}

/* The job that a state directory keeps. */
static int load_kept(struct job *job, const struct cli *cli, struct err *err)
{
	const struct setting *dir = cli_find(cli, offsetof(struct job, state_dir));
	char *path;
	int rc;

	if (dir == NULL)
		return err_set(err, EXIT_USAGE,
			       "which scan? name its state directory: the --state-dir of the scan");
	if (asprintf(&path, "%s/job.json", dir->text) < 0)
		return err_set(err, EXIT_DEVICE, "out of memory");
	rc = job_json_load(job, path, err);
	free(path);
	return rc;
}

static int job_fill(struct job *job, const struct cli *cli, unsigned command, struct err *err)
{
	const struct setting *file = cli_find(cli, offsetof(struct job, job_file));
	int rc = 0;

	job->rate = 0; /* no rate is 0: tells whether one was given */
	if (command == CMD_RESUME || command == CMD_VERIFY)
		rc = load_kept(job, cli, err);
	else if (file != NULL)
		rc = job_json_load(job, file->text, err);
	if (rc == 0)
		rc = apply(job, cli, err);
	if (job->rate == 0)
		job->rate = job_rate_unless_given(job);
	return rc;
}

int job_parse(struct job *job, int argc, char **argv, unsigned command, struct err *err)
{
	struct cli cli;
	int rc;

	job_defaults(job);
	rc = cli_read(&cli, argc, argv, command, err);
	if (rc == 0 && !acts(job, &cli))
		rc = job_fill(job, &cli, command, err);
	cli_fini(&cli);
	return rc;
}

bool job_keeps_records(const struct job *job)
{
	return job->output_dir != NULL || (job->output != NULL && strcmp(job->output, "-") != 0);
}

void job_output_conf(const struct job *job, struct output_conf *conf)
{
	*conf = (struct output_conf){
		.path = job->output != NULL ? job->output : "-",
		.format = job->format,
		.fields = job->fields,
		.filter = job->filter,
		.open_only = job->open_only,
		.max_results = job->max_results,
		.patient = job->on_full == ON_FULL_WAIT,
		.capture = job->capture,
	};
}

uint64_t job_quota(const struct quota *quota, uint64_t targets)
{
	uint64_t share;

	if (quota->percent == 0)
		return quota->count;
	share = (uint64_t)((double)targets * quota->percent / 100 + 0.5);
	return share > 0 ? share : 1;
}

int job_draw_seed(struct job *job, struct err *err)
{
	uint64_t seed;

	if (job->seed_given)
		return 0;
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return err_set(err, EXIT_DEVICE,
			       "no randomness for the seed: give one with --seed");
	job->seed = seed % JSON_NUMBER_MAX;
	job->seed_given = true;
	return 0;
}

void job_fini(struct job *job)
{
	for (size_t i = 0; i < n_options; i++) {
		if (options[i].type == OPT_LIST)
			vec_free(value_list(job, &options[i]));
	}
	for (size_t i = 0; i < job->owned.n; i++)
		free((void *)(uintptr_t)job->owned.at[i]);
	vec_free(&job->owned);
}
