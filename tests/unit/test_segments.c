/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Records in segments, against kills and a kernel that fails: each call that touches the disk is
 * made the last one of the process, or fails, in turn. Whatever happened, what was reported as
 * synced is there, what is there is gone on with, and in the end each record is there once, in
 * segments that are what the manifest says.
 */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults.h"
#include "segment_folder.h"

static unsigned *durable; /* shared with children: records that are synced */

/* --- a scan --- */

/* From a record to the last, in blocks, with a sync now and then. */
static int write_on(struct segments *s, unsigned first)
{
	int rc = segments_start(s);

	for (unsigned i = first; i < N && rc == 0; i += BLOCK) {
		unsigned n = N - i < BLOCK ? N - i : BLOCK;
		const void *bytes;
		size_t len = block_of(i, n, &bytes);

		rc = segments_write(s, bytes, len, n);
		if (rc == 0)
			rc = segments_look(s);
		if (rc == 0 && i / BLOCK % 3 == 1) {
			rc = segments_sync(s);
			*durable = rc == 0 ? i + n : *durable;
		}
	}
	return rc;
}

static int write_all(struct segments *s, unsigned first)
{
	static const struct manifest_counts counts = {N, N, N};
	int rc = write_on(s, first), end = segments_close(s, rc == 0);

	rc = rc < 0 ? rc : end;
	return rc < 0 ? rc : segments_conclude(s, true, &counts);
}

static void seen(void *ctx, const struct record *rec, unsigned n)
{
	unsigned *at = ctx;

	for (unsigned i = 0; i < n; i++, (*at)++) {
		struct record want = record_of(*at);

		assert_int_equal(rec[i].saddr, want.saddr);
		assert_int_equal(rec[i].sport, want.sport);
		assert_int_equal(rec[i].state, want.state);
	}
}

static void count(void *ctx, const struct record *rec, unsigned n)
{
	(void)rec;
	*(unsigned *)ctx += n;
}

static int replay(struct segments *s, output_seen *tell, uint64_t least, unsigned *known,
		  struct err *err)
{
	const struct replay like = {
		.encoder = encoder_find(kind->format),
		.set = set,
		.packed = kind->packed,
		.seen = tell,
		.ctx = known,
	};
	uint64_t records = 0;
	int rc;

	*known = 0;
	rc = segments_replay(s, &like, least, &records, err);
	if (rc == 0)
		assert_int_equal(records, *known);
	return rc;
}

/* Goes on with what is there, to the end. */
static void resume(void)
{
	struct segments *s = NULL;
	unsigned known = 0;
	struct err err;

	if (open_segments(true, 300, &s, &err) < 0 || replay(s, seen, *durable, &known, &err) < 0)
		fail_msg("%s", err.text);
	assert_in_range(known, *durable, N);
	assert_int_equal(write_all(s, known), 0);
	segments_destroy(s);
}

/* --- tests --- */

static struct segments *open_new(uint64_t size)
{
	struct segments *s;
	struct err err;

	if (open_segments(false, size, &s, &err) < 0)
		fail_msg("%s", err.text);
	return s;
}

static void test_size(void **state)
{
	for (unsigned k = 0; k < ARRAY_LEN(kinds); k++) {
		struct segments *s;
		struct manifest m;

		use(&kinds[k]);
		s = open_new(300);
		assert_int_equal(write_all(s, 0), 0);
		segments_destroy(s);
		check_whole();
		load(&m);
		assert_true(m.segments.n >= 3);
		for (size_t i = 0; i < m.segments.n; i++)
			assert_in_range(m.segments.at[i].bytes, 1, 300);
		manifest_fini(&m);
		clear(state);
	}
}

/* A segment that is old enough ends without a record coming, and one without a record is none. */
static void test_time(void **state)
{
	const struct manifest_counts counts = {N, N, N};
	struct segments_conf conf = {
		.path = path, .size = NO_LIMIT, .time_ns = 20000000, .head = ""};
	struct manifest scan, m;
	struct segments *s;
	const void *bytes;
	struct err err;
	size_t len;

	(void)state;
	use(&kinds[0]);
	scan = scan_of();
	conf.scan = &scan;
	assert_int_equal(segments_create(&conf, &sink, &s, &err), 0);
	assert_int_equal(segments_start(s), 0);
	for (unsigned i = 0; i < N; i += 16) {
		for (unsigned k = i; k < i + 16 && k < N; k += BLOCK) {
			len = block_of(k, BLOCK, &bytes);
			assert_int_equal(segments_write(s, bytes, len, BLOCK), 0);
		}
		assert_true(sink.fd >= 0);
		for (unsigned tries = 0; sink.fd >= 0 && tries < 10000; tries++) {
			assert_int_equal(segments_look(s), 0);
			poll(NULL, 0, 1);
		}
		assert_int_equal(sink.fd, -1);
	}
	assert_int_equal(segments_sync(s), 0);
	assert_int_equal(segments_close(s, true), 0);
	assert_int_equal(segments_conclude(s, true, &counts), 0);
	segments_destroy(s);
	check_whole();
	load(&m);
	assert_int_equal(m.segments.n, 3);
	manifest_fini(&m);
}

/* A process of its own, whose n-th call is its last; false when it got to its end before. */
static bool killed(int how, unsigned nth)
{
	int status;
	pid_t child;

	*durable = 0;
	child = fork();
	if (child == 0) {
		struct segments *s = open_new(300);

		fault = (struct fault){.how = how, .nth = nth, .armed = true};
		_exit(write_all(s, 0) == 0 ? 1 : 2);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status) == 0;
}

/* Before there is a manifest, there is nothing to go on with. */
static void resume_if_begun(void)
{
	struct stat st;
	char file[128];

	snprintf(file, sizeof(file), "%s/%s", path, manifest_file);
	if (stat(file, &st) < 0)
		return;
	resume();
	check_whole();
}

static void test_killed_at_every_call(void **state)
{
	for (unsigned k = 0; k < 2 * ARRAY_LEN(kinds); k++) {
		unsigned nth = 1;

		use(&kinds[k / 2]);
		for (; killed(k % 2 ? KILL_HALF : KILL, nth); nth++) {
			resume_if_begun();
			clear(state);
		}
		check_whole();
		clear(state);
		assert_true(nth > 20);
	}
}

/* Each call fails once: that is told, nothing is synced any more, and what is there can be gone on
 * with. How many calls there are, and how many failures were told. */
static void each_call(int how, int error, bool patient, unsigned *calls, unsigned *told,
		      unsigned *fsyncs)
{
	*calls = *told = *fsyncs = 0;
	for (unsigned nth = 1;; nth++) {
		struct segments *s;
		bool hit;
		int rc;

		*durable = 0;
		s = open_new(300);
		sink.patient = patient;
		fault = (struct fault){.how = how, .error = error, .nth = nth, .armed = true};
		rc = write_all(s, 0);
		hit = fault.hit;
		fault.armed = false;
		if (rc == 0)
			check_whole();
		segments_destroy(s);
		*calls += hit;
		*told += rc < 0;
		*fsyncs += fault.fsync_hit;
		if (hit && rc < 0)
			resume_if_begun();
		clear(NULL);
		if (!hit)
			return;
	}
}

static void test_failing_calls(void **state)
{
	static const int errors[] = {EIO, ENOSPC};
	unsigned calls, told, fsyncs;

	(void)state;
	for (unsigned k = 0; k < ARRAY_LEN(kinds); k++) {
		use(&kinds[k]);
		for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
			each_call(FAIL, errors[i], false, &calls, &told, &fsyncs);
			assert_true(calls > 20);
			assert_int_equal(told, calls);
		}
		each_call(HALF, 0, false, &calls, &told, &fsyncs);
		assert_int_equal(told, 0);
	}
}

/* Where room is waited for, what can be done again is; but no fsync() of records. */
static void test_room_comes_back(void **state)
{
	unsigned calls, told, fsyncs;

	(void)state;
	use(&kinds[1]);
	each_call(FAIL, ENOSPC, true, &calls, &told, &fsyncs);
	assert_in_range(told, 1, calls / 2);
	assert_in_range(fsyncs, told, calls);
}

/* The failure of one fsync() is final for the other thread as well. */
static void test_failed_sync(void **state)
{
	struct segments *s;
	const void *bytes;
	size_t len;

	(void)state;
	use(&kinds[0]);
	s = open_new(NO_LIMIT);
	assert_int_equal(segments_start(s), 0);
	len = block_of(0, BLOCK, &bytes);
	assert_int_equal(segments_write(s, bytes, len, BLOCK), 0);
	fault = (struct fault){.how = FAIL, .error = EIO, .nth = 1, .armed = true};
	assert_int_equal(segments_sync(s), -EIO);
	assert_int_equal(segments_sync(s), -EIO);
	assert_int_equal(segments_close(s, true), -EIO);
	segments_destroy(s);
	assert_int_equal(count_files(), 2); /* the manifest and the .part */
}

static void refused(bool go_on, enum exit_code code, const char *words)
{
	struct segments *s;
	unsigned known;
	struct err err;
	int rc = open_segments(go_on, 300, &s, &err);

	if (rc == 0 && go_on)
		rc = replay(s, count, *durable, &known, &err);
	assert_true(rc < 0);
	assert_int_equal(err.code, code);
	if (strstr(err.text, words) == NULL)
		fail_msg("lacks '%s': %s", words, err.text);
	segments_destroy(s);
}

static void damage(const char *name, size_t at)
{
	static char bytes[WHOLE];
	size_t n = read_file(name, bytes);
	char file[128];
	FILE *to;

	snprintf(file, sizeof(file), "%s/%s", path, name);
	to = fopen(file, "w");
	assert_non_null(to);
	bytes[at] ^= 1;
	assert_int_equal(fwrite(bytes, 1, n, to), n);
	fclose(to);
}

static void test_refused(void **state)
{
	struct segments *s, *other;
	struct err err;
	char file[128];

	(void)state;
	use(&kinds[0]);
	s = open_new(300);
	assert_int_equal(open_segments(false, 300, &other, &err), -EINVAL);
	assert_non_null(strstr(err.text, "in use"));
	assert_int_equal(segments_start(s), 0);
	segments_destroy(s);
	s = open_new(300); /* nothing was written: it may be used again */
	assert_int_equal(write_all(s, 0), 0);
	segments_destroy(s);

	*durable = N;
	refused(false, EXIT_USAGE, "has the records of another scan");
	use(&kinds[1]);
	refused(true, EXIT_INPUT, "differs");
	use(&kinds[0]);
	*durable = N + 1;
	refused(true, EXIT_INPUT, "1 had been written");
	*durable = N;
	damage("records-000001.list", 8); /* a digit: still a record */
	refused(true, EXIT_INPUT, "records-000001.list is not what the manifest says");
	damage("records-000001.list", 8);
	snprintf(file, sizeof(file), "%s/records-000001.list", path);
	assert_int_equal(unlink(file), 0);
	refused(true, EXIT_INPUT, "records-000001.list No such file");
	snprintf(file, sizeof(file), "%s/%s", path, manifest_file);
	assert_int_equal(unlink(file), 0);
	refused(true, EXIT_INPUT, "manifest.json");
	refused(false, EXIT_USAGE, "has the records of another scan");
}

static int setup_all(void **state)
{
	(void)state;
	durable = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	packer = zstd_packer_create();
	unpacker = zstd_unpacker_create();
	if (durable == MAP_FAILED || packer == NULL || unpacker == NULL)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(parents) && parent == NULL; i++)
		parent = mkdtemp(parents[i]);
	if (parent == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/out", parent);
	return 0;
}

static int teardown_all(void **state)
{
	(void)state;
	zstd_packer_destroy(packer);
	zstd_unpacker_destroy(unpacker);
	fieldset_destroy(set);
	munmap(durable, 4096);
	return rmdir(parent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_size, clear),
		cmocka_unit_test_teardown(test_time, clear),
		cmocka_unit_test_teardown(test_killed_at_every_call, clear),
		cmocka_unit_test_teardown(test_failing_calls, clear),
		cmocka_unit_test_teardown(test_room_comes_back, clear),
		cmocka_unit_test_teardown(test_failed_sync, clear),
		cmocka_unit_test_teardown(test_refused, clear),
	};

	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
