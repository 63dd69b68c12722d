/* SPDX-License-Identifier: BSD-3-Clause */

#include "merge.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fieldset.h"
#include "filter.h"
#include "key_set.h"
#include "manifest.h"
#include "merge_file.h"
#include "replay.h"
#include "segment_text.h"

enum { BURST = 64, TOLD = 5 };

struct folder {
	const char *path;
	int fd;
	struct manifest manifest;
};

struct merge {
	struct folder *folder; /* by shard */
	struct merge_shard *shard;
	size_t n;
	char *missing;
	const char *keeps_all;

	const struct encoder *encoder;
	struct fieldset *set;
	char header[ENCODED_MAX]; /* of each segment */
	size_t header_len;

	struct key_set keys;
	struct segment_text text;
	struct merge_file file;
};

/* --- which folders --- */

static int folder_open(struct folder *f, const char *path, struct err *err)
{
	f->path = path;
	f->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->fd < 0)
		return err_set(err, EXIT_INPUT, "%s: %s", path, strerror(errno));
	return manifest_load(&f->manifest, f->fd, path, err);
}

static int by_shard(const void *a, const void *b)
{
	const struct folder *x = a, *y = b;

	return (x->manifest.shard.index > y->manifest.shard.index) -
	       (x->manifest.shard.index < y->manifest.shard.index);
}

static int check_folders(const struct merge *m, struct err *err)
{
	for (size_t i = 1; i < m->n; i++) {
		const struct folder *a = &m->folder[i - 1], *b = &m->folder[i];
		const char *what = manifest_differs(&a->manifest, &b->manifest);

		if (what != NULL)
			return err_set(err, EXIT_INPUT,
				       "%s and %s are not of one scan, for they have not the same "
				       "%s: name the folders of one scan alone",
				       a->path, b->path, what);
		if (a->manifest.shard.index == b->manifest.shard.index)
			return err_set(err, EXIT_INPUT,
				       "%s and %s are both of shard %" PRIu32 "/%" PRIu32
				       ": name one of them",
				       a->path, b->path, a->manifest.shard.index,
				       a->manifest.shard.total);
	}
	return 0;
}

/* --- what is missing --- */

struct missing {
	FILE *to;
	uint64_t n;
};

static bool miss(struct missing *missing)
{
	if (missing->n++ >= TOLD)
		return false;
	fputs(missing->n > 1 ? ", " : "", missing->to);
	return true;
}

static void miss_shards(struct missing *missing, uint32_t first, uint32_t end, uint32_t total)
{
	for (uint32_t i = first; i < end; i++) {
		if (missing->n >= TOLD) {
			missing->n += end - i;
			return;
		}
		miss(missing);
		fprintf(missing->to, "shard %" PRIu32 "/%" PRIu32 " is not there", i, total);
	}
}

/* The text of merge_missing(). */
static int find_missing(struct merge *m, struct err *err)
{
	uint32_t total = m->folder[0].manifest.shard.total, next = 0;
	size_t len;
	struct missing missing = {.to = open_memstream(&m->missing, &len)};

	if (missing.to == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	for (size_t i = 0; i < m->n; i++) {
		const struct manifest *manifest = &m->folder[i].manifest;

		miss_shards(&missing, next, manifest->shard.index, total);
		next = manifest->shard.index + 1;
		if (!manifest->complete && miss(&missing))
			fprintf(missing.to, "shard %" PRIu32 "/%" PRIu32 " (%s) is not complete",
				manifest->shard.index, total, m->folder[i].path);
	}
	miss_shards(&missing, next, total, total);
	if (missing.n > TOLD)
		fprintf(missing.to, ", and %" PRIu64 " more", missing.n - TOLD);
	if (fclose(missing.to) != 0 || m->missing == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	return 0;
}

const char *merge_missing(const struct merge *m)
{
	return m->missing[0] != '\0' ? m->missing : NULL;
}

/* --- what a record is --- */

static int find_format(struct merge *m, struct err *err)
{
	const struct manifest *manifest = &m->folder[0].manifest;
	const char *names = manifest->fields[0] != '\0' ? manifest->fields : NULL;
	struct filter *filter;
	struct err why;

	m->encoder = encoder_find(manifest->format);
	if (fieldset_create(names, &m->set, &why) < 0 ||
	    filter_create(manifest->filter, manifest->open_only, &filter, &why) < 0) {
		if (why.code != EXIT_USAGE) { /* memory */
			*err = why;
			return -ENOMEM;
		}
		return err_set(err, EXIT_INPUT,
			       "%s/%s: another version of peal wrote it, which alone can read it: "
			       "%.100s",
			       m->folder[0].path, manifest_file, why.text);
	}
	if (filter_wants_repeats(filter))
		m->keeps_all = "the scan's filter asked for repeats";
	else if (!replay_can(m->encoder, m->set))
		m->keeps_all = "the fields lack saddr, sport or state";
	filter_destroy(filter);
	m->header_len = m->encoder->begin(m->set, m->header);
	return 0;
}

const char *merge_keeps_all(const struct merge *m)
{
	return m->keeps_all;
}

/* --- begin and end --- */

static int make_shards(struct merge *m, struct err *err)
{
	m->shard = calloc(m->n, sizeof(*m->shard));
	if (m->shard == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	for (size_t i = 0; i < m->n; i++) {
		const struct folder *f = &m->folder[i];

		m->shard[i] = (struct merge_shard){
			.folder = f->path,
			.index = f->manifest.shard.index,
			.total = f->manifest.shard.total,
			.complete = f->manifest.complete,
		};
	}
	return 0;
}

static int open_folders(struct merge *m, const struct strlist *folders, struct err *err)
{
	int rc = 0;

	m->folder = calloc(folders->n, sizeof(*m->folder));
	if (m->folder == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	for (; m->n < folders->n && rc == 0; m->n++)
		rc = folder_open(&m->folder[m->n], folders->at[m->n], err);
	if (rc == 0)
		qsort(m->folder, m->n, sizeof(*m->folder), by_shard);
	return rc;
}

int merge_create(const struct strlist *folders, struct merge **out, struct err *err)
{
	struct merge *m = calloc(1, sizeof(*m));
	int rc;

	*out = NULL;
	if (m == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	m->text.fd = -1;
	rc = open_folders(m, folders, err);
	if (rc == 0)
		rc = check_folders(m, err);
	if (rc == 0)
		rc = find_missing(m, err);
	if (rc == 0)
		rc = find_format(m, err);
	if (rc == 0)
		rc = make_shards(m, err);
	if (rc < 0)
		merge_destroy(m);
	else
		*out = m;
	return rc;
}

void merge_destroy(struct merge *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n; i++) {
		if (m->folder[i].fd >= 0)
			close(m->folder[i].fd);
		manifest_fini(&m->folder[i].manifest);
	}
	merge_file_abandon(&m->file);
	segment_text_fini(&m->text);
	key_set_fini(&m->keys);
	fieldset_destroy(m->set);
	free(m->missing);
	free(m->shard);
	free(m->folder);
	free(m);
}

const struct merge_shard *merge_shards(const struct merge *m, size_t *n)
{
	*n = m->n;
	return m->shard;
}

/* --- records --- */

struct line {
	const char *at;
	size_t len; /* with its newline */
	uint64_t key;
};

/* What makes two records the same, and never 0. */
static bool read_key(const struct merge *m, struct line *line)
{
	struct record rec;

	if (m->keeps_all != NULL)
		return true;
	if (!replay_line(m->encoder, m->set, line->at, line->len - 1, &rec))
		return false;
	line->key = UINT64_C(1) << 63 | (uint64_t)rec.state << 48 | (uint64_t)rec.saddr << 16 |
		    rec.sport;
	key_set_prefetch(&m->keys, line->key);
	return true;
}

static int put_lines(struct merge *m, struct merge_shard *shard, const struct line *line,
		     unsigned n)
{
	int rc = 0;

	for (unsigned i = 0; i < n && rc == 0; i++) {
		if (m->keeps_all != NULL || key_set_add(&m->keys, line[i].key))
			rc = merge_file_put(&m->file, line[i].at, line[i].len);
		else
			shard->duplicates++;
	}
	return rc;
}

/* A piece of a segment: whole lines, of which there may be `most`. -EILSEQ: they are not ours. */
static int merge_text(struct merge *m, struct merge_shard *shard, const char *at, size_t len,
		      uint64_t most, uint64_t *records)
{
	const char *end = at + len;
	struct line line[BURST];
	unsigned n = 0;
	int rc = 0;

	while (at < end && rc == 0) {
		const char *stop = memchr(at, '\n', (size_t)(end - at)); /* it ends in one */

		line[n] = (struct line){.at = at, .len = (size_t)(stop + 1 - at)};
		if (*records == most || line[n].len > ENCODED_MAX || !read_key(m, &line[n]))
			return -EILSEQ;
		at = stop + 1;
		++*records;
		if (++n < BURST && at < end)
			continue;
		rc = put_lines(m, shard, line, n);
		n = 0;
	}
	return rc;
}

static int skip_header(const struct merge *m, const char **at, size_t *len)
{
	if (*len < m->header_len || memcmp(*at, m->header, m->header_len) != 0)
		return -EILSEQ;
	*at += m->header_len;
	*len -= m->header_len;
	return 0;
}

/* One segment: 0, -EILSEQ, -errno of reading it, or EXIT_OUTPUT when it could not be written. */
static int merge_segment(struct merge *m, const struct folder *f, struct merge_shard *shard,
			 const struct manifest_segment *segment)
{
	uint64_t records = 0;
	const char *at;
	size_t len;
	int rc = segment_text_begin(&m->text, f->fd, segment, f->manifest.compressed);
	bool first = true;

	if (rc < 0)
		return rc;
	while ((rc = segment_text_next(&m->text, &at, &len)) == 1) {
		rc = first ? skip_header(m, &at, &len) : 0;
		first = false;
		if (rc == 0)
			rc = merge_text(m, shard, at, len, segment->records, &records);
		if (rc != 0)
			return rc;
	}
	shard->read += records;
	return rc == 0 && records != segment->records ? -EILSEQ : rc;
}

static int merge_shard(struct merge *m, size_t i, struct err *err)
{
	const struct folder *f = &m->folder[i];

	for (size_t k = 0; k < f->manifest.segments.n; k++) {
		const struct manifest_segment *segment = &f->manifest.segments.at[k];
		int rc = merge_segment(m, f, &m->shard[i], segment);

		if (rc == EXIT_OUTPUT)
			return merge_file_failed(&m->file, err);
		if (rc < 0)
			return err_set(err, EXIT_INPUT,
				       "%s/%s %s%s: bring it back as the scan wrote it", f->path,
				       segment->name,
				       rc == -EILSEQ ? "is not what the manifest says" : ": ",
				       rc == -EILSEQ ? "" : strerror(-rc));
	}
	return 0;
}

/* --- all of it --- */

static int make_room(struct merge *m, struct err *err)
{
	uint64_t most = 0;

	for (size_t i = 0; i < m->n; i++)
		if (__builtin_add_overflow(most, manifest_records(&m->folder[i].manifest), &most))
			return err_set(err, EXIT_INPUT, "%s: more records than there can be",
				       m->folder[i].path);
	if (segment_text_init(&m->text) < 0 ||
	    (m->keeps_all == NULL && key_set_init(&m->keys, most) < 0))
		return err_set(err, EXIT_DEVICE,
			       "out of memory: to tell %" PRIu64 " records apart takes %" PRIu64
			       " MiB",
			       most, (most >> 20) * 11);
	return 0;
}

/* A file that takes the place of a segment, or of the manifest, would be the last of its scan. */
static int check_output(const struct merge *m, const char *output, struct err *err)
{
	const char *slash = strrchr(output, '/');
	char *path = slash == NULL ? strdup(".") : strndup(output, (size_t)(slash - output) + 1);
	struct stat at, folder;
	bool there = path != NULL && stat(path, &at) == 0; /* if not, it cannot be made */

	free(path);
	for (size_t i = 0; i < m->n && there; i++)
		if (fstat(m->folder[i].fd, &folder) == 0 && at.st_ino == folder.st_ino &&
		    at.st_dev == folder.st_dev)
			return err_set(err, EXIT_USAGE,
				       "--output: %s is in %s, which is read: name another place",
				       output, m->folder[i].path);
	return 0;
}

static int check_books(const struct merge *m, struct err *err)
{
	uint64_t want = 0, read = 0, duplicates = 0;

	for (size_t i = 0; i < m->n; i++) {
		want += manifest_records(&m->folder[i].manifest);
		read += m->shard[i].read;
		duplicates += m->shard[i].duplicates;
	}
	if (read == want && read == m->file.written + duplicates)
		return 0;
	return err_set(err, EXIT_BOOKS,
		       "counters do not add up: %" PRIu64 " records in the manifests, %" PRIu64
		       " read, %" PRIu64 " written, %" PRIu64 " there twice",
		       want, read, m->file.written, duplicates);
}

int merge_write(struct merge *m, const char *output, struct err *err)
{
	const char *path = output != NULL ? output : "-";
	int rc = strcmp(path, "-") != 0 ? check_output(m, path, err) : 0;

	if (rc == 0)
		rc = make_room(m, err);
	if (rc == 0)
		rc = merge_file_open(&m->file, path, err);
	if (rc == 0 && merge_file_head(&m->file, m->header, m->header_len) != 0)
		rc = merge_file_failed(&m->file, err);
	for (size_t i = 0; i < m->n && rc == 0; i++)
		rc = merge_shard(m, i, err);
	if (rc == 0 && merge_file_flush(&m->file) != 0)
		rc = merge_file_failed(&m->file, err);
	if (rc == 0)
		rc = check_books(m, err);
	return rc == 0 ? merge_file_close(&m->file, err) : rc;
}
