/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The state directory at the start: a new scan keeps its job and its lists there, one that goes on
 * makes sure that they are what they were, and finds out what the runs before have done.
 */

#include "scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <rte_common.h>

#include "log.h"
#include "vec.h"

enum { JOB_MAX = 1 << 20, BURST = 64 };

/* --- the job, so that it means the same from any folder --- */

struct paths {
	char *folder;
	struct strlist made;
	bool failed;
};

static const char *absolute(struct paths *paths, const char *path)
{
	char *full;

	if (path == NULL || path[0] == '/' || strcmp(path, "-") == 0)
		return path;
	if (asprintf(&full, "%s/%s", paths->folder, path) < 0) {
		paths->failed = true;
		return path;
	}
	if (vec_push(&paths->made, full) == 0)
		return full;
	free(full);
	paths->failed = true;
	return path;
}

static struct strlist absolute_list(struct paths *paths, const struct strlist *list)
{
	struct strlist full = {0};

	for (size_t i = 0; i < list->n; i++)
		paths->failed |= vec_push(&full, absolute(paths, list->at[i])) < 0;
	return full;
}

/* The job as JSON text, which the caller frees; NULL when out of memory. */
static char *job_text(const struct scan *scan)
{
	struct paths paths = {.folder = getcwd(NULL, 0)};
	struct job job = *scan->job;
	char *text = NULL;

	job.state_dir = NULL;
	job.output = absolute(&paths, job.output);
	job.output_dir = absolute(&paths, job.output_dir);
	job.capture = absolute(&paths, job.capture);
	job.summary_file = absolute(&paths, job.summary_file);
	job.status_file = absolute(&paths, job.status_file);
	job.log_file = absolute(&paths, job.log_file);
	job.target.targets_files = absolute_list(&paths, &job.target.targets_files);
	job.target.blocklist_files = absolute_list(&paths, &job.target.blocklist_files);
	job.target.scope_files = absolute_list(&paths, &job.target.scope_files);
	if (paths.folder != NULL && !paths.failed)
		text = job_to_json(&job);

	vec_free(&job.target.targets_files);
	vec_free(&job.target.blocklist_files);
	vec_free(&job.target.scope_files);
	for (size_t i = 0; i < paths.made.n; i++)
		free((void *)(uintptr_t)paths.made.at[i]);
	vec_free(&paths.made);
	free(paths.folder);
	return text;
}

static int keep_job(struct scan *scan, struct err *err)
{
	char *text = job_text(scan);
	size_t len = text != NULL ? strlen(text) : 0;
	int rc;

	if (text == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory for the job");
	digest_of(text, len, &scan->from.job);
	if (len >= JOB_MAX)
		rc = err_set(err, EXIT_USAGE,
			     "--state-dir: the job is larger than 1 MiB: name targets in a file "
			     "(--targets-file)");
	else
		rc = state_write(&scan->state, "job.json", text, len, err);
	free(text);
	return rc;
}

static int check_job(const struct scan *scan, struct err *err)
{
	struct digest digest;
	char *text = NULL;
	size_t len = 0;
	int rc = state_read(&scan->state, "job.json", &text, &len, err);

	if (rc < 0)
		return rc;
	digest_of(text, len, &digest);
	free(text);
	if (digest_equal(&digest, &scan->from.job))
		return 0;
	return err_set(err, EXIT_INPUT, "%s/job.json is not the job that the checkpoint belongs to",
		       scan->state.path);
}

/* --- the lists that the job names --- */

static int slurp(const char *path, char **text, size_t *len, struct err *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *from = is_stdin ? stdin : fopen(path, "re"), *to = open_memstream(text, len);
	static char buf[1 << 16];
	bool good = from != NULL && to != NULL;
	size_t n;

	while (good && (n = fread(buf, 1, sizeof(buf), from)) > 0)
		good = fwrite(buf, 1, n, to) == n;
	good = good && ferror(from) == 0;
	if (!good)
		err_set(err, EXIT_INPUT, "%s: cannot be read: %s", is_stdin ? "stdin" : path,
			strerror(errno));
	if (from != NULL && !is_stdin)
		fclose(from);
	if (to != NULL && fclose(to) != 0 && good) {
		err_set(err, EXIT_DEVICE, "%s: out of memory", path);
		good = false;
	}
	if (!good && to != NULL)
		free(*text);
	return good ? 0 : -EINVAL;
}

/* One list: copied into the state, or read from there; either way it becomes part of the digest. */
static int take_list(struct scan *scan, const char *name, const char *path, struct digest_state *of,
		     struct err *err)
{
	char *text = NULL;
	size_t len = 0;
	uint64_t size;
	int rc;

	if (scan->resumes)
		rc = state_read(&scan->state, name, &text, &len, err);
	else
		rc = slurp(path, &text, &len, err);
	if (rc < 0)
		return rc;
	if (!scan->resumes)
		rc = state_write(&scan->state, name, text, len, err);
	size = len;
	digest_add(of, name, strlen(name) + 1);
	digest_add(of, &size, sizeof(size));
	digest_add(of, text, len);
	free(text);
	return rc;
}

static int take_lists(struct scan *scan, struct digest *digest, struct err *err)
{
	const struct target_conf *conf = &scan->job->target;
	const struct {
		const char *kind;
		const struct strlist *files;
	} kinds[] = {
		{"targets", &conf->targets_files},
		{"blocklist", &conf->blocklist_files},
		{"scope", &conf->scope_files},
	};
	struct digest_state of;

	digest_begin(&of);
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		for (size_t i = 0; i < kinds[k].files->n; i++) {
			char name[32];
			int rc;

			snprintf(name, sizeof(name), "%s-%zu", kinds[k].kind, i);
			rc = take_list(scan, name, kinds[k].files->at[i], &of, err);
			if (rc < 0)
				return rc;
		}
	}
	digest_end(&of, digest);
	return 0;
}

static int begin_new(struct scan *scan, struct err *err)
{
	struct checkpoint *c = &scan->from;
	int rc = state_create(&scan->state, scan->job->state_dir, err);

	scan->keeps = true;
	if (rc < 0)
		return rc;
	if (getrandom(c->secret, sizeof(c->secret), 0) != sizeof(c->secret))
		return err_set(err, EXIT_DEVICE, "no randomness for the cookie key");
	rc = take_lists(scan, &c->lists, err);
	return rc < 0 ? rc : keep_job(scan, err);
}

static int begin_again(struct scan *scan, struct err *err)
{
	struct digest lists;
	int rc = check_job(scan, err);

	if (rc == 0)
		rc = take_lists(scan, &lists, err);
	if (rc < 0 || digest_equal(&lists, &scan->from.lists))
		return rc;
	return err_set(err, EXIT_INPUT,
		       "%s: its lists of targets, blocklists or scopes are not those that the "
		       "checkpoint belongs to",
		       scan->state.path);
}

int scan_state_begin(struct scan *scan, struct err *err)
{
	int rc = 0;

	scan->target = scan->job->target;
	if (scan->resumes)
		rc = begin_again(scan, err);
	else if (scan->job->state_dir != NULL && !scan->job->dry_run)
		rc = begin_new(scan, err);
	if (scan->keeps)
		scan->target.copies = scan->state.path;
	return rc;
}

int scan_state_targets(struct scan *scan, struct err *err)
{
	uint64_t targets = scan->stream.walk.targets;
	uint64_t steps = scan->stream.walk.length * scan->stream.attempts;
	struct checkpoint *c = &scan->from;

	if (scan->resumes && (c->targets != targets || c->steps != steps))
		return err_set(err, EXIT_INPUT,
			       "%s: its job does not lead to the targets that the checkpoint "
			       "belongs to: it is of another version of peal",
			       scan->state.path);
	c->targets = targets;
	c->steps = steps;
	return 0;
}

/* --- what the runs before have done --- */

struct replayed {
	struct stream *stream;
	bool read; /* the output could be */
	uint64_t known, first[STATE_COUNT];
};

static void replay_seen(void *ctx, const struct record *rec, unsigned n)
{
	struct replayed *r = ctx;

	r->read = true;
	r->known += stream_replay(r->stream, rec, n, r->first);
}

/* The truth among the first attempt's targets that are dealt with. */
static uint64_t count_open(const struct scan *scan)
{
	const struct checkpoint *c = &scan->from;
	const struct walk *w = &scan->stream.walk;
	const struct io_dev *dev = &scan->uplink[0].dev;
	uint64_t next = 0, end = RTE_MIN(c->cursor, w->length), open = 0;
	uint64_t at[BURST], index[BURST];
	uint32_t addr[BURST];
	uint16_t port[BURST];
	size_t todo = 0;
	unsigned n;

	while ((n = walk_next(w, &next, end, at, index, BURST)) != 0) {
		target_space_pick(scan->space, index, addr, port, n);
		for (unsigned i = 0; i < n; i++) {
			while (todo < c->todo.n && c->todo.at[todo].end <= at[i])
				todo++;
			if (todo == c->todo.n || at[i] < c->todo.at[todo].first)
				open += dev->count_open(dev, &addr[i], &port[i], 1);
		}
	}
	return open;
}

/*
 * The counters to go on from. What lies behind is known exactly from the place and from the output;
 * the rest is as the checkpoint had it, and what belongs together is made to add up.
 */
static void base_count(struct scan *scan, const struct replayed *r, uint64_t lines)
{
	const struct checkpoint *c = &scan->from;
	uint64_t done = stream_targets(&scan->stream, 0, c->cursor);
	struct snapshot *b = &scan->base;

	for (size_t i = 0; i < c->todo.n; i++)
		done -= stream_targets(&scan->stream, c->todo.at[i].first, c->todo.at[i].end);
	*b = c->books;
	b->opted_out = RTE_MIN(b->opted_out, done);
	b->sent = done - b->opted_out;
	b->written = lines;
	b->handed = lines + b->filtered_out;
	b->received = b->handed + b->repeats + stats_rejected(b);
	for (int i = 0; i < STATE_COUNT; i++) /* where each first answer is in the output */
		if (r->read && scan->job->filter == NULL &&
		    (i == STATE_OPEN || !scan->job->open_only))
			b->first[i] = r->first[i];
	if (scan_knows_truth(scan))
		b->truly_open = count_open(scan);
}

/* What the blocklists have had added to them since the start. */
static int opt_out_again(struct scan *scan, struct err *err)
{
	const struct strlist *files = &scan->job->target.blocklist_files;
	struct listing kept = {.name = (char *)(uintptr_t) "optout"};
	struct exclusion deny = {.deny = &kept, .n_deny = 1};
	int rc = 0;

	if (state_has(&scan->state, "optout")) {
		rc = state_read(&scan->state, "optout", &kept.text, &kept.len, err);
		if (rc == 0)
			rc = stream_opt_out(&scan->stream, &deny, err);
		free(kept.text);
	}
	for (size_t i = 0; i < files->n && rc == 0; i++) {
		struct target_conf conf = {.blocklist_files = {.at = &files->at[i], .n = 1}};

		if (access(files->at[i], F_OK) < 0)
			continue; /* the state has its copy */
		deny = (struct exclusion){0};
		rc = exclusion_reload(&conf, &deny, err);
		if (rc == 0)
			rc = stream_opt_out(&scan->stream, &deny, err);
		exclusion_fini(&deny);
	}
	return rc;
}

int scan_state_place(struct scan *scan, struct err *err)
{
	struct replayed r = {.stream = &scan->stream};
	uint64_t lines = 0;
	int rc;

	if (!scan->resumes)
		return 0;
	rc = opt_out_again(scan, err);
	if (rc == 0)
		rc = output_replay(scan->output, scan->from.books.written, replay_seen, &r, &lines,
				   err);
	if (rc < 0)
		return rc;
	if (r.read && r.known != lines)
		return err_set(err, EXIT_INPUT,
			       "%s has records of targets that are none of this scan",
			       output_place(scan->output));
	base_count(scan, &r, lines);
	return 0;
}

void scan_state_opted_out(struct scan *scan, const struct exclusion *deny)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = scan->keeps ? open_memstream(&text, &len) : NULL;
	struct err err;

	if (to == NULL)
		return;
	for (size_t i = 0; i < deny->n_deny; i++)
		fprintf(to, "%s\n", deny->deny[i].text);
	if (fclose(to) == 0 && state_write(&scan->state, "optout", text, len, &err) < 0)
		LOG(ERROR, "%s: a resumed scan will not know what was opted out", err.text);
	free(text);
}

void scan_state_fini(struct scan *scan)
{
	free(scan->keeper);
	checkpoint_fini(&scan->from);
	if (scan->keeps)
		state_close(&scan->state);
}
