/* SPDX-License-Identifier: BSD-3-Clause */

#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_file.h"
#include "encode.h"
#include "fieldset.h"
#include "filter.h"
#include "replay.h"
#include "result_ring.h"
#include "segments.h"
#include "sink_file.h"
#include "writer.h"
#include "zstd_block.h"

/* Add an encoder here. */
static const struct encoder *const encoders[] = {&encode_ndjson, &encode_csv, &encode_list};

struct output {
	const struct encoder *encoder;
	struct fieldset *fieldset;
	struct filter *filter;
	struct sink sink;
	bool closed;		   /* the sink is */
	struct segments *segments; /* in which the sink writes; NULL: it is one file */
	bool go_on;
	struct result_ring **ring, **frames;
	unsigned n_rings;
	struct capture_file *capture;
	char fields[FIELDSET_MAX * COLUMN_KEY]; /* their names, for the manifest */
	struct zstd_packer *packer;		/* NULL: what is written is not compressed */
	char *place[2];				/* output_place(): of the records, of the frames */
	struct writer writer;
};

const struct encoder *encoder_find(const char *name)
{
	for (size_t i = 0; i < sizeof(encoders) / sizeof(encoders[0]); i++)
		if (strcmp(encoders[i]->name, name) == 0)
			return encoders[i];
	return NULL;
}

int sink_open(struct sink *sink, const char *arg, bool go_on, bool (*give_up)(void),
	      struct err *err)
{
	*sink = (struct sink){.ops = &sink_file};
	return sink->ops->open(sink, arg, go_on, give_up, err);
}

bool sink_name_packed(const char *arg)
{
	size_t len = strlen(arg);

	return len >= 4 && strcmp(arg + len - 4, ".zst") == 0;
}

/* A person at a terminal who named no fields wants to read addresses. */
static bool wants_list(const struct output_conf *conf)
{
	return conf->fields == NULL && conf->segments == NULL &&
	       (conf->path == NULL || strcmp(conf->path, "-") == 0) && isatty(STDOUT_FILENO);
}

static int output_choose_encoder(struct output *out, const struct output_conf *conf,
				 struct err *err)
{
	if (conf->format == NULL) {
		out->encoder = wants_list(conf) ? &encode_list : &encode_ndjson;
		return 0;
	}
	out->encoder = encoder_find(conf->format);
	if (out->encoder == NULL)
		return err_set(err, EXIT_USAGE,
			       "--format: no format \"%.40s\"; there are ndjson, csv and list",
			       conf->format);
	if (out->encoder == &encode_list && conf->fields != NULL)
		return err_set(err, EXIT_USAGE,
			       "--format list has no choice of fields: leave out --fields, or take "
			       "csv or ndjson");
	return 0;
}

/* All that can be wrong with conf, but for the sink. */
static int output_configure(struct output *out, const struct output_conf *conf, struct err *err)
{
	if (output_choose_encoder(out, conf, err) < 0 ||
	    fieldset_create(conf->fields, &out->fieldset, err) < 0 ||
	    filter_create(conf->filter, conf->open_only, &out->filter, err) < 0)
		return -EINVAL;
	if (conf->again && !replay_can(out->encoder, out->fieldset))
		return err_set(err, EXIT_USAGE,
			       "--state-dir: --fields lacks saddr, sport or state: a scan that "
			       "goes on knows by these what is written already");
	return 0;
}

static void output_unconfigure(struct output *out)
{
	filter_destroy(out->filter);
	fieldset_destroy(out->fieldset);
}

int output_check(const struct output_conf *conf, struct err *err)
{
	struct output out = {0};
	int rc = output_configure(&out, conf, err);

	output_unconfigure(&out);
	return rc;
}

static void output_destroy_rings(struct result_ring **ring, unsigned n)
{
	for (unsigned i = 0; ring != NULL && i < n; i++)
		result_ring_destroy(ring[i]);
	free(ring);
}

static struct result_ring **output_create_rings(unsigned n, struct err *err)
{
	struct result_ring **ring = calloc(n, sizeof(struct result_ring *));
	unsigned made = 0;

	for (; ring != NULL && made < n; made++) {
		ring[made] = result_ring_create();
		if (ring[made] == NULL)
			break;
	}
	if (ring != NULL && made == n)
		return ring;
	output_destroy_rings(ring, made);
	err_set(err, EXIT_OUTPUT, "out of memory for %u result rings of 4 MiB", n);
	return NULL;
}

static int output_create_capture(struct output *out, const struct output_conf *conf,
				 struct err *err)
{
	if (conf->capture == NULL)
		return 0;
	if (asprintf(&out->place[1], "--capture: %s", conf->capture) < 0) {
		out->place[1] = NULL;
		return err_set(err, EXIT_OUTPUT, "--capture: out of memory");
	}
	out->frames = output_create_rings(conf->n_rings, err);
	if (out->frames == NULL)
		return -ENOMEM;
	return capture_file_create(conf->capture, conf->go_on, conf->give_up, conf->origin,
				   &out->capture, err);
}

/* Whether what is written is compressed: the name of a file says so. */
static bool wants_packed(const struct output_conf *conf, const char *path)
{
	return conf->segments != NULL ? conf->segments->packed : sink_name_packed(path);
}

static int output_create_packer(struct output *out, const struct output_conf *conf,
				const char *path, struct err *err)
{
	if (!wants_packed(conf, path))
		return 0;
	out->packer = zstd_packer_create();
	return out->packer != NULL ? 0 : err_set(err, EXIT_OUTPUT, "--output: out of memory");
}

static int output_create_place(struct output *out, const struct output_conf *conf, const char *path,
			       struct err *err)
{
	const char *option = conf->segments != NULL ? "--output-dir" : "--output";

	if (conf->segments != NULL)
		path = conf->segments->path;
	else if (strcmp(path, "-") == 0)
		path = "stdout";
	if (asprintf(&out->place[0], "%s: %s", option, path) >= 0)
		return 0;
	out->place[0] = NULL;
	return err_set(err, EXIT_OUTPUT, "--output: out of memory");
}

/* What only we know of it. */
static void output_tell_manifest(struct output *out, struct manifest *scan)
{
	char *at = out->fields;

	*at = '\0';
	for (unsigned i = 0; i < out->fieldset->n && out->encoder != &encode_list; i++) {
		if (i != 0)
			at = text_word(at, ",");
		at = text_word(at, out->fieldset->column[i].field->name);
		*at = '\0';
	}
	scan->format = out->encoder->name;
	scan->fields = out->fields;
	scan->compressed = out->packer != NULL;
}

static int output_open_segments(struct output *out, const struct output_conf *conf, struct err *err)
{
	const struct output_segments *segments = conf->segments;
	struct manifest scan = *segments->scan;
	struct segments_conf c = {
		.path = segments->path,
		.size = segments->size,
		.time_ns = segments->time_ns,
		.scan = &scan,
		.go_on = conf->go_on,
	};
	char head[ENCODED_MAX];
	ssize_t len = (ssize_t)out->encoder->begin(out->fieldset, head);

	c.head = head;
	if (out->packer != NULL && len != 0)
		len = zstd_pack(out->packer, head, (size_t)len, &c.head);
	if (len < 0)
		return err_set(err, EXIT_OUTPUT, "--output-dir: out of memory");
	c.head_len = (size_t)len;
	output_tell_manifest(out, &scan);
	return segments_create(&c, &out->sink, &out->segments, err);
}

static int output_open(struct output *out, const struct output_conf *conf, const char *path,
		       struct err *err)
{
	if (conf->segments != NULL)
		return output_open_segments(out, conf, err);
	return sink_open(&out->sink, path, conf->go_on, conf->give_up, err);
}

int output_create(const struct output_conf *conf, struct output **out, struct err *err)
{
	const char *path = conf->path != NULL ? conf->path : "-";
	struct output *o = calloc(1, sizeof(*o));

	*out = NULL;
	if (o == NULL)
		return err_set(err, EXIT_OUTPUT, "out of memory");
	o->go_on = conf->go_on;
	o->closed = true;
	/* the sinks last: no file is made for a scan that cannot start */
	if (output_configure(o, conf, err) < 0 ||
	    (o->ring = output_create_rings(conf->n_rings, err)) == NULL) {
		output_destroy(o);
		return -EINVAL;
	}
	o->n_rings = conf->n_rings;
	if (output_create_place(o, conf, path, err) < 0 ||
	    output_create_packer(o, conf, path, err) < 0 ||
	    output_create_capture(o, conf, err) < 0 || output_open(o, conf, path, err) < 0) {
		output_destroy(o);
		return -EINVAL;
	}
	o->closed = false;
	o->sink.patient = conf->patient;
	if (o->capture != NULL)
		o->capture->sink.patient = conf->patient;
	o->writer = (struct writer){
		.encoder = o->encoder,
		.fieldset = o->fieldset,
		.filter = o->filter,
		.sink = &o->sink,
		.segments = o->segments,
		.packer = o->packer,
		.ring = o->ring,
		.capture = o->capture,
		.frames = o->frames,
		.n_rings = o->n_rings,
		.max_results = conf->max_results,
		.begun = o->segments != NULL,
	};
	*out = o;
	return 0;
}

static int replay_failed(const struct output *out, const struct replay *r, int rc, struct err *err)
{
	if (rc != -EILSEQ)
		return err_set(err, EXIT_OUTPUT, "--output: %s: %s", out->sink.path, strerror(-rc));
	return err_set(err, EXIT_INPUT,
		       "%s has %" PRIu64 " good records, but %" PRIu64 " had been written: it is "
		       "not the output of this scan, or was changed",
		       out->sink.path, r->lines, r->durable);
}

/* How many frames an earlier run has left, if that can be known. */
static int output_count_frames(const struct output *out, uint64_t durable, uint64_t *frames,
			       struct err *err)
{
	uint64_t bytes;
	int rc = 0;

	*frames = UINT64_MAX;
	if (out->capture != NULL)
		rc = capture_file_count(out->capture, UINT64_MAX, frames, &bytes);
	if (rc < 0)
		return err_set(err, EXIT_OUTPUT, "--capture: %s: %s", out->capture->sink.path,
			       strerror(-rc));
	if (*frames >= durable)
		return 0;
	return err_set(err, EXIT_INPUT,
		       "%s has %" PRIu64 " good frames, but those of %" PRIu64 " records had been "
		       "written: it is not the capture of this scan, or was changed",
		       out->capture->sink.path, *frames, durable);
}

/* Those of the records that are there, and no more. */
static int output_cut_frames(struct output *out, uint64_t lines, struct err *err)
{
	uint64_t frames, bytes = 0;
	int rc =
		out->capture != NULL ? capture_file_count(out->capture, lines, &frames, &bytes) : 0;

	if (rc == 0 && out->capture != NULL)
		rc = sink_cut(&out->capture->sink, bytes);
	if (rc < 0)
		return err_set(err, EXIT_OUTPUT, "--capture: %s: %s", out->capture->sink.path,
			       strerror(-rc));
	return 0;
}

/* Of segments; a capture has none. */
static int output_replay_segments(struct output *out, const struct replay *like, uint64_t *lines,
				  struct err *err)
{
	int rc = segments_replay(out->segments, like, like->durable, lines, err);

	out->writer.encoded = *lines;
	return rc;
}

int output_replay(struct output *out, uint64_t durable, output_seen *seen, void *ctx,
		  uint64_t *lines, struct err *err)
{
	struct replay r = {
		.encoder = out->encoder,
		.set = out->fieldset,
		.packed = out->packer != NULL,
		.durable = durable,
		.seen = seen,
		.ctx = ctx,
		.lines = durable,
	};
	bool again = out->sink.regular && out->sink.named;
	int rc = output_count_frames(out, durable, &r.most, err);

	if (rc < 0)
		return rc;
	if (out->segments != NULL)
		return output_replay_segments(out, &r, lines, err);
	rc = again ? replay_fd(&r, out->sink.fd) : 0;
	if (rc == 0 && again)
		rc = sink_cut(&out->sink, r.keep);
	if (rc < 0)
		return replay_failed(out, &r, rc, err);
	out->writer.begun = r.keep != 0;
	out->writer.encoded = r.lines;
	*lines = r.lines;
	return output_cut_frames(out, again ? r.lines : UINT64_MAX, err);
}

int output_start(struct output *out)
{
	int rc = out->go_on ? 0 : sink_cut(&out->sink, 0);

	if (out->segments != NULL)
		rc = segments_start(out->segments);
	if (rc == 0 && !out->go_on && out->capture != NULL)
		rc = sink_cut(&out->capture->sink, 0);
	return rc < 0 ? rc : writer_start(&out->writer);
}

void output_finish(struct output *out)
{
	__atomic_store_n(&out->writer.finish, true, __ATOMIC_RELEASE);
}

bool output_finished(const struct output *out)
{
	return !out->writer.started || __atomic_load_n(&out->writer.finished, __ATOMIC_ACQUIRE);
}

void output_abort(struct output *out)
{
	sink_give_up(&out->sink);
	if (out->capture != NULL)
		sink_give_up(&out->capture->sink);
	output_finish(out);
}

/* At the end: the first failure counts. */
static void output_failed(struct output *out, int rc, bool capture)
{
	if (rc == 0 || out->writer.stats.error != 0)
		return;
	out->writer.capture_failed = capture;
	__atomic_store_n(&out->writer.stats.error, rc, __ATOMIC_RELAXED);
}

int output_stop(struct output *out)
{
	int rc;

	if (out->writer.started) {
		output_finish(out);
		writer_join(&out->writer);
	}
	if (out->capture != NULL) {
		rc = capture_file_destroy(out->capture);
		out->capture = out->writer.capture = NULL;
		output_failed(out, rc, true);
	}
	if (out->closed)
		return out->writer.stats.error;
	out->closed = true;
	if (out->segments != NULL)
		rc = segments_close(out->segments, out->writer.stats.error == 0);
	else
		rc = out->sink.ops->close(&out->sink);
	output_failed(out, rc, false);
	return out->writer.stats.error;
}

int output_conclude(struct output *out, bool complete, const struct manifest_counts *counts)
{
	return out->segments != NULL ? segments_conclude(out->segments, complete, counts) : 0;
}

void output_destroy(struct output *out)
{
	if (out == NULL)
		return;
	output_stop(out);
	output_destroy_rings(out->ring, out->n_rings);
	output_destroy_rings(out->frames, out->n_rings);
	segments_destroy(out->segments);
	zstd_packer_destroy(out->packer);
	free(out->place[0]);
	free(out->place[1]);
	output_unconfigure(out);
	free(out);
}

bool output_wants_repeats(const struct output *out)
{
	return filter_wants_repeats(out->filter);
}

void output_stats(const struct output *out, struct output_stats *stats)
{
	const struct output_stats *from = &out->writer.stats;

	/* taken comes last: a snapshot never shows more written than taken */
	stats->written = __atomic_load_n(&from->written, __ATOMIC_ACQUIRE);
	for (unsigned i = 0; i < STATE_COUNT; i++)
		stats->state[i] = __atomic_load_n(&from->state[i], __ATOMIC_ACQUIRE);
	stats->repeats = __atomic_load_n(&from->repeats, __ATOMIC_ACQUIRE);
	stats->filtered_out = __atomic_load_n(&from->filtered_out, __ATOMIC_ACQUIRE);
	stats->taken = __atomic_load_n(&from->taken, __ATOMIC_ACQUIRE);
	stats->error = __atomic_load_n(&from->error, __ATOMIC_ACQUIRE);
	stats->full = __atomic_load_n(&from->full, __ATOMIC_ACQUIRE);
	stats->no_room = __atomic_load_n(&out->sink.no_room, __ATOMIC_RELAXED);
	if (out->capture != NULL)
		stats->no_room |= __atomic_load_n(&out->capture->sink.no_room, __ATOMIC_RELAXED);
}

int output_sync(struct output *out, struct output_stats *stats)
{
	int rc;

	output_stats(out, stats);
	rc = stats->error;
	if (rc == 0 && out->capture != NULL) {
		rc = out->capture->sink.ops->sync(&out->capture->sink);
		if (rc < 0)
			__atomic_store_n(&out->writer.capture_failed, true, __ATOMIC_RELEASE);
	}
	if (rc < 0)
		return rc;
	return out->segments != NULL ? segments_sync(out->segments)
				     : out->sink.ops->sync(&out->sink);
}

const char *output_place(const struct output *out)
{
	bool capture = __atomic_load_n(&out->writer.capture_failed, __ATOMIC_ACQUIRE) ||
		       (out->capture != NULL &&
			__atomic_load_n(&out->capture->sink.no_room, __ATOMIC_RELAXED));

	return out->place[capture];
}

struct result_ring *output_ring(struct output *out, unsigned i)
{
	return out->ring[i];
}

struct result_ring *output_frames(struct output *out, unsigned i)
{
	return out->frames != NULL ? out->frames[i] : NULL;
}
