/* SPDX-License-Identifier: BSD-3-Clause */

#include "monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "counter.h"
#include "durable.h"
#include "fifo.h"
#include "human.h"
#include "json_text.h"
#include "json_tree.h"

/* The effective job as an object: reads back as a job file. */
static json_t *summary_job(const struct job *job)
{
	char *text = job_to_json(job);
	json_t *object = text == NULL ? NULL : json_from_text(text, strlen(text), NULL);

	free(text);
	return object;
}

static json_t *summary_rejected(const struct snapshot *s)
{
	json_t *object = json_object();

	for (int i = 0; i < REJECT_COUNT; i++)
		tree_put(&object, reject_name((enum reject)i),
			 json_integer((json_int_t)s->rejected[i]));
	return object;
}

/* What each attempt has added; the last of many stands for all that came after it. */
static json_t *summary_yield(const struct snapshot *s)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < YIELD_ATTEMPTS && i < s->attempts; i++)
		tree_add(&array, json_integer((json_int_t)s->yield[i]));
	return array;
}

/* What the sample says: of how many answers to its probes there had been one before? */
static json_t *summary_estimate(uint64_t again, uint64_t both)
{
	json_t *object = json_pack("{s:I, s:I}", "answered", (json_int_t)again, "answered_before",
				   (json_int_t)both);
	struct coverage_estimate e;

	if (again == 0) {
		tree_put(&object, "percent", json_null());
		return object;
	}
	e = coverage_estimate(both, again);
	tree_put(&object, "percent", json_real(e.percent));
	tree_put(&object, "low", json_real(e.low));
	tree_put(&object, "high", json_real(e.high));
	return object;
}

static json_t *summary_coverage(const struct coverage *c, const struct snapshot *s)
{
	json_t *object, *rates = json_array();

	for (unsigned i = 0; i < c->n_steps; i++) {
		const struct coverage_step *step = &c->step[i];
		json_t *rate = summary_estimate(step->again, step->both);

		tree_put(&rate, "rate",
			 step->rate == RATE_MAX ? json_null()
						: json_integer((json_int_t)step->rate));
		tree_add(&rates, rate);
	}
	object = summary_estimate(c->again, c->both);
	tree_put(&object, "sampled", json_integer((json_int_t)s->sampled));
	tree_put(&object, "found", json_integer((json_int_t)s->sample_found));
	tree_put(&object, "rates", rates);
	return object;
}

/* By the device's name, so that each of several can have its own. */
static json_t *summary_device_counters(const struct summary_meta *meta, const struct snapshot *s)
{
	json_t *object = json_object();

	for (unsigned k = 0; k < s->n_devices; k++) {
		json_t *device = json_object();

		for (unsigned i = 0; i < meta->n_counters[k]; i++)
			tree_put(&device, meta->counters[k][i].name,
				 json_integer((json_int_t)meta->counters[k][i].value));
		tree_put(&object, s->device[k].name, device);
	}
	return object;
}

/* What went through each in this run. */
static json_t *summary_devices(const struct snapshot *s)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < s->n_devices; i++) {
		const struct device_count *d = &s->device[i];

		tree_add(&array,
			 json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "device", d->name,
				   "sent", (json_int_t)d->sent, "control", (json_int_t)d->control,
				   "received", (json_int_t)d->received, "tx_dropped",
				   (json_int_t)d->tx_dropped, "rx_missed", (json_int_t)d->rx_missed,
				   "tx_taken", (json_int_t)d->taken, "tx_unsent",
				   (json_int_t)d->unsent));
	}
	return array;
}

static json_t *summary_truth(const struct snapshot *s)
{
	if (!s->truth_known)
		return json_null();
	return json_pack("{s:I, s:I}", "open", (json_int_t)s->truly_open, "found",
			 (json_int_t)s->first[STATE_OPEN]);
}

/* What of it is in force. */
static json_t *summary_sandbox(const struct sandbox *sandbox)
{
	json_t *parts = json_array();

	for (int i = 0; sandbox != NULL && i < SANDBOX_PARTS; i++)
		if (sandbox->in_force[i])
			tree_add(&parts, json_string(sandbox_part_name(i)));
	return parts;
}

static json_t *summary_object(const struct summary_meta *meta, const struct snapshot *s)
{
	char started[HUMAN_TEXT], ended[HUMAN_TEXT];
	json_t *object, *job = summary_job(meta->job);

	/* the seed as the job has it: larger ones than every reader keeps exact are texts */
	object = json_pack("{s:s, s:o, s:O, s:s, s:s, s:s, s:s, s:f}", "version", PEAL_VERSION,
			   "job", job, "seed", json_object_get(job, "seed"), "isa", meta->isa,
			   "device", meta->device, "started", human_utc(started, meta->started),
			   "ended", human_utc(ended, meta->ended), "send_seconds", s->send_seconds);
	for (size_t i = 0; i < n_counters; i++)
		if (counters[i].shown & IN_SUMMARY)
			tree_put(&object, counters[i].name,
				 json_integer((json_int_t)counter_value(&counters[i], s)));
	tree_put(&object, "outage_seconds", json_real((double)s->outage_ms / 1000));
	tree_put(&object, "records", json_integer((json_int_t)(s->handed - s->filtered_out)));
	tree_put(&object, "prefix_peak",
		 meta->job->prefix_rate == 0 ? json_null()
					     : json_integer((json_int_t)s->prefix_peak));
	tree_put(&object, "yield", summary_yield(s));
	tree_put(&object, "coverage",
		 s->sampled == 0 ? json_null() : summary_coverage(meta->coverage, s));
	tree_put(&object, "rejected", summary_rejected(s));
	tree_put(&object, "device_counters", summary_device_counters(meta, s));
	tree_put(&object, "devices", summary_devices(s));
	tree_put(&object, "hit_rate", json_real(stats_hit_rate(s)));
	tree_put(&object, "truth", summary_truth(s));
	tree_put(&object, "exit_reason", json_string(meta->exit_reason));
	tree_put(&object, "complete", json_boolean(meta->complete));
	tree_put(&object, "sandbox", summary_sandbox(meta->sandbox));
	tree_put(&object, "contact",
		 meta->job->contact ? json_string(meta->job->contact) : json_null());
	tree_put(&object, "purpose",
		 meta->job->purpose ? json_string(meta->job->purpose) : json_null());
	return object;
}

char *summary_to_json(const struct summary_meta *meta, const struct snapshot *s)
{
	json_t *object = summary_object(meta, s);
	char *text = json_to_text(object, JSON_INDENT(2) | JSON_REAL_PRECISION(10));

	json_decref(object);
	return text;
}

static int summary_fail(struct err *err, const char *what, const char *path)
{
	return err_set(err, EXIT_OUTPUT, "cannot %s the summary %s: %s", what, path,
		       strerror(errno));
}

/*
 * Writes json and a newline to fd, down to the disk if it is one, and closes it; nothing where json
 * is NULL. 0 or -1 and errno.
 */
static int summary_store(int fd, const char *json)
{
	int rc = 0;

	if (json != NULL)
		rc = durable_fill(fd, json, strlen(json));
	if (json != NULL && rc == 0)
		rc = durable_fill(fd, "\n", 1);
	if (json != NULL && rc == 0)
		rc = durable_sync(fd);
	if (close(fd) < 0 && errno != EINTR && rc == 0)
		rc = -errno;
	errno = -rc;
	return rc < 0 ? -1 : 0;
}

static int summary_write_over(const char *path, const char *json, bool (*give_up)(void),
			      struct err *err)
{
	int fd;

	if (!fifo_is(path)) {
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	} else {
		fd = fifo_open(path, give_up);
		errno = -fd;
	}
	if (fd < 0)
		return summary_fail(err, "open", path);
	return summary_store(fd, json) < 0 ? summary_fail(err, "write", path) : 0;
}

/* By a file beside it, which becomes the summary; where json is NULL, it is only tried. */
static int summary_write_new(const char *path, const char *json, struct err *err)
{
	char *temp;
	int fd, rc = 0;

	if (asprintf(&temp, "%s.new", path) < 0)
		return summary_fail(err, "write", path);
	fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		rc = summary_fail(err, "create", temp);
	else if (summary_store(fd, json) < 0 || (json == NULL && unlink(temp) < 0))
		rc = summary_fail(err, "write", temp);
	else if (json != NULL && rename(temp, path) < 0)
		rc = summary_fail(err, "rename to its place", path);
	if (fd >= 0 && rc < 0)
		unlink(temp);
	free(temp);
	return rc;
}

/* Renaming would replace the FIFO, device or link itself. */
static bool summary_over(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

/* Without opening it: a FIFO would wait for its reader. A link to nothing yet is fine. */
static int summary_check_over(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		errno = EISDIR;
	else if (access(path, W_OK) == 0 || errno == ENOENT)
		return 0;
	return summary_fail(err, "open", path);
}

int summary_check(const char *path, struct err *err)
{
	return summary_over(path) ? summary_check_over(path, err)
				  : summary_write_new(path, NULL, err);
}

int summary_write(const char *path, const char *json, bool (*give_up)(void), struct err *err)
{
	if (summary_over(path))
		return summary_write_over(path, json, give_up, err);
	return summary_write_new(path, json, err);
}

int summary_hold(const char *path, int *fd, struct err *err)
{
	*fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	return *fd < 0 ? summary_fail(err, "open", path) : 0;
}

/* What has no length, a device or a terminal, cannot be cut, and need not be. */
int summary_write_held(const char *path, int fd, const char *json, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && ftruncate(fd, 0) < 0) {
		close(fd);
		return summary_fail(err, "write", path);
	}
	return summary_store(fd, json) < 0 ? summary_fail(err, "write", path) : 0;
}
