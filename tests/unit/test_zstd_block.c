/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Records as zstd frames: what was packed is unpacked, what is torn or damaged is never taken for
 * whole, and an output that was torn at any byte is gone on with as if nothing had happened.
 */

#include "test.h"

#include <errno.h>
#include <stdlib.h>

#include "outputs.h"
#include "zstd_block.h"

enum { N = 21, WHOLE = 1 << 16 };

static struct zstd_packer *packer;
static struct zstd_unpacker *unpacker;

static int setup_packers(void **state)
{
	packer = zstd_packer_create();
	unpacker = zstd_unpacker_create();
	assert_true(packer != NULL && unpacker != NULL);
	if (setup_folder(state) != 0)
		return -1;
	snprintf(path, sizeof(path), "%s/out.zst", folder);
	return 0;
}

static int teardown_packers(void **state)
{
	zstd_packer_destroy(packer);
	zstd_unpacker_destroy(unpacker);
	return teardown_folder(state);
}

/* Bytes that do not shrink, or are all the same. */
static void fill(char *text, size_t len, bool shrinks)
{
	uint64_t seed = 5;

	for (size_t i = 0; i < len; i++)
		text[i] = shrinks ? 'x' : (char)test_random(&seed);
}

static void test_there_and_back(void **state)
{
	static const size_t lengths[] = {1, 2, 100, 65536, ZSTD_BLOCK_TEXT};
	static char want[ZSTD_BLOCK_TEXT];
	const void *frame;
	const char *got;
	size_t got_len;

	(void)state;
	for (unsigned i = 0; i < 2 * ARRAY_LEN(lengths); i++) {
		size_t len = lengths[i / 2];
		ssize_t n;

		fill(want, len, i % 2 == 0);
		n = zstd_pack(packer, want, len, &frame);
		assert_in_range(n, 1, zstd_frame_max());
		assert_int_equal(zstd_unpack(unpacker, frame, (size_t)n, &got, &got_len), n);
		assert_int_equal(got_len, len);
		assert_memory_equal(got, want, len);
	}
}

/* A beginning is no frame; neither is one with any one bit turned, unless it says the same. */
static void test_damaged(void **state)
{
	char want[600], copy[2048];
	const void *frame;
	const char *got;
	size_t got_len;
	ssize_t n;

	(void)state;
	fill(want, 300, true);
	fill(want + 300, 300, false);
	n = zstd_pack(packer, want, sizeof(want), &frame);
	assert_in_range(n, 300, sizeof(copy));
	memcpy(copy, frame, (size_t)n);
	for (ssize_t cut = 0; cut < n; cut++)
		assert_int_equal(zstd_unpack(unpacker, copy, (size_t)cut, &got, &got_len), 0);
	for (ssize_t bit = 0; bit < 8 * n; bit++) {
		copy[bit / 8] ^= (char)(1 << bit % 8);
		if (zstd_unpack(unpacker, copy, (size_t)n, &got, &got_len) > 0) {
			assert_int_equal(got_len, sizeof(want));
			assert_memory_equal(got, want, sizeof(want));
		}
		copy[bit / 8] ^= (char)(1 << bit % 8);
	}
}

/* --- an output that is gone on with --- */

static struct record records[N];
static unsigned known;

static struct output *open_kind(const char *format, bool go_on)
{
	const struct output_conf conf = {
		.path = path,
		.format = format,
		.fields = strcmp(format, "list") == 0 ? NULL : "saddr,sport,state,ttl",
		.filter = "ttl >= 0",
		.n_rings = 1,
		.again = true,
		.go_on = go_on,
	};
	struct output *out;
	struct err err;

	if (output_create(&conf, &out, &err) < 0)
		fail_msg("%s", err.text);
	return out;
}

static void put_rest(struct output *out, unsigned first)
{
	assert_int_equal(output_start(out), 0);
	put(out, 0, &records[first], N - first);
	assert_int_equal(output_stop(out), 0);
	output_destroy(out);
}

/* The text of a file of frames, all of them whole. */
static size_t unpack_file(char text[WHOLE])
{
	size_t len, used = 0, n, at = 0;
	const char *got;
	char *file = read_file(&len);

	while (used < len) {
		ssize_t frame = zstd_unpack(unpacker, file + used, len - used, &got, &n);

		assert_true(frame > 0 && at + n <= WHOLE);
		memcpy(text + at, got, n);
		at += n;
		used += (size_t)frame;
	}
	free(file);
	return at;
}

static void write_file(const char *bytes, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	fclose(file);
}

struct torn {
	char file[WHOLE];
	size_t len;
	size_t end[N];	   /* of each frame */
	unsigned lines[N]; /* records up to there */
	unsigned n;
};

/* The text in frames of five lines. */
static void pack_lines(struct torn *torn, const char *text, size_t len, bool header)
{
	size_t first = 0;
	unsigned lines = 0;

	torn->len = torn->n = 0;
	for (size_t i = 0; i < len; i++) {
		const void *frame;
		ssize_t n;

		lines += text[i] == '\n';
		if ((text[i] != '\n' || lines % 5 != 0) && i + 1 < len)
			continue;
		n = zstd_pack(packer, text + first, i + 1 - first, &frame);
		assert_in_range(n, 1, WHOLE - torn->len);
		memcpy(torn->file + torn->len, frame, (size_t)n);
		torn->len += (size_t)n;
		torn->end[torn->n] = torn->len;
		torn->lines[torn->n++] = lines - header;
		first = i + 1;
	}
}

static void seen(void *ctx, const struct record *rec, unsigned n)
{
	(void)ctx;
	for (unsigned i = 0; i < n; i++, known++) {
		assert_int_equal(rec[i].saddr, records[known].saddr);
		assert_int_equal(rec[i].sport, records[known].sport);
		assert_int_equal(rec[i].state, records[known].state);
	}
}

static int go_on(const char *format, uint64_t durable)
{
	struct output *out = open_kind(format, true);
	uint64_t lines = 0;
	struct err err;
	int rc;

	known = 0;
	rc = output_replay(out, durable, seen, NULL, &lines, &err);
	if (rc < 0) {
		assert_int_equal(err.code, EXIT_INPUT);
		output_destroy(out);
		return rc;
	}
	assert_int_equal(lines, known);
	put_rest(out, known);
	return 0;
}

static unsigned there(const struct torn *torn, size_t cut)
{
	unsigned lines = 0;

	for (unsigned i = 0; i < torn->n && torn->end[i] <= cut; i++)
		lines = torn->lines[i];
	return lines;
}

static void test_torn_at_every_byte(void **state)
{
	static const char *const formats[] = {"ndjson", "csv", "list"};
	static char want[WHOLE], got[WHOLE];
	static struct torn torn;

	(void)state;
	for (unsigned f = 0; f < ARRAY_LEN(formats); f++) {
		size_t len;

		put_rest(open_kind(formats[f], false), 0);
		len = unpack_file(want);
		pack_lines(&torn, want, len, strcmp(formats[f], "csv") == 0);
		assert_int_equal(torn.lines[torn.n - 1], N);
		for (size_t cut = 0; cut <= torn.len; cut++) {
			unsigned lines = there(&torn, cut);

			write_file(torn.file, cut);
			assert_int_equal(go_on(formats[f], lines), 0);
			assert_int_equal(known, lines);
			assert_int_equal(unpack_file(got), len);
			assert_memory_equal(got, want, len);
		}
	}
}

/* A frame that is damaged goes, with all behind it, unless it was surely written before; what was
 * never ours stays as it is. */
static void test_refused(void **state)
{
	static char want[WHOLE], got[WHOLE];
	static struct torn torn;
	const void *frame;
	size_t len;
	ssize_t n;

	(void)state;
	put_rest(open_kind("ndjson", false), 0);
	len = unpack_file(want);
	pack_lines(&torn, want, len, false);
	torn.file[torn.end[2] - 1] ^= 1; /* of the checksum */
	write_file(torn.file, torn.len);
	assert_true(go_on("ndjson", torn.lines[2]) < 0);
	assert_int_equal(go_on("ndjson", torn.lines[1]), 0);
	assert_int_equal(unpack_file(got), len);
	assert_memory_equal(got, want, len);

	n = zstd_pack(packer, "#!/bin/sh\n", 10, &frame);
	write_file(frame, (size_t)n);
	assert_true(go_on("ndjson", 0) < 0);
	write_file(want, len); /* not compressed, whatever its name says */
	assert_true(go_on("ndjson", 1) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test_teardown(test_torn_at_every_byte, teardown),
		cmocka_unit_test_teardown(test_refused, teardown),
	};
	uint64_t seed = 3;

	for (unsigned i = 0; i < N; i++)
		records[i] = record_random(&seed);
	return cmocka_run_group_tests(tests, setup_packers, teardown_packers);
}
