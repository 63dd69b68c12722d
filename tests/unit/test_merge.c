/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Merging: the folders of three shards become one file with each record once; whatever is not as
 * the manifests say is refused, with the place, and nothing half is left under the name.
 */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "key_set.h"
#include "manifest.h"
#include "merge.h"
#include "vec.h"
#include "zstd_block.h"

enum { SHARDS = 3 };

static char base[] = "/tmp/peal-merge-XXXXXX";

static const char *path_of(const char *name)
{
	static char path[4][128];
	static unsigned next;

	next = (next + 1) % 4;
	snprintf(path[next], sizeof(path[next]), "%s/%s", base, name);
	return path[next];
}

/* --- folders --- */

struct shard_conf {
	const char *folder;
	uint32_t index;
	uint64_t seed;
	const char *format, *fields, *filter;
	bool packed, incomplete;
	const char *segments[4]; /* their texts */
	int more;		 /* records that the manifest says beyond those there are */
};

static void write_file(int folder, const char *name, const void *data, size_t len)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	close(fd);
}

/* In frames of a line each. */
static char *pack(const char *text, size_t *len)
{
	struct zstd_packer *packer = zstd_packer_create();
	char *packed = NULL;
	FILE *to = open_memstream(&packed, len);

	assert_non_null(packer);
	for (const char *end; *text != '\0'; text = end) {
		size_t line = strcspn(text, "\n");
		const void *frame;
		ssize_t n;

		end = text + line + (text[line] == '\n');
		n = zstd_pack(packer, text, (size_t)(end - text), &frame);
		assert_true(n > 0);
		assert_int_equal(fwrite(frame, 1, (size_t)n, to), n);
	}
	fclose(to);
	zstd_packer_destroy(packer);
	return packed;
}

static uint64_t count_lines(const char *text)
{
	uint64_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

static void add_segment(struct manifest *m, int folder, const char *text, int more)
{
	bool csv = strcmp(m->format, "csv") == 0;
	struct manifest_segment s = {.records = count_lines(text) - csv + (uint64_t)more};
	size_t len = strlen(text);
	char *bytes = m->compressed ? pack(text, &len) : strdup(text);

	manifest_name(m, m->segments.n, s.name);
	s.bytes = len;
	digest_of(bytes, len, &s.digest);
	write_file(folder, s.name, bytes, len);
	assert_int_equal(vec_push(&m->segments, s), 0);
	free(bytes);
}

static void make_folder(const struct shard_conf *conf)
{
	struct manifest m = {
		.seed = conf->seed,
		.attempts = 1,
		.shard = {.index = conf->index, .total = SHARDS},
		.filter = conf->filter,
		.format = conf->format != NULL ? conf->format : "ndjson",
		.fields = conf->fields != NULL ? conf->fields : "saddr,sport,state",
		.compressed = conf->packed,
		.complete = !conf->incomplete,
	};
	int folder;

	assert_true(mkdir(path_of(conf->folder), 0700) == 0 || errno == EEXIST);
	folder = open(path_of(conf->folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < 4 && conf->segments[i] != NULL; i++)
		add_segment(&m, folder, conf->segments[i], conf->more);
	m.counts.records = manifest_records(&m);
	assert_int_equal(manifest_save(&m, folder), 0);
	vec_free(&m.segments);
	close(folder);
}

#define LINE(addr, port, state)                                                                    \
	"{\"saddr\":\"192.0.2." addr "\",\"sport\":" port ",\"state\":\"" state "\"}\n"

#define ONE   LINE("1", "80", "open")
#define TWO   LINE("2", "80", "closed")
#define THREE LINE("3", "80", "open")
#define FOUR  LINE("1", "81", "open")
#define FIVE  LINE("1", "80", "closed")

static const struct shard_conf shards[SHARDS] = {
	{.folder = "a", .index = 0, .segments = {ONE TWO, THREE}},
	{.folder = "b", .index = 1, .packed = true, .segments = {ONE FOUR, FIVE TWO}},
	{.folder = "c", .index = 2}, /* nobody answered */
};

static void make_shards(void)
{
	for (unsigned i = 0; i < SHARDS; i++)
		make_folder(&shards[i]);
}

static int set_up(void **state)
{
	(void)state;
	memcpy(base + strlen(base) - 6, "XXXXXX", 6);
	assert_non_null(mkdtemp(base));
	make_shards();
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *place)
{
	(void)st, (void)kind, (void)place;
	return remove(path);
}

static int tear_down(void **state)
{
	(void)state;
	return nftw(base, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* --- merging --- */

static struct err err;

/* The names of folders, ending with NULL. */
static struct merge *open_merge(const char *folder, va_list more)
{
	static char paths[8][128];
	const char *at[8];
	struct strlist folders = {.at = at};
	struct merge *m;

	for (; folder != NULL; folder = va_arg(more, const char *)) {
		snprintf(paths[folders.n], sizeof(paths[0]), "%s/%s", base, folder);
		at[folders.n] = paths[folders.n];
		folders.n++;
	}
	merge_create(&folders, &m, &err);
	return m;
}

static struct merge *merge_of(const char *folder, ...)
{
	va_list more;
	struct merge *m;

	va_start(more, folder);
	m = open_merge(folder, more);
	va_end(more);
	return m;
}

static char *content(const char *name)
{
	static char text[1 << 16];
	int fd = open(path_of(name), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return NULL;
	text[n] = '\0';
	return text;
}

/* All three, to "out": 0, or the exit code. */
static int merge_three(void)
{
	struct merge *m = merge_of("b", "c", "a", NULL);
	int rc = m != NULL ? merge_write(m, path_of("out"), &err) : -1;

	merge_destroy(m);
	assert_null(content("out.part"));
	return rc == 0 ? 0 : (int)err.code;
}

static void assert_refused(const char *place, const char *why)
{
	assert_int_equal(merge_three(), EXIT_INPUT);
	if (strstr(err.text, place) == NULL || strstr(err.text, why) == NULL)
		fail_msg("'%s' lacks '%s' or '%s'", err.text, place, why);
	assert_null(content("out"));
}

static void test_joins(void **state)
{
	struct merge *m = merge_of("b", "c", "a", NULL);
	const struct merge_shard *shard;
	size_t n;

	(void)state;
	assert_non_null(m);
	assert_null(merge_missing(m));
	assert_null(merge_keeps_all(m));
	assert_int_equal(merge_write(m, path_of("out"), &err), 0);
	assert_string_equal(content("out"), ONE TWO THREE FOUR FIVE);
	shard = merge_shards(m, &n);
	assert_int_equal(n, SHARDS);
	for (uint32_t i = 0; i < SHARDS; i++)
		assert_int_equal(shard[i].index, i);
	assert_int_equal(shard[0].read, 3);
	assert_int_equal(shard[0].duplicates, 0);
	assert_int_equal(shard[1].read, 4);
	assert_int_equal(shard[1].duplicates, 2);
	assert_int_equal(shard[2].read, 0);
	merge_destroy(m);
	assert_null(content("out.part"));
}

static void test_compresses(void **state)
{
	struct merge *m = merge_of("a", "b", "c", NULL);
	struct zstd_unpacker *unpacker = zstd_unpacker_create();
	char packed[4096];
	const char *text;
	size_t len;
	ssize_t n;
	int fd;

	(void)state;
	assert_int_equal(merge_write(m, path_of("out.zst"), &err), 0);
	merge_destroy(m);
	fd = open(path_of("out.zst"), O_RDONLY | O_CLOEXEC);
	n = read(fd, packed, sizeof(packed));
	close(fd);
	assert_int_equal(zstd_unpack(unpacker, packed, (size_t)n, &text, &len), n);
	assert_int_equal(len, strlen(ONE TWO THREE FOUR FIVE));
	assert_memory_equal(text, ONE TWO THREE FOUR FIVE, len);
	zstd_unpacker_destroy(unpacker);
}

/* Other formats; a header is there once, also without a record. */
static void test_formats(void **state)
{
	static const char head[] = "sport,saddr,state\n";
	struct shard_conf conf[SHARDS];

	(void)state;
	for (unsigned i = 0; i < SHARDS; i++)
		conf[i] = (struct shard_conf){.folder = shards[i].folder,
					      .index = i,
					      .packed = i == 1,
					      .format = "csv",
					      .fields = "sport,saddr,state"};
	for (unsigned i = 0; i < SHARDS; i++)
		make_folder(&conf[i]);
	assert_int_equal(merge_three(), 0);
	assert_string_equal(content("out"), head);

	conf[0].segments[0] = "sport,saddr,state\n80,192.0.2.1,open\n";
	conf[0].segments[1] = "sport,saddr,state\n80,192.0.2.1,closed\n81,192.0.2.1,open\n";
	conf[1].segments[0] = "sport,saddr,state\n81,192.0.2.1,open\n82,192.0.2.1,open\n";
	for (unsigned i = 0; i < SHARDS; i++)
		make_folder(&conf[i]);
	assert_int_equal(merge_three(), 0);
	assert_string_equal(content("out"), "sport,saddr,state\n80,192.0.2.1,open\n"
					    "80,192.0.2.1,closed\n81,192.0.2.1,open\n"
					    "82,192.0.2.1,open\n");
	unlink(path_of("out"));
	conf[1].segments[0] = "saddr,sport,state\n192.0.2.1,81,open\n";
	make_folder(&conf[1]);
	assert_refused("b/records-000000.csv.zst", "not what the manifest says");

	for (unsigned i = 0; i < SHARDS; i++) {
		conf[i] = (struct shard_conf){
			.folder = shards[i].folder, .index = i, .format = "list", .fields = ""};
		conf[i].segments[0] = "192.0.2.1:80\topen\n";
		make_folder(&conf[i]);
	}
	assert_int_equal(merge_three(), 0);
	assert_string_equal(content("out"), "192.0.2.1:80\topen\n");
}

/* Where two equal lines may be two records, both stay. */
static void test_keeps_all(void **state)
{
	struct shard_conf conf[SHARDS];
	struct merge *m;

	(void)state;
	for (unsigned i = 0; i < SHARDS; i++) {
		conf[i] = shards[i];
		conf[i].filter = "repeat = 0 || ttl < 64";
		make_folder(&conf[i]);
	}
	m = merge_of("a", "b", "c", NULL);
	assert_non_null(strstr(merge_keeps_all(m), "repeats"));
	merge_destroy(m);
	assert_int_equal(merge_three(), 0);
	assert_string_equal(content("out"), ONE TWO THREE ONE FOUR FIVE TWO);

	for (unsigned i = 0; i < SHARDS; i++) {
		conf[i] = (struct shard_conf){
			.folder = shards[i].folder, .index = i, .fields = "saddr"};
		conf[i].segments[0] = "{\"saddr\":\"192.0.2.1\"}\n{\"saddr\":\"192.0.2.1\"}\n";
		make_folder(&conf[i]);
	}
	m = merge_of("a", "b", "c", NULL);
	assert_non_null(strstr(merge_keeps_all(m), "fields"));
	merge_destroy(m);
	assert_int_equal(merge_three(), 0);
	assert_int_equal(count_lines(content("out")), 6);
}

static void test_tells_what_is_missing(void **state)
{
	struct shard_conf conf = shards[1];
	struct merge *m;

	(void)state;
	m = merge_of("b", NULL);
	assert_string_equal(merge_missing(m), "shard 0/3 is not there, shard 2/3 is not there");
	assert_int_equal(merge_write(m, path_of("out"), &err), 0); /* who asks for it may have it */
	assert_string_equal(content("out"), ONE FOUR FIVE TWO);
	merge_destroy(m);
	conf.incomplete = true;
	make_folder(&conf);
	m = merge_of("a", "b", "c", NULL);
	assert_non_null(strstr(merge_missing(m), "/b) is not complete"));
	merge_destroy(m);
}

static void test_folders_that_do_not_belong_together(void **state)
{
	struct shard_conf conf = shards[0];

	(void)state;
	conf.folder = "d";
	conf.seed = 7;
	make_folder(&conf);
	assert_null(merge_of("a", "b", "c", "d", NULL));
	assert_int_equal(err.code, EXIT_INPUT);
	assert_non_null(strstr(err.text, "seed"));

	conf.seed = 0;
	make_folder(&conf);
	assert_null(merge_of("a", "b", "c", "d", NULL));
	assert_int_equal(err.code, EXIT_INPUT);
	assert_non_null(strstr(err.text, "both of shard 0/3"));
	assert_null(merge_of("a", "a", NULL));
	assert_non_null(strstr(err.text, "both of shard 0/3"));

	assert_null(merge_of("a", "nowhere", NULL));
	assert_int_equal(err.code, EXIT_INPUT);
	assert_non_null(strstr(err.text, "nowhere: No such file"));
	write_file(AT_FDCWD, path_of("d/manifest.json"), "{}", 2);
	assert_null(merge_of("b", "d", NULL));
	assert_int_equal(err.code, EXIT_INPUT);
	assert_non_null(strstr(err.text, "d/manifest.json: damaged"));
}

/* Each byte of each segment counts, plain or compressed. */
static void test_changed_bytes(void **state)
{
	static const char *const names[] = {"a/records-000000.ndjson",
					    "b/records-000001.ndjson.zst"};
	uint64_t random = 4;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		struct stat st;
		char bytes[1024];
		size_t len = 0;

		make_shards();
		assert_int_equal(stat(path_of(names[i]), &st), 0);
		for (off_t at = 0; at < st.st_size; at++) {
			int fd = open(path_of(names[i]), O_RDWR | O_CLOEXEC);
			char was, now;

			assert_int_equal(pread(fd, &was, 1, at), 1);
			now = (char)(was ^ (1 << test_random(&random) % 8));
			assert_int_equal(pwrite(fd, &now, 1, at), 1);
			assert_refused(names[i], "is not what the manifest says");
			assert_int_equal(pwrite(fd, &was, 1, at), 1);
			len = (size_t)pread(fd, bytes, sizeof(bytes) - 1, 0);
			close(fd);
		}
		write_file(AT_FDCWD, path_of(names[i]), bytes, len - 1);
		assert_refused(names[i], "is not what the manifest says");
		bytes[len] = '\n';
		write_file(AT_FDCWD, path_of(names[i]), bytes, len + 1);
		assert_refused(names[i], "is not what the manifest says");
		unlink(path_of(names[i]));
		assert_refused(names[i], "No such file");
		assert_int_equal(mkfifo(path_of(names[i]), 0600), 0);
		assert_refused(names[i], "is not what the manifest says");
		unlink(path_of(names[i]));
	}
}

/* What is signed rightly, but is no text of records. */
static void test_senseless_segments(void **state)
{
	static const char *const texts[] = {ONE TWO "{\"saddr\":\"192.0.2.1\"}\n",
					    ONE "\n",
					    ONE TWO "{\"saddr\":",
					    "x\n" ONE,
					    LINE("300", "80", "open"),
					    LINE("3", "70000", "open"),
					    LINE("3", "80", "ajar")};

	(void)state;
	for (unsigned i = 0; i < 2 * ARRAY_LEN(texts); i++) {
		struct shard_conf conf = shards[0];

		conf.packed = i % 2;
		conf.segments[0] = texts[i / 2];
		conf.segments[1] = NULL;
		make_folder(&conf);
		assert_refused("a/records-000000", "is not what the manifest says");
	}
	for (int more = -1; more <= 1; more += 2) {
		struct shard_conf conf = shards[0];

		conf.more = more;
		conf.segments[0] = ONE TWO;
		conf.segments[1] = NULL;
		make_folder(&conf);
		assert_refused("a/records-000000", "is not what the manifest says");
	}
}

static void test_output_that_fails(void **state)
{
	struct merge *m = merge_of("a", "b", "c", NULL);

	(void)state;
	assert_true(merge_write(m, "/dev/full", &err) < 0);
	assert_int_equal(err.code, EXIT_OUTPUT);
	assert_non_null(strstr(err.text, "/dev/full: No space left"));
	merge_destroy(m);
	m = merge_of("a", "b", "c", NULL);
	assert_true(merge_write(m, path_of("nowhere/out"), &err) < 0);
	assert_int_equal(err.code, EXIT_OUTPUT);
	merge_destroy(m);

	/* no segment is replaced */
	m = merge_of("a", "b", "c", NULL);
	assert_true(merge_write(m, path_of("b/records-000000.ndjson.zst"), &err) < 0);
	assert_int_equal(err.code, EXIT_USAGE);
	merge_destroy(m);
	assert_int_equal(merge_three(), 0);

	/* what was there stays until the new one is whole */
	write_file(AT_FDCWD, path_of("out"), "old", 3);
	unlink(path_of("b/records-000001.ndjson.zst"));
	assert_int_equal(merge_three(), EXIT_INPUT);
	assert_string_equal(content("out"), "old");
	make_shards();
	assert_int_equal(merge_three(), 0);
	assert_string_equal(content("out"), ONE TWO THREE FOUR FIVE);
}

/* More lines than fit one piece, one block, and one burst. */
static void test_many(void **state)
{
	struct shard_conf conf = {.folder = "a"};
	char *text = NULL, *want = NULL;
	size_t len, want_len;
	FILE *to = open_memstream(&text, &len), *once = open_memstream(&want, &want_len);
	static char got[1 << 22];
	int fd;

	(void)state;
	for (unsigned i = 0; i < 30000; i++) {
		unsigned at = i % 10 == 9 ? i / 2 : i; /* one in ten was there */
		char line[128];

		snprintf(line, sizeof(line),
			 "{\"saddr\":\"192.0.%u.%u\",\"sport\":%u,\"state\":\"open\"}\n", at >> 8,
			 at & 255, at % 7);
		fputs(line, to);
		if (at == i || at % 10 == 9)
			fputs(line, once);
	}
	fclose(to);
	fclose(once);
	for (unsigned i = 0; i < SHARDS; i++) {
		conf.folder = shards[i].folder;
		conf.index = i;
		conf.segments[0] = text;
		conf.packed = i == 1;
		make_folder(&conf);
	}
	assert_int_equal(merge_three(), 0);
	fd = open(path_of("out"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, got, sizeof(got)), want_len);
	assert_memory_equal(got, want, want_len);
	close(fd);
	free(text);
	free(want);
}

/* Filled to the last key, with keys that collide and keys that do not. */
static void test_key_set(void **state)
{
	enum { N = 20000 };
	struct key_set set;

	(void)state;
	for (unsigned round = 0; round < 4; round++) {
		uint64_t n = round == 0 ? 1 : round == 1 ? 2 : N;

		assert_int_equal(key_set_init(&set, n), 0);
		for (uint64_t i = 1; i <= n; i++)
			assert_true(key_set_add(&set, round == 3 ? i << 48 | 1 : i));
		for (uint64_t i = 1; i <= n; i++)
			assert_false(key_set_add(&set, round == 3 ? i << 48 | 1 : i));
		key_set_fini(&set);
	}
	assert_int_equal(key_set_init(&set, 0), 0);
	key_set_fini(&set);
	assert_int_equal(key_set_init(&set, UINT64_MAX), -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define IN_FOLDERS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
		IN_FOLDERS(test_joins),
		IN_FOLDERS(test_compresses),
		IN_FOLDERS(test_formats),
		IN_FOLDERS(test_keeps_all),
		IN_FOLDERS(test_tells_what_is_missing),
		IN_FOLDERS(test_folders_that_do_not_belong_together),
		IN_FOLDERS(test_changed_bytes),
		IN_FOLDERS(test_senseless_segments),
		IN_FOLDERS(test_output_that_fails),
		IN_FOLDERS(test_many),
		cmocka_unit_test(test_key_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
