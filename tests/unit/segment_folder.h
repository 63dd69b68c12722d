/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* A folder of segments of the test's own, and whether it is what its manifest says. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "segments.h"
#include "test.h"
#include "zstd_block.h"

enum { N = 44, BLOCK = 4, WHOLE = 1 << 16, NO_LIMIT = 1 << 30 };

/* --- formats --- */

static const struct kind {
	const char *format, *fields;
	bool packed;
} kinds[] = {{"list", NULL, false},
	     {"csv", "saddr,sport,state", false},
	     {"csv", "state,saddr,sport", true}};

/* in memory if possible: thousands of fsync() on a busy disk take a minute */
static char parents[][32] = {"/dev/shm/peal-segments-XXXXXX", "/tmp/peal-segments-XXXXXX"};
static const char *parent;
static char path[64];
static const struct kind *kind;
static struct fieldset *set;
static struct zstd_packer *packer;
static struct zstd_unpacker *unpacker;
static struct sink sink;

static inline struct record record_of(unsigned i)
{
	return (struct record){.saddr = 0x0a000000 + i, .sport = (uint16_t)i, .state = STATE_OPEN};
}

/* Some records as a block, in *bytes until the next call. */
static inline size_t block_of(unsigned first, unsigned n, const void **bytes)
{
	static char text[(BLOCK + 1) * ENCODED_MAX];
	size_t len = 0;

	for (unsigned i = first; i < first + n; i++) {
		struct record rec = record_of(i);

		len += encoder_find(kind->format)->record(set, &rec, text + len);
	}
	*bytes = text;
	return kind->packed ? (size_t)zstd_pack(packer, text, len, bytes) : len;
}

static inline struct manifest scan_of(void)
{
	return (struct manifest){
		.seed = 7,
		.attempts = 1,
		.shard = {0, 1},
		.format = kind->format,
		.fields = kind->fields != NULL ? kind->fields : "",
		.compressed = kind->packed,
	};
}

static inline int open_segments(bool go_on, uint64_t size, struct segments **s, struct err *err)
{
	char head[ENCODED_MAX];
	size_t len = encoder_find(kind->format)->begin(set, head);
	struct manifest scan = scan_of();
	struct segments_conf conf = {
		.path = path,
		.size = size,
		.time_ns = UINT64_MAX,
		.head = head,
		.head_len = len,
		.scan = &scan,
		.go_on = go_on,
	};

	if (kind->packed)
		conf.head_len = (size_t)zstd_pack(packer, head, len, &conf.head);
	return segments_create(&conf, &sink, s, err);
}

static inline void use(const struct kind *k)
{
	struct err err;

	kind = k;
	fieldset_destroy(set);
	assert_int_equal(fieldset_create(k->fields, &set, &err), 0);
}

/* --- what is there --- */

static inline size_t read_file(const char *name, char bytes[WHOLE])
{
	char file[128];
	FILE *from;
	size_t n;

	snprintf(file, sizeof(file), "%s/%s", path, name);
	from = fopen(file, "r");
	if (from == NULL)
		fail_msg("%s is not there", name);
	n = fread(bytes, 1, WHOLE, from);
	fclose(from);
	return n;
}

/* The lines of a segment; those of the header stay away. */
static inline size_t lines_of(const char *bytes, size_t len, char text[WHOLE])
{
	char head[ENCODED_MAX];
	size_t used = 0, n = 0, head_len = encoder_find(kind->format)->begin(set, head);

	while (kind->packed && used < len) {
		const char *part;
		size_t part_len;
		ssize_t frame = zstd_unpack(unpacker, bytes + used, len - used, &part, &part_len);

		assert_true(frame > 0);
		memcpy(text + n, part, part_len);
		n += part_len;
		used += (size_t)frame;
	}
	if (!kind->packed)
		memcpy(text, bytes, n = len);
	assert_memory_equal(text, head, head_len);
	memmove(text, text + head_len, n - head_len);
	return n - head_len;
}

static inline unsigned count_files(void)
{
	DIR *dir = opendir(path);
	unsigned n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n - 2;
}

static inline void load(struct manifest *m)
{
	int folder = open(path, O_RDONLY | O_DIRECTORY);
	struct err err;

	if (manifest_load(m, folder, path, &err) < 0)
		fail_msg("%s", err.text);
	close(folder);
}

/* Every record is there once, in its order, in segments as the manifest has them, and no more. */
static inline void check_whole(void)
{
	static char bytes[WHOLE], text[WHOLE], all[WHOLE], want[WHOLE];
	const struct encoder *encoder = encoder_find(kind->format);
	size_t have = 0, len = 0;
	struct manifest m;

	load(&m);
	assert_true(m.complete);
	assert_int_equal(manifest_records(&m), N);
	assert_int_equal(count_files(), m.segments.n + 1);
	for (size_t i = 0; i < m.segments.n; i++) {
		const struct manifest_segment *segment = &m.segments.at[i];
		size_t n = read_file(segment->name, bytes);
		struct digest digest;

		digest_of(bytes, n, &digest);
		assert_int_equal(n, segment->bytes);
		assert_true(digest_equal(&digest, &segment->digest));
		n = lines_of(bytes, n, text);
		memcpy(all + have, text, n);
		have += n;
	}
	for (unsigned i = 0; i < N; i++) {
		struct record rec = record_of(i);

		len += encoder->record(set, &rec, want + len);
	}
	assert_int_equal(have, len);
	assert_memory_equal(all, want, len);
	manifest_fini(&m);
}

static inline int clear(void **state)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	(void)state;
	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	return rmdir(path);
}
