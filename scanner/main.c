/* SPDX-License-Identifier: BSD-3-Clause */

#include <rte_version.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "cmd.h"
#include "job.h"
#include "log.h"
#include "output.h"

/* What a person can type after "peal". */
static const struct cmd *const commands[] = {
	&cmd_scan, &cmd_list, &cmd_doctor, &cmd_resume, &cmd_verify, &cmd_merge,
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct cmd *command_find(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}

static void print_usage(FILE *to)
{
	fprintf(to, "peal rings every doorbell of the networks you name once, and writes one line "
		    "per answer.\n\nusage: peal COMMAND [OPTION...]\n\nCommands:\n");
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(to, "  %-10s %s\n", commands[i]->name, commands[i]->help);
	fprintf(to,
		"  %-10s %s\n\n"
		"Examples:\n"
		"  peal scan -i sim -p 80,443 198.18.0.0/16 --allow-special 198.18.0.0/15\n"
		"  peal scan -i eth0 -p 443 -r 10k -o answers.ndjson 198.51.100.0/24 -x "
		"198.51.100.7\n"
		"  peal list -p 80 -n 10 0.0.0.0/0\n\n"
		"'peal help COMMAND' or 'peal COMMAND --help' tells the options, peal --version "
		"the "
		"version.\n",
		"help", "tell the options of a command");
}

static void print_version(void)
{
	printf("peal %s (%s)\n", PEAL_VERSION, rte_version());
}

static int fail(const struct err *err)
{
	LOG(ERROR, "%s", err->text);
	return err->code;
}

/* Options that are an answer of their own; true when one was given. */
static bool command_acts(const struct cmd *cmd, const struct job *job)
{
	if (job->help)
		job_help(stdout, cmd->options);
	else if (job->version)
		print_version();
	else if (job->list_fields)
		output_list_fields();
	return job->help || job->version || job->list_fields;
}

static int print_job(const struct job *job, struct err *err)
{
	char *text = job_to_json(job);

	if (text == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	puts(text);
	free(text);
	return 0;
}

static int command_run(const struct cmd *cmd, struct job *job, enum exit_code *code,
		       struct err *err)
{
	int rc;

	log_set_level(job->quiet	 ? LOG_LEVEL_WARN
		      : job->verbose > 0 ? LOG_LEVEL_DEBUG
					 : LOG_LEVEL_INFO);
	rc = job_check(job, cmd->options, err);
	if (rc < 0)
		return rc;
	if (job->print_job)
		return print_job(job, err);
	if (job->log_file != NULL && (rc = log_open(job->log_file)) < 0)
		return err_set(err, EXIT_OUTPUT, "--log-file: %s: %s", job->log_file,
			       strerror(-rc));
	return cmd->run(job, code, err);
}

static int command_main(const struct cmd *cmd, int argc, char **argv)
{
	enum exit_code code = EXIT_COMPLETE;
	struct err err;
	struct job job;
	int rc = job_parse(&job, argc, argv, cmd->options, &err);

	if (rc == 0 && !command_acts(cmd, &job))
		rc = command_run(cmd, &job, &code, &err);
	if (rc == 0 && fflush(stdout) != 0)
		code = EXIT_OUTPUT;
	if (rc < 0)
		code = fail(&err);
	job_fini(&job);
	log_close();
	return code;
}

static int unknown(const char *name)
{
	bool plain = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-./") == strlen(name);
	char known[128] = "";
	struct err err;
	int len = 0;

	for (size_t i = 0; i < N_COMMANDS && (size_t)len < sizeof(known); i++)
		len += snprintf(known + len, sizeof(known) - (size_t)len, "%s, ",
				commands[i]->name);
	err_set(&err, EXIT_USAGE, "there is no command '%.40s': commands are %shelp",
		plain ? name : "?", known);
	return fail(&err);
}

static int help_main(const char *name)
{
	const struct cmd *cmd = name != NULL ? command_find(name) : NULL;

	if (name != NULL && cmd == NULL)
		return unknown(name);
	if (cmd != NULL)
		job_help(stdout, cmd->options);
	else
		print_usage(stdout);
	return fflush(stdout) == 0 ? EXIT_COMPLETE : EXIT_OUTPUT;
}

/*
 * The key of the cookies is in memory, and who has it can forge answers: no core dump is made, and
 * no other process of the user's may look.
 */
static void keep_memory_private(void)
{
	prctl(PR_SET_DUMPABLE, 0);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	const struct cmd *cmd = command_find(name);

	signal(SIGPIPE, SIG_IGN); /* a reader that left is an error of the write, never a death */
	signal(SIGXFSZ, SIG_IGN); /* so is a limit on the size of files */
	keep_memory_private();
	if (cmd != NULL)
		return command_main(cmd, argc - 2, argv + 2);
	if (argc < 2) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		return help_main(argv[2]);
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		print_version();
		return fflush(stdout) == 0 ? EXIT_COMPLETE : EXIT_OUTPUT;
	}
	return unknown(name);
}
