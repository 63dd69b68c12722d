/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The manifest of a folder of segments: reads back as it was, any damage to it is refused, what is
 * signed rightly but makes no sense is refused, too, and two scans are told from each other.
 */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "manifest.h"
#include "mutate.h"
#include "vec.h"

static struct digest random_digest(uint64_t *random)
{
	struct digest digest;

	for (size_t i = 0; i < DIGEST_SIZE; i++)
		digest.byte[i] = (uint8_t)test_random(random);
	return digest;
}

static struct manifest example(uint64_t random, size_t segments)
{
	static const char *const formats[] = {"ndjson", "csv", "list"};
	struct manifest m = {
		.space = random_digest(&random),
		.seed = test_random(&random),
		.attempts = 1 + (uint32_t)(test_random(&random) % 255),
		.shard = {.index = 3, .total = 7},
		.max_targets = {.count = test_random(&random) % 9, .percent = 2.5},
		.filter = test_random(&random) % 2 ? "ttl < 64 && saddr = \"192.0.2.1\"" : NULL,
		.open_only = test_random(&random) % 2,
		.format = formats[test_random(&random) % 3],
		.fields = test_random(&random) % 4 ? "saddr,sport,state,rtt_us" : "",
		.compressed = test_random(&random) % 2,
		.complete = true,
	};

	for (size_t i = 0; i < segments; i++) {
		struct manifest_segment s = {
			.records = 1 + test_random(&random) % 1000000,
			.bytes = 1 + test_random(&random) % 1000000000,
			.digest = random_digest(&random),
		};

		manifest_name(&m, i, s.name);
		assert_int_equal(vec_push(&m.segments, s), 0);
	}
	m.counts = (struct manifest_counts){
		.targets = 1000, .sent = 2000, .records = manifest_records(&m)};
	return m;
}

static void assert_equal(const struct manifest *a, const struct manifest *b)
{
	assert_null(manifest_differs(a, b));
	assert_int_equal(a->shard.index, b->shard.index);
	assert_int_equal(a->compressed, b->compressed);
	assert_int_equal(a->complete, b->complete);
	assert_memory_equal(&a->counts, &b->counts, sizeof(a->counts));
	assert_int_equal(a->segments.n, b->segments.n);
	for (size_t i = 0; i < a->segments.n; i++) {
		const struct manifest_segment *x = &a->segments.at[i], *y = &b->segments.at[i];

		assert_string_equal(x->name, y->name);
		assert_int_equal(x->records, y->records);
		assert_int_equal(x->bytes, y->bytes);
		assert_true(digest_equal(&x->digest, &y->digest));
	}
}

static void assert_reads_back(const struct manifest *m)
{
	char *text = manifest_encode(m);
	struct manifest back;
	struct err err;

	assert_non_null(text);
	assert_int_equal(manifest_decode(&back, text, strlen(text), "x", &err), 0);
	assert_equal(m, &back);
	manifest_fini(&back);
	free(text);
}

static void test_reads_back(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 100; seed++) {
		struct manifest m = example(seed, seed % 5);

		assert_reads_back(&m);
		vec_free(&m.segments);
	}
}

/* As many segments as there may be, with the longest numbers, fit what is read. */
static void test_largest(void **state)
{
	size_t n = TEST_SLOW ? 1000 : MANIFEST_SEGMENTS;
	struct manifest m = example(1, n);
	char *text;

	(void)state;
	m.format = "ndjson";
	m.compressed = true;
	for (size_t i = 0; i < n; i++) {
		m.segments.at[i].records = INT64_MAX / n;
		m.segments.at[i].bytes = INT64_MAX;
		manifest_name(&m, i, m.segments.at[i].name);
	}
	m.counts.records = manifest_records(&m);
	text = manifest_encode(&m);
	assert_non_null(text);
	assert_true(strlen(text) <= MANIFEST_MAX);
	free(text);
	assert_reads_back(&m);
	vec_free(&m.segments);
}

static void test_mutated(void **state)
{
	unsigned n = test_long() ? 10000000 : 100000, refused = 0;
	struct manifest m = example(1, 3), back;
	char *text = manifest_encode(&m), *copy;
	size_t len = strlen(text);
	uint64_t random = 9;
	struct err err;

	(void)state;
	for (unsigned i = 0; i < n; i++) {
		size_t left;

		copy = malloc(len); /* each anew, so that a sanitizer sees what reads beyond it */
		memcpy(copy, text, len);
		left = test_mutate(copy, len, &random);
		if (manifest_decode(&back, copy, left, "x", &err) < 0) {
			assert_int_equal(err.code, EXIT_INPUT);
			refused++;
		} else {
			assert_equal(&m, &back);
		}
		manifest_fini(&back);
		free(copy);
	}
	assert_true(refused > n / 2);
	vec_free(&m.segments);
	free(text);
}

/* Signs what it is told to write in place of `from`; the exit code of reading it. */
static int decode_with(const char *from, const char *to)
{
	struct manifest m = example(5, 2), back;
	char *text, *at, *forged, hex[DIGEST_HEX + 1];
	struct digest digest;
	struct err err = {0};

	m.format = "csv";
	m.fields = "saddr,sport";
	m.compressed = false;
	m.segments.at[0].records = m.segments.at[1].records = 4;
	m.counts.records = 8;
	for (size_t i = 0; i < m.segments.n; i++)
		manifest_name(&m, i, m.segments.at[i].name);
	text = manifest_encode(&m);
	at = strstr(text, from);
	assert_non_null(at);
	text[strlen(text) - strlen(",\"sha256\":\"\"}\n") - DIGEST_HEX] = '\0';
	assert_true(asprintf(&forged, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) >
		    0);
	free(text);
	digest_of(forged, strlen(forged), &digest);
	hex_write(digest.byte, DIGEST_SIZE, hex);
	assert_true(asprintf(&text, "%s,\"sha256\":\"%s\"}\n", forged, hex) > 0);
	if (manifest_decode(&back, text, strlen(text), "x", &err) == 0)
		err.code = EXIT_COMPLETE;
	manifest_fini(&back);
	vec_free(&m.segments);
	free(forged);
	free(text);
	return (int)err.code;
}

static void test_senseless(void **state)
{
	static const struct {
		const char *from, *to;
	} forgeries[] = {
		{"peal.manifest.v1", "peal.manifest.v2"},
		{"\"schema\":", "\"scheme\":"},
		{"{\"schema\":", "{\"more\":1,\"schema\":"},
		{"{\"schema\":", "{\"open\":1,\"open\":1,\"schema\":"},
		{"\"space\":\"", "\"space\":\"0"},
		{"\"seed\":\"", "\"seed\":\"0"},
		{"\"seed\":\"", "\"seed\":\"99999999999999999999"},
		{"\"seed\":\"", "\"seed\":\"-"},
		{"\"seed\":\"", "\"seed\":7,\"x\":\""},
		{"\"attempts\":", "\"attempts\":0,\"x\":"},
		{"\"attempts\":", "\"attempts\":256,\"x\":"},
		{"\"attempts\":", "\"attempts\":999"},
		{"\"shard\":3", "\"shard\":7"},
		{"\"shard\":3", "\"shard\":-3"},
		{"\"shard\":3", "\"shard\":3.0"},
		{"\"shards\":7", "\"shards\":0"},
		{"\"shards\":7", "\"shards\":4294967303"},
		{"\"max_targets\":", "\"max_targets\":-"},
		{"percent\":2.5", "percent\":250.0"},
		{"percent\":2.5", "percent\":2"},
		{"\"filter\":", "\"filter\":false,\"x\":"},
		{"\"filter\":", "\"filter\":\"a\\u0000b\",\"x\":"},
		{"\"open\":", "\"open\":0,\"x\":"},
		{"\"format\":\"csv\"", "\"format\":\"xml\""},
		{"\"format\":\"csv\"", "\"format\":\"list\""},
		{"\"format\":\"csv\"", "\"format\":7"},
		{"\"none\"", "\"gzip\""},
		{"\"none\"", "\"zstd\""},
		{"\"saddr\"", "\"saddr,sport\""},
		{"\"saddr\"", "\"\""},
		{"\"saddr\"", "\"saddr\\u0000x\""},
		{"\"saddr\"", "1"},
		{"\"fields\":", "\"fields\":{},\"x\":"},
		{"records-000000.csv", "records-000001.csv"},
		{"records-000000.csv", "records-0.csv"},
		{"records-000000.csv", "../records-000000.csv"},
		{"records-000000.csv", "records-000000.csv\\u0000"},
		{"records-000001.csv", "records-000002.csv"},
		{"\"records\":4", "\"records\":0"},
		{"\"records\":4", "\"records\":-4"},
		{"\"records\":4", "\"records\":5"},
		{"\"records\":4", "\"records\":9223372036854775807"},
		{"\"records\":4", "\"records\":4,\"more\":1"},
		{"\"bytes\":", "\"bytes\":-"},
		{"\"bytes\":", "\"bytes\":0,\"x\":"},
		{"\"segments\":", "\"segments\":{},\"x\":"},
		{"\"segments\":[", "\"segments\":[7,"},
		{"\"complete\":true", "\"complete\":1"},
		{"\"records\":8", "\"records\":9"},
		{"\"records\":8", "\"records\":8,\"more\":1"},
		{"\"counts\":", "\"counts\":[],\"x\":"},
		{"\"sent\":2000", "\"sent\":-1"},
	};

	(void)state;
	assert_int_equal(decode_with("\"schema\":", "\"schema\":"), EXIT_COMPLETE);
	assert_int_equal(decode_with("\"complete\":true", "\"complete\":false"), EXIT_COMPLETE);
	for (size_t i = 0; i < ARRAY_LEN(forgeries); i++)
		if (decode_with(forgeries[i].from, forgeries[i].to) != EXIT_INPUT)
			fail_msg("%s for %s was taken", forgeries[i].to, forgeries[i].from);
}

static void test_tells_scans_apart(void **state)
{
	const struct manifest one = {
		.attempts = 1,
		.shard = {.index = 0, .total = 2},
		.format = "ndjson",
		.fields = "saddr",
	};
	struct manifest other = one;

	(void)state;
	other.shard.index = 1;
	other.compressed = other.complete = true;
	other.counts.sent = 7;
	assert_null(manifest_differs(&one, &other));
#define DIFFERS(member, value, what)                                                               \
	do {                                                                                       \
		other = one;                                                                       \
		other.member = value;                                                              \
		assert_string_equal(manifest_differs(&one, &other), what);                         \
		assert_string_equal(manifest_differs(&other, &one), what);                         \
	} while (0)
	DIFFERS(space.byte[31], 1, "targets");
	DIFFERS(seed, 1, "seed");
	DIFFERS(attempts, 2, "--attempts");
	DIFFERS(shard.total, 3, "number of shards");
	DIFFERS(max_targets.count, 1, "--max-targets");
	DIFFERS(max_targets.percent, 1, "--max-targets");
	DIFFERS(filter, "ttl < 9", "filter");
	DIFFERS(open_only, true, "filter");
	DIFFERS(format, "csv", "format");
	DIFFERS(fields, "saddr,sport", "fields");
#undef DIFFERS
}

static void test_folder(void **state)
{
	char path[] = "/tmp/peal-manifest-XXXXXX";
	struct manifest m = example(1, 3), back;
	struct err err;
	int folder;

	(void)state;
	assert_non_null(mkdtemp(path));
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(manifest_load(&back, folder, path, &err) < 0);
	assert_int_equal(err.code, EXIT_INPUT);
	assert_non_null(strstr(err.text, path));
	manifest_fini(&back);

	assert_int_equal(manifest_save(&m, folder), 0);
	m.segments.n--;
	m.complete = false;
	assert_int_equal(manifest_save(&m, folder), 0);
	assert_int_equal(manifest_load(&back, folder, path, &err), 0);
	assert_equal(&m, &back);
	manifest_fini(&back);

	unlinkat(folder, manifest_file, 0);
	assert_int_equal(mkfifoat(folder, manifest_file, 0600), 0); /* is not waited for */
	assert_true(manifest_load(&back, folder, path, &err) < 0);
	manifest_fini(&back);
	unlinkat(folder, manifest_file, 0);
	close(folder);
	rmdir(path);
	vec_free(&m.segments);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_back), cmocka_unit_test(test_largest),
		cmocka_unit_test(test_mutated),	   cmocka_unit_test(test_senseless),
		cmocka_unit_test(test_folder),	   cmocka_unit_test(test_tells_scans_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
