/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "test.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "cmd.h"

/* Whole scans in a test program, so that the test can stand between them and DPDK. */

static inline int forked_run(const struct cmd *cmd, const char *const *argv, unsigned n)
{
	enum exit_code code = EXIT_COMPLETE;
	struct err err;
	struct job job;

	if (job_parse(&job, (int)n, (char **)(uintptr_t)argv, cmd->options, &err) < 0 ||
	    job_check(&job, cmd->options, &err) < 0 || cmd->run(&job, &code, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		code = err.code;
	}
	job_fini(&job);
	return code;
}

/* Its exit status. The EAL starts once a process, so each command has its own. */
static inline int forked(const struct cmd *cmd, const char *const *argv, unsigned n)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(forked_run(cmd, argv, n));
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* A number of a summary: "truth.found". */
static inline uint64_t forked_count(const json_t *json, const char *path)
{
	char part[64];

	for (; json != NULL && *path != '\0'; path += *path == '.') {
		size_t len = strcspn(path, ".");

		snprintf(part, sizeof(part), "%.*s", (int)len, path);
		json = json_is_array(json) ? json_array_get(json, strtoul(part, NULL, 10))
					   : json_object_get(json, part);
		path += len;
	}
	if (!json_is_integer(json))
		fail_msg("the summary has no such number");
	return (uint64_t)json_integer_value(json);
}
