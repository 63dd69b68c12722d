/* SPDX-License-Identifier: BSD-3-Clause */

#include "segments.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "durable.h"
#include "sink_file.h"
#include "vec.h"

static const char prefix[] = "records-";

enum { PART_NAME = MANIFEST_NAME + sizeof(".part") };

struct segments {
	/* const */
	char *path;
	int folder;
	uint64_t size, time_ns;
	size_t head_len;
	char head[SEGMENT_HEAD_MAX];

	/* the writer's; while it does not run, main's */
	struct sink *sink; /* but its fd, see below */
	struct manifest manifest;
	uint64_t bytes, records; /* of the current segment */
	uint64_t begun;		 /* ns, of CLOCK_MONOTONIC: its first record */
	struct digest_state digest;

	/* The writer's and that of whoever syncs. A failed fsync() is told to one of them, once:
	 * the next one would succeed, with data lost. So it is remembered, and nothing follows it.
	 */
	pthread_mutex_t lock;
	bool listed; /* the current segment's entry is on the disk; guards sink->fd, too */
	int error;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void part_name(const struct segments *s, size_t i, char part[PART_NAME])
{
	char name[MANIFEST_NAME];

	manifest_name(&s->manifest, i, name);
	snprintf(part, PART_NAME, "%s.part", name);
}

/* --- the folder --- */

/* Whether a scan has left records there, whatever they are called in full. */
static int has_records(int folder, bool *has)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	*has = false;
	if (list == NULL) {
		int rc = -errno;

		if (fd >= 0)
			close(fd);
		return rc;
	}
	while (!*has && (entry = readdir(list)) != NULL)
		*has = strncmp(entry->d_name, prefix, sizeof(prefix) - 1) == 0;
	closedir(list);
	return 0;
}

/* What began and wrote nothing leaves no more than an empty manifest. */
static int check_unused(struct segments *s, struct err *err)
{
	struct manifest there = {0};
	bool used;
	int rc = has_records(s->folder, &used);

	if (rc < 0)
		return err_set(err, EXIT_OUTPUT, "--output-dir: %s: %s", s->path, strerror(-rc));
	if (!used && faccessat(s->folder, manifest_file, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		used = manifest_load(&there, s->folder, s->path, err) < 0 || there.segments.n != 0;
		manifest_fini(&there);
	}
	if (!used)
		return 0;
	return err_set(err, EXIT_USAGE,
		       "--output-dir: %s has the records of another scan: name another folder; "
		       "'peal resume' goes on with one that kept its state",
		       s->path);
}

/* The manifest of the scan that is gone on with. */
static int take_manifest(struct segments *s, const struct manifest *scan, struct err *err)
{
	struct manifest there;
	const char *differs;
	int rc = manifest_load(&there, s->folder, s->path, err);

	if (rc < 0) {
		manifest_fini(&there);
		return rc;
	}
	differs = manifest_differs(&there, scan);
	if (differs == NULL && there.shard.index != scan->shard.index)
		differs = "the shard";
	if (differs != NULL) {
		err_set(err, EXIT_INPUT,
			"--output-dir: %s has the records of another scan: %s differs", s->path,
			differs);
		manifest_fini(&there);
		return -EINVAL;
	}
	/* the names are of there, the rest is the same */
	s->manifest.segments = there.segments;
	there.segments = (struct manifest_segments){0};
	manifest_fini(&there);
	return 0;
}

static int open_folder(struct segments *s, struct err *err)
{
	bool made = mkdir(s->path, 0777) == 0;
	int rc = made || errno == EEXIST ? 0 : -errno;

	if (rc == 0 && made)
		rc = durable_entry(s->path);
	if (rc == 0) {
		s->folder = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		rc = s->folder < 0 ? -errno : 0;
	}
	if (rc < 0)
		return err_set(err, EXIT_OUTPUT, "--output-dir: %s: %s", s->path, strerror(-rc));
	if (flock(s->folder, LOCK_EX | LOCK_NB) < 0)
		return err_set(err, EXIT_USAGE, "--output-dir: %s is in use by another scan",
			       s->path);
	return 0;
}

int segments_create(const struct segments_conf *conf, struct sink *sink, struct segments **out,
		    struct err *err)
{
	struct segments *s = calloc(1, sizeof(*s));
	int rc;

	*out = NULL;
	if (s == NULL)
		return err_set(err, EXIT_OUTPUT, "out of memory");
	pthread_mutex_init(&s->lock, NULL);
	s->folder = -1;
	s->path = strdup(conf->path);
	s->size = conf->size;
	s->time_ns = conf->time_ns;
	s->head_len = conf->head_len;
	memcpy(s->head, conf->head, conf->head_len);
	s->manifest = *conf->scan;
	s->sink = sink;
	*sink = (struct sink){.ops = &sink_file, .fd = -1, .regular = true};
	if (s->path == NULL)
		rc = err_set(err, EXIT_OUTPUT, "out of memory");
	else
		rc = open_folder(s, err);
	if (rc == 0)
		rc = conf->go_on ? take_manifest(s, conf->scan, err) : check_unused(s, err);
	if (rc < 0)
		segments_destroy(s);
	else
		*out = s;
	return rc;
}

void segments_destroy(struct segments *s)
{
	if (s == NULL)
		return;
	if (s->sink->fd >= 0)
		close(s->sink->fd);
	s->sink->fd = -1;
	if (s->folder >= 0)
		close(s->folder);
	vec_free(&s->manifest.segments);
	free(s->path);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* --- what is there already --- */

static int refuse(const struct segments *s, const char *name, const char *why, struct err *err)
{
	return err_set(err, EXIT_INPUT,
		       "--output-dir: %s/%s %s: bring back the file that this scan wrote, or scan "
		       "anew into another folder",
		       s->path, name, why);
}

static int replay_named(const struct segments *s, const struct manifest_segment *segment,
			const struct replay *like, struct err *err)
{
	struct digest_state digest;
	struct replay r = *like;
	struct digest got;
	struct stat st;
	int fd = openat(s->folder, segment->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), rc;

	if (fd < 0)
		return refuse(s, segment->name, strerror(errno), err);
	digest_begin(&digest);
	r.durable = r.most = segment->records;
	r.digest = &digest;
	rc = fstat(fd, &st) < 0 ? -errno : replay_fd(&r, fd);
	close(fd);
	digest_end(&digest, &got);
	if (rc < 0 && rc != -EILSEQ)
		return err_set(err, EXIT_OUTPUT, "--output-dir: %s/%s: %s", s->path, segment->name,
			       strerror(-rc));
	if (rc < 0 || r.lines != segment->records || r.keep != segment->bytes ||
	    (uint64_t)st.st_size != segment->bytes || !digest_equal(&got, &segment->digest))
		return refuse(s, segment->name, "is not what the manifest says", err);
	return 0;
}

/* The segment that a kill left between its new name and the manifest is the current one again. */
static int open_part(struct segments *s, char part[PART_NAME])
{
	char name[MANIFEST_NAME];
	int rc = 0;

	manifest_name(&s->manifest, s->manifest.segments.n, name);
	part_name(s, s->manifest.segments.n, part);
	if (renameat(s->folder, name, s->folder, part) < 0 && errno != ENOENT)
		rc = -errno;
	if (rc == 0) {
		s->sink->fd = openat(s->folder, part, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
		rc = s->sink->fd < 0 && errno != ENOENT ? -errno : 0;
	}
	return rc;
}

/* What is not named yet: cut where it is torn. */
static int replay_part(struct segments *s, const struct replay *like, uint64_t durable,
		       uint64_t *records, struct err *err)
{
	char part[PART_NAME];
	struct replay r = *like;
	int rc = open_part(s, part);

	digest_begin(&s->digest);
	r.durable = durable;
	r.most = UINT64_MAX;
	r.digest = &s->digest;
	r.lines = r.keep = 0;
	if (rc == 0 && s->sink->fd >= 0)
		rc = replay_fd(&r, s->sink->fd);
	if (rc == 0 && s->sink->fd >= 0 &&
	    TEMP_FAILURE_RETRY(ftruncate(s->sink->fd, (off_t)r.keep)) < 0)
		rc = -errno;
	if (rc < 0 && rc != -EILSEQ)
		return err_set(err, EXIT_OUTPUT, "--output-dir: %s/%s: %s", s->path, part,
			       strerror(-rc));
	if (rc < 0 || r.lines < durable)
		return err_set(err, EXIT_INPUT,
			       "--output-dir: %s/%s has %" PRIu64 " good records, but %" PRIu64
			       " had been written: it is not of this scan, or was changed",
			       s->path, part, r.lines, durable);
	s->bytes = r.keep;
	s->records = *records = r.lines;
	s->begun = now_ns();
	return 0;
}

int segments_replay(struct segments *s, const struct replay *like, uint64_t durable,
		    uint64_t *records, struct err *err)
{
	uint64_t named = 0;
	int rc = 0;

	for (size_t i = 0; i < s->manifest.segments.n && rc == 0; i++) {
		const struct manifest_segment *segment = &s->manifest.segments.at[i];

		rc = replay_named(s, segment, like, err);
		named += segment->records;
	}
	if (rc == 0)
		rc = replay_part(s, like, durable > named ? durable - named : 0, records, err);
	*records += named;
	return rc;
}

/* --- writing --- */

/* A full disk may have room again, and what is done to names may be done once more. */
static int when_room(struct segments *s, int (*act)(struct segments *s))
{
	int rc;

	do
		rc = act(s);
	while (rc < 0 && sink_file_wait_for_room(s->sink, -rc));
	sink_file_has_room(s->sink);
	return rc;
}

static int save_manifest(struct segments *s)
{
	return manifest_save(&s->manifest, s->folder);
}

int segments_start(struct segments *s)
{
	return when_room(s, save_manifest);
}

static int begin_part(struct segments *s)
{
	char part[PART_NAME];
	int fd;

	part_name(s, s->manifest.segments.n, part);
	fd = openat(s->folder, part,
		    O_WRONLY | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	pthread_mutex_lock(&s->lock);
	s->sink->fd = fd;
	s->listed = false;
	pthread_mutex_unlock(&s->lock);
	digest_begin(&s->digest);
	s->bytes = s->records = 0;
	return 0;
}

static int write_bytes(struct segments *s, const void *bytes, size_t len)
{
	int rc = s->sink->ops->write(s->sink, bytes, len);

	if (rc == 0) {
		digest_add(&s->digest, bytes, len);
		s->bytes += len;
	}
	return rc;
}

/* With the lock. */
static int sync_part(struct segments *s)
{
	if (s->error == 0)
		s->error = durable_sync(s->sink->fd);
	if (s->error == 0 && !s->listed)
		s->error = durable_sync(s->folder);
	s->listed |= s->error == 0;
	return s->error;
}

static int rename_part(struct segments *s)
{
	char name[MANIFEST_NAME], part[PART_NAME];

	manifest_name(&s->manifest, s->manifest.segments.n, name);
	part_name(s, s->manifest.segments.n, part);
	return renameat(s->folder, part, s->folder, name) < 0 ? -errno : 0;
}

static int close_part(struct segments *s)
{
	int fd, rc;

	pthread_mutex_lock(&s->lock);
	rc = sync_part(s);
	fd = s->sink->fd;
	s->sink->fd = -1;
	pthread_mutex_unlock(&s->lock);
	if (close(fd) < 0 && errno != EINTR && rc == 0)
		rc = -errno;
	return rc;
}

static int name_part(struct segments *s)
{
	struct manifest_segment segment = {.records = s->records, .bytes = s->bytes};
	int rc = when_room(s, rename_part);

	if (rc == 0)
		rc = durable_sync(s->folder);
	manifest_name(&s->manifest, s->manifest.segments.n, segment.name);
	digest_end(&s->digest, &segment.digest);
	if (rc == 0)
		rc = vec_push(&s->manifest.segments, segment);
	return rc < 0 ? rc : when_room(s, save_manifest);
}

static int seal(struct segments *s)
{
	int rc = close_part(s);

	return rc < 0 ? rc : name_part(s);
}

int segments_write(struct segments *s, const void *bytes, size_t len, uint64_t records)
{
	int rc = 0;

	if (s->sink->fd >= 0 && s->records != 0 && s->bytes + len > s->size &&
	    s->manifest.segments.n + 1 < MANIFEST_SEGMENTS)
		rc = seal(s);
	if (rc == 0 && s->sink->fd < 0)
		rc = when_room(s, begin_part);
	if (rc == 0 && s->bytes == 0)
		rc = write_bytes(s, s->head, s->head_len);
	if (rc == 0 && s->records == 0)
		s->begun = now_ns();
	if (rc == 0)
		rc = write_bytes(s, bytes, len);
	if (rc == 0)
		s->records += records;
	return rc;
}

int segments_look(struct segments *s)
{
	if (s->sink->fd < 0 || s->records == 0 || now_ns() - s->begun < s->time_ns ||
	    s->manifest.segments.n + 1 >= MANIFEST_SEGMENTS)
		return 0;
	return seal(s);
}

int segments_sync(struct segments *s)
{
	int rc;

	pthread_mutex_lock(&s->lock);
	rc = s->sink->fd >= 0 ? sync_part(s) : s->error;
	pthread_mutex_unlock(&s->lock);
	return rc;
}

/* --- the end --- */

static int remove_part(struct segments *s)
{
	char part[PART_NAME];

	part_name(s, s->manifest.segments.n, part);
	return unlinkat(s->folder, part, 0) < 0 ? -errno : 0;
}

int segments_close(struct segments *s, bool whole)
{
	int rc;

	if (s->sink->fd < 0)
		return s->error;
	rc = close_part(s);
	if (rc < 0 || !whole)
		return rc;
	return s->records != 0 ? name_part(s) : remove_part(s);
}

int segments_conclude(struct segments *s, bool complete, const struct manifest_counts *counts)
{
	s->manifest.complete = complete;
	s->manifest.counts = *counts;
	return save_manifest(s);
}
