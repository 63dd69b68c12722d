/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The checkpoint: reads back as it was, any damage to it is refused, and what is signed rightly but
 * makes no sense is refused, too. The state directory: modes, one user at a time, whole files.
 */

#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpoint.h"
#include "monitor/counter.h"
#include "mutate.h"

static struct checkpoint example(uint64_t seed)
{
	struct checkpoint c = {
		.targets = UINT64_C(1) << 40,
		.steps = UINT64_C(3) << 40,
		.cursor = UINT64_C(1) << 41,
		.sent_below = (UINT64_C(1) << 41) + 7,
		.over = seed % 2,
		.started = 1.5e9,
	};

	for (size_t i = 0; i < sizeof(c.secret); i++)
		c.secret[i] = (uint8_t)test_random(&seed);
	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		c.job.byte[i] = (uint8_t)test_random(&seed);
		c.lists.byte[i] = (uint8_t)test_random(&seed);
	}
	for (uint64_t at = 5; at < 500; at += 2 + test_random(&seed) % 50)
		spans_add(&c.todo, at, at + 1 + test_random(&seed) % 2);
	for (size_t i = 0; i < n_counters; i++)
		if (counters[i].shown & IN_STATE)
			*(uint64_t *)((char *)&c.books + counters[i].offset) =
				test_random(&seed) >> 1;
	for (int i = 0; i < REJECT_COUNT; i++)
		c.books.rejected[i] = test_random(&seed) >> 1;
	c.books.send_seconds = 12.25;
	return c;
}

static void assert_equal(const struct checkpoint *a, const struct checkpoint *b)
{
	struct checkpoint x = *a, y = *b;

	assert_int_equal(a->todo.n, b->todo.n);
	assert_memory_equal(a->todo.at, b->todo.at, a->todo.n * sizeof(*a->todo.at));
	x.todo = y.todo = (struct spans){0};
	assert_memory_equal(&x, &y, sizeof(x));
}

static void test_reads_back(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 50; seed++) {
		struct checkpoint c = example(seed), back;
		char *text = checkpoint_encode(&c);
		struct err err;

		assert_int_equal(checkpoint_decode(&back, text, strlen(text), "x", &err), 0);
		assert_equal(&c, &back);
		checkpoint_fini(&back);
		checkpoint_fini(&c);
		free(text);
	}
}

static void test_mutated(void **state)
{
	unsigned n = test_long() ? 10000000 : 100000, refused = 0;
	struct checkpoint c = example(1), back;
	char *text = checkpoint_encode(&c), *copy;
	size_t len = strlen(text);
	uint64_t random = 9;
	struct err err;

	(void)state;
	for (unsigned i = 0; i < n; i++) {
		size_t left;

		copy = malloc(len);
		memcpy(copy, text, len);
		left = test_mutate(copy, len, &random);
		if (checkpoint_decode(&back, copy, left, "x", &err) < 0) {
			assert_int_equal(err.code, EXIT_INPUT);
			refused++;
		} else {
			assert_equal(&c, &back);
		}
		checkpoint_fini(&back);
		free(copy);
	}
	assert_true(refused > n / 2);
	checkpoint_fini(&c);
	free(text);
}

/* Signs what it is told to write in place of `from`. */
static int decode_with(const char *from, const char *to)
{
	struct checkpoint c = example(2), back;
	char *text = checkpoint_encode(&c), *at = strstr(text, from), *forged, hex[DIGEST_HEX + 1];
	char *end = strchr(text, '\n');
	struct digest digest;
	struct err err;
	int rc;

	assert_non_null(at);
	assert_true(asprintf(&forged, "%.*s%s%.*s", (int)(at - text), text, to,
			     (int)(end - at - (ptrdiff_t)strlen(from)), at + strlen(from)) > 0);
	digest_of(forged, strlen(forged), &digest);
	hex_write(digest.byte, DIGEST_SIZE, hex);
	free(text);
	assert_true(asprintf(&text, "%s\n\"%s\"\n", forged, hex) > 0);
	rc = checkpoint_decode(&back, text, strlen(text), "x", &err);
	if (rc < 0)
		assert_int_equal(err.code, EXIT_INPUT);
	checkpoint_fini(&back);
	checkpoint_fini(&c);
	free(forged);
	free(text);
	return rc;
}

static void test_senseless(void **state)
{
	static const struct {
		const char *from, *to;
	} forgeries[] = {
		{"\"peal_state\":3", "\"peal_state\":1"},
		{"\"peal_state\":3,", ""},
		{"\"cursor\":", "\"cursor\":9"},
		{"\"cursor\":", "\"cursor\":-"},
		{"\"sent_below\":", "\"sent_below\":9"},
		{"\"todo\":[", "\"todo\":[[1,2],[1,2],"},
		{"\"todo\":[", "\"todo\":[[3,3],"},
		{"\"todo\":[", "\"todo\":[[-1,2],"},
		{"\"todo\":[", "\"todo\":[[1],"},
		{"\"todo\":[", "\"todo\":[7,"},
		{"\"todo\":", "\"todo\":{},\"x\":"},
		{"\"secret\":\"", "\"secret\":\"0"},
		{"\"targets\":", "\"targets\":0.5,\"x\":"},
		{"\"written\":", "\"written\":-"},
		{"\"written\":", "\"writen\":"},
		{"\"books\":{", "\"books\":{\"more\":1,"},
		{"\"books\":{", "\"books\":[],\"x\":{"},
		{"\"started\":", "\"started\":-"},
		{"{", "["},
	};

	(void)state;
	assert_int_equal(decode_with("{", "{"), 0);
	for (size_t i = 0; i < ARRAY_LEN(forgeries); i++)
		if (decode_with(forgeries[i].from, forgeries[i].to) == 0)
			fail_msg("%s was taken", forgeries[i].to);
}

static unsigned mode_of(int folder, const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(folder, name, &st, 0), 0);
	return st.st_mode & 07777;
}

static void test_directory(void **state)
{
	char path[] = "/tmp/peal-state-XXXXXX";
	struct checkpoint c = example(3), back;
	struct state dir, second;
	struct err err;
	char *text;
	size_t len;

	(void)state;
	assert_non_null(mkdtemp(path));
	rmdir(path);
	umask(0);
	assert_true(state_open(&dir, path, &err) < 0);
	assert_int_equal(err.code, EXIT_INPUT);
	state_close(&dir);

	assert_int_equal(state_create(&dir, path, &err), 0);
	assert_int_equal(mode_of(dir.folder, "."), 0700);
	assert_true(state_open(&second, path, &err) < 0); /* in use */
	assert_int_equal(err.code, EXIT_USAGE);
	state_close(&second);

	assert_int_equal(state_write(&dir, "job.json", "{}", 2, &err), 0);
	assert_int_equal(state_read(&dir, "job.json", &text, &len, &err), 0);
	assert_string_equal(text, "{}");
	free(text);
	assert_int_equal(state_save(&dir, &c), 0);
	assert_int_equal(state_save(&dir, &c), 0);
	assert_int_equal(mode_of(dir.folder, "checkpoint"), 0600);
	assert_int_equal(mode_of(dir.folder, "job.json"), 0600);
	assert_false(state_has(&dir, "checkpoint.new"));
	assert_int_equal(state_load(&dir, &back, &err), 0);
	assert_equal(&c, &back);
	checkpoint_fini(&back);
	state_close(&dir);

	assert_true(state_create(&second, path, &err) < 0); /* another scan's */
	assert_int_equal(err.code, EXIT_USAGE);
	assert_non_null(strstr(err.text, "peal resume"));
	state_close(&second);
	assert_int_equal(state_open(&dir, path, &err), 0);
	unlinkat(dir.folder, "checkpoint", 0);
	unlinkat(dir.folder, "job.json", 0);
	state_close(&dir);
	rmdir(path);
	checkpoint_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_back),
		cmocka_unit_test(test_mutated),
		cmocka_unit_test(test_senseless),
		cmocka_unit_test(test_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
