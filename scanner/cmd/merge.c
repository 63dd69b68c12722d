/* SPDX-License-Identifier: BSD-3-Clause */

/* `peal merge`: the records of all shards of a scan in one file, each of them once. */

#include "merge.h"

#include <inttypes.h>

#include "cmd.h"
#include "log.h"

static void merge_tell(const struct merge *m)
{
	uint64_t read = 0, duplicates = 0;
	size_t n;
	const struct merge_shard *shard = merge_shards(m, &n);

	for (size_t i = 0; i < n; i++) {
		LOG(INFO,
		    "shard %" PRIu32 "/%" PRIu32 " of %s: %" PRIu64 " records, %" PRIu64
		    " of them duplicates%s",
		    shard[i].index, shard[i].total, shard[i].folder, shard[i].read,
		    shard[i].duplicates, shard[i].complete ? "" : "; not complete");
		read += shard[i].read;
		duplicates += shard[i].duplicates;
	}
	LOG(INFO, "%" PRIu64 " records read, %" PRIu64 " duplicates left out, %" PRIu64 " written",
	    read, duplicates, read - duplicates);
	if (merge_keeps_all(m) != NULL)
		LOG(WARN, "no duplicates were looked for: %s", merge_keeps_all(m));
}

static int merge_all(struct merge *m, const struct job *job, enum exit_code *code, struct err *err)
{
	const char *missing = merge_missing(m);
	int rc;

	if (missing != NULL && !job->partial)
		return err_set(err, EXIT_INPUT,
			       "%s: name the folders of all shards, and end their scans ('peal "
			       "resume'), or take what is there with --partial",
			       missing);
	rc = merge_write(m, job->output, err);
	if (rc < 0)
		return rc;
	merge_tell(m);
	if (missing != NULL) {
		LOG(WARN, "the scan is not whole: %s", missing);
		*code = EXIT_STOPPED;
	}
	return 0;
}

static int merge_run(struct job *job, enum exit_code *code, struct err *err)
{
	struct merge *m;
	int rc = merge_create(&job->dirs, &m, err);

	if (rc == 0)
		rc = merge_all(m, job, code, err);
	merge_destroy(m);
	return rc;
}

const struct cmd cmd_merge = {
	.name = "merge",
	.help = "join the records of all shards of a scan, each of them once",
	.options = CMD_MERGE,
	.run = merge_run,
};
