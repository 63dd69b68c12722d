/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "test.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
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

/* --- what it leaves behind --- */

/* A folder of this program's own, and paths in it. */
static struct {
	char dir[32], records[64], summary[64], state[64];
} folder = {.dir = "/tmp/peal-test-XXXXXX"};

static inline int folder_make(void)
{
	if (mkdtemp(folder.dir) == NULL)
		return -1;
	snprintf(folder.records, sizeof(folder.records), "%s/records", folder.dir);
	snprintf(folder.summary, sizeof(folder.summary), "%s/summary.json", folder.dir);
	snprintf(folder.state, sizeof(folder.state), "%s/state", folder.dir);
	return 0;
}

static inline int folder_forget_one(const char *path, const struct stat *st, int kind,
				    struct FTW *at)
{
	(void)st, (void)kind;
	return at->level == 0 ? 0 : remove(path);
}

static inline void folder_empty(void)
{
	assert_int_equal(nftw(folder.dir, folder_forget_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* The summary of a scan that ended for this reason. */
static inline json_t *forked_summary(const char *reason)
{
	json_t *json = json_load_file(folder.summary, 0, NULL);

	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "exit_reason")), reason);
	return json;
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
