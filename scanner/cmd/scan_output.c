/* SPDX-License-Identifier: BSD-3-Clause */

/* Where the records of a scan go: one file or segments, and what their manifest says. */

#include "scan.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "capture.h"
#include "log.h"
#include "manifest.h"

enum { ROOM_MS = 50 }; /* between two looks whether a full disk has room */

static void scan_manifest(const struct scan *scan, struct manifest *manifest)
{
	const struct job *job = scan->job;

	*manifest = (struct manifest){
		.seed = job->seed,
		.attempts = job->attempts,
		.shard = job->shard,
		.max_targets = job->max_targets,
		.filter = job->filter,
		.open_only = job->open_only,
	};
	target_space_digest(scan->space, &manifest->space);
}

int scan_output_open(struct scan *scan, struct err *err)
{
	const struct job *job = scan->job;
	struct manifest manifest;
	const struct output_segments segments = {
		.path = job->output_dir,
		.size = job->segment_size != 0 ? job->segment_size : SEGMENT_SIZE,
		.time_ns = job->segment_ns != 0 ? job->segment_ns : SEGMENT_NS,
		.packed = job->zstd,
		.scan = &manifest,
	};
	struct capture_iface iface[DEVICES_MAX];
	const struct capture_origin origin = {job->seed, iface, scan->n_uplinks};
	struct output_conf conf;

	job_output_conf(job, &conf);
	conf.n_rings = workers_rings(&scan->roles, scan->uplink, scan->n_uplinks);
	conf.again = scan->keeps && job_keeps_records(job);
	conf.go_on = scan->resumes;
	conf.give_up = scan_stop_asked;
	conf.origin = &origin;
	if (job->output_dir != NULL && !job->dry_run) {
		scan_manifest(scan, &manifest);
		conf.segments = &segments;
	}
	for (unsigned i = 0; i < scan->n_uplinks; i++) {
		const struct uplink *u = &scan->uplink[i];

		iface[i] = (struct capture_iface){u->name, u->sources, u->n_sources};
	}
	return output_create(&conf, &scan->output, err);
}

/* A full disk is waited for, until a signal asks for the end. */
static bool wait_for_room(const struct scan *scan, int rc, bool *told)
{
	if ((rc != -ENOSPC && rc != -EDQUOT) || scan->job->on_full != ON_FULL_WAIT ||
	    scan_stop_asked())
		return false;
	if (!*told)
		LOG(WARN, "%s: the disk is full: the manifest waits for room",
		    output_place(scan->output));
	*told = true;
	poll(NULL, 0, ROOM_MS);
	return true;
}

/*
 * Before the last checkpoint: killed in between, the scan goes on with nothing left to do, and says
 * so once more.
 */
void scan_output_end(struct scan *scan, enum exit_code *code)
{
	const struct snapshot *s = &scan->last;
	const struct manifest_counts counts = {
		.targets = s->targets,
		.sent = s->sent,
		.records = s->written,
	};
	bool complete = scan->end == END_COMPLETE || scan->end == END_MAX_TARGETS, told = false;
	int rc;

	do
		rc = output_conclude(scan->output, complete, &counts);
	while (wait_for_room(scan, rc, &told));
	if (rc == 0)
		return;
	LOG(ERROR, "%s: the manifest cannot be written: %s", output_place(scan->output),
	    strerror(-rc));
	if (*code != EXIT_COMPLETE && *code != EXIT_STOPPED)
		return;
	scan->end = END_OUTPUT;
	*code = EXIT_OUTPUT;
}
