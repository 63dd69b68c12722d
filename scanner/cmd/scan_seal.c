/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The moment from which a scan can do no more than it must: all is open, and nothing that was
 * received has been looked at but the gateway's address. See sandbox.h.
 */

#include "scan.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_common.h>

#include "eal.h"
#include "log.h"
#include "manifest.h"
#include "sandbox.h"
#include "vec.h"

/* What is opened, made or removed from now on. */
struct seal {
	VEC(struct sandbox_path) paths;
	struct strlist folders;				       /* memory of some of them, */
	char runtime[PATH_MAX], device[DEVICES_MAX][PATH_MAX]; /* and of others */
	bool failed;
};

static void seal_path(struct seal *seal, const char *path, unsigned may)
{
	const struct sandbox_path entry = {.path = path, .may = may};

	if (path != NULL && path[0] != '\0')
		seal->failed |= vec_push(&seal->paths, entry) < 0;
}

/* The folder that path is in. */
static void seal_folder(struct seal *seal, const char *path, unsigned may)
{
	char *copy = strdup(path);

	if (copy == NULL || vec_push(&seal->folders, copy) < 0) {
		free(copy);
		seal->failed = true;
		return;
	}
	seal_path(seal, dirname(copy), may);
}

static void seal_free(struct seal *seal)
{
	for (size_t i = 0; i < seal->folders.n; i++)
		free((void *)(uintptr_t)seal->folders.at[i]);
	vec_free(&seal->folders);
	vec_free(&seal->paths);
}

/* An editor may put another file in place of a blocklist, which is read again on HUP. */
static void seal_blocklists(struct seal *seal, const struct strlist *files)
{
	for (size_t i = 0; i < files->n; i++) {
		seal_folder(seal, files->at[i], SANDBOX_READ);
		if (!sandbox_reaches(AT_FDCWD, files->at[i], SANDBOX_READ))
			LOG(WARN,
			    "--blocklist-file: %s: cannot be read again on HUP without root's "
			    "rights over the files of others, which the scan gives up: move it, or "
			    "see --no-sandbox",
			    files->at[i]);
	}
}

static int seal_state(struct seal *seal, const struct scan *scan, struct err *err)
{
	if (!scan->keeps)
		return 0;
	seal_path(seal, scan->state.path, SANDBOX_READ | SANDBOX_WRITE | SANDBOX_CHANGE);
	if (sandbox_reaches(scan->state.folder, "checkpoint", SANDBOX_CHANGE))
		return 0;
	return err_set(err, EXIT_PRIVILEGE,
		       "--state-dir: %s is written to while the scan runs, for which it needs "
		       "root's rights over the files of others, which it gives up: sudo chown %u "
		       "%s, or see --no-sandbox",
		       scan->state.path, getuid(), scan->state.path);
}

static int seal_segments(struct seal *seal, const struct scan *scan, struct err *err)
{
	const char *path = scan->job->output_dir;
	char *manifest;
	bool reaches;

	if (path == NULL || scan->job->dry_run)
		return 0;
	seal_path(seal, path, SANDBOX_READ | SANDBOX_WRITE | SANDBOX_CHANGE);
	if (asprintf(&manifest, "%s/%s", path, manifest_file) < 0)
		return err_set(err, EXIT_DEVICE, "out of memory");
	reaches = sandbox_reaches(AT_FDCWD, manifest, SANDBOX_CHANGE);
	free(manifest);
	if (reaches)
		return 0;
	return err_set(err, EXIT_PRIVILEGE,
		       "--output-dir: files are made in %s while the scan runs, for which it needs "
		       "root's rights over the files of others, which it gives up: sudo chown %u "
		       "%s, or see --no-sandbox",
		       path, getuid(), path);
}

/*
 * Where renaming a new summary into its place will not be possible, the file itself is open from
 * now on and written over in the end.
 */
static int seal_summary(struct seal *seal, struct scan *scan, struct err *err)
{
	const char *path = scan->job->summary_file;
	struct stat link = {0}, st = {0};

	if (path == NULL)
		return 0;
	seal_path(seal, path, SANDBOX_WRITE);
	seal_folder(seal, path, SANDBOX_WRITE | SANDBOX_CHANGE);
	if (lstat(path, &link) < 0 || stat(path, &st) < 0)
		st.st_mode = link.st_mode; /* not there, or a link to what is not there */
	if (S_ISFIFO(st.st_mode))	   /* would wait for its reader */
		return 0;
	if (sandbox_reaches(AT_FDCWD, path, SANDBOX_CHANGE) && !S_ISLNK(link.st_mode))
		return 0;
	return summary_hold(path, &scan->summary_fd, err);
}

static int seal_paths(struct seal *seal, struct scan *scan, struct err *err)
{
	int rc;

	eal_runtime_dir(seal->runtime, sizeof(seal->runtime));
	seal_path(seal, "/proc", SANDBOX_READ);
	seal_path(seal, "/sys", SANDBOX_READ);
	seal_path(seal, "/dev/null", SANDBOX_READ | SANDBOX_WRITE);
	seal_path(seal, "/dev/urandom", SANDBOX_READ);
	seal_path(seal, seal->runtime, SANDBOX_READ | SANDBOX_CHANGE);
	for (unsigned i = 0; i < scan->n_uplinks; i++) {
		io_folder(&scan->uplink[i].spec, seal->device[i], sizeof(seal->device[i]));
		seal_path(seal, seal->device[i], SANDBOX_CHANGE);
	}
	seal_blocklists(seal, &scan->job->target.blocklist_files);
	rc = seal_state(seal, scan, err);
	if (rc == 0)
		rc = seal_segments(seal, scan, err);
	if (rc == 0)
		rc = seal_summary(seal, scan, err);
	if (rc == 0 && seal->failed)
		rc = err_set(err, EXIT_DEVICE, "out of memory");
	return rc;
}

/* What a new file needs of its folder is done now, while it surely can be. */
static int seal_output(const struct scan *scan, struct err *err)
{
	struct output_stats out;
	int rc = output_sync(scan->output, &out);

	if (rc == 0)
		return 0;
	return err_set(err, EXIT_OUTPUT, "%s: %s", output_place(scan->output), strerror(-rc));
}

static void seal_tell(const struct scan *scan)
{
	char missing[64] = "";

	for (int i = 0; i < SANDBOX_PARTS; i++)
		if (!scan->sandbox.in_force[i])
			snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing),
				 "%s%s", missing[0] != '\0' ? " and " : "", sandbox_part_name(i));
	if (missing[0] != '\0')
		LOG(DEBUG, "sandbox: this kernel has no %s", missing);
}

int scan_seal(struct scan *scan, struct err *err)
{
	struct seal seal = {0};
	struct sandbox_conf conf;
	int rc;

	if (scan->job->no_sandbox)
		return 0;
	rc = seal_paths(&seal, scan, err);
	if (rc == 0)
		rc = seal_output(scan, err);
	conf = (struct sandbox_conf){
		.path = seal.paths.at,
		.n = seal.paths.n,
	};
	for (unsigned i = 0; i < scan->n_uplinks; i++)
		conf.ports |= (scan->uplink[i].spec.driver->limits & IO_PCI) != 0;
	if (rc == 0)
		rc = sandbox_enter(&conf, &scan->sandbox, err);
	if (rc == 0)
		seal_tell(scan);
	seal_free(&seal);
	return rc;
}
