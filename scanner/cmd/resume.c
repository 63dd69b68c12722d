/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * `peal resume`: goes on with a scan that was stopped or killed, from its state directory. What it
 * left over comes first, then the rest of the order; see scan_state.c and scan_keep.c.
 */

#include <stdlib.h>

#include "cmd.h"
#include "log.h"
#include "scan.h"

static int resume_open(struct scan *scan, struct err *err)
{
	int rc = state_open(&scan->state, scan->job->state_dir, err);

	scan->keeps = scan->resumes = true;
	return rc < 0 ? rc : state_load(&scan->state, &scan->from, err);
}

static int resume_run(struct job *job, enum exit_code *code, struct err *err)
{
	struct scan *scan = calloc(1, sizeof(*scan));
	int rc;

	if (scan == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	scan->job = job;
	rc = resume_open(scan, err);
	if (rc == 0 && scan->from.over)
		LOG(INFO, "the scan of %s is complete: nothing is left to do", job->state_dir);
	if (rc == 0 && !scan->from.over)
		rc = scan_main(scan, code, err);
	else
		scan_state_fini(scan);
	free(scan);
	return rc;
}

const struct cmd cmd_resume = {
	.name = "resume",
	.help = "go on with a scan that was stopped or killed",
	.options = CMD_RESUME,
	.run = resume_run,
};
