/* SPDX-License-Identifier: BSD-3-Clause */

/* The lines of an output: each is an object that satisfies the schema, and only the last can be
 * torn. */

#include "test.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "field.h"
#include "outputs.h"
#include "schema.h"

extern char **environ;

/* Killed at any byte, the file has at most one line that is not whole: the last. */
static void test_every_prefix(void **state)
{
	struct output_conf conf = {.path = path, .fields = "*", .n_rings = 1};
	struct record *rec = some_records(60, 17);
	struct output *out = open_output(&conf);
	size_t len, from;
	char *text;

	(void)state;
	put(out, 0, rec, 60);
	assert_int_equal(output_stop(out), 0);
	text = read_file(&len);
	for (size_t cut = 0; cut <= len; cut++) {
		const char *end = memrchr(text, '\n', cut);
		size_t whole = end == NULL ? 0 : (size_t)(end + 1 - text);
		json_t *torn = json_loadb(text + whole, cut - whole, 0, NULL);

		/* the tail is no object, unless only its line end is missing */
		assert_true(torn == NULL || text[cut] == '\n');
		json_decref(torn);
	}
	for (from = 0; from < len;) {
		char *end = memchr(text + from, '\n', len - from);
		json_t *line = json_loadb(text + from, (size_t)(end - text) - from, 0, NULL);

		assert_non_null(line);
		json_decref(line);
		from = (size_t)(end + 1 - text);
	}
	output_destroy(out);
	free(text);
	free(rec);
}

/* How many objects of all fields jq reads in the file; false where there is no jq. */
static bool jq_count(unsigned long *objects)
{
	char filter[] = "reduce (inputs | length) as $n (0; if $n == $all then . + 1 else . end)";
	char all[12], *argv[] = {"jq", "-n", "--argjson", "all", all, filter, path, NULL};
	posix_spawn_file_actions_t actions;
	char answer[32] = "";
	int pipes[2], status, rc;
	pid_t pid;

	snprintf(all, sizeof(all), "%u", n_fields);
	assert_int_equal(pipe(pipes), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], STDOUT_FILENO);
	rc = posix_spawnp(&pid, "jq", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(pipes[1]);
	if (rc == ENOENT) {
		close(pipes[0]);
		return false;
	}
	assert_int_equal(rc, 0);
	assert_true(read(pipes[0], answer, sizeof(answer) - 1) > 0);
	close(pipes[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	*objects = strtoul(answer, NULL, 10);
	return true;
}

/* Every line of the file, which has n, is an object that satisfies the schema. */
static void check_lines(const struct schema *schema, unsigned n)
{
	FILE *file = fopen(path, "r");
	char line[ENCODED_MAX];
	unsigned i;

	assert_non_null(file);
	for (i = 0; fgets(line, sizeof(line), file) != NULL; i++) {
		json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		const char *culprit = schema_check(schema, object);

		if (culprit != NULL)
			fail_msg("line %u: %s: %s", i + 1, culprit, line);
		json_decref(object);
	}
	fclose(file);
	assert_int_equal(i, n);
}

/* All fields, in files of 10^5: together they would be large. */
static void test_million_lines(void **state)
{
	enum { N = 100000, FILES = 10 };
	struct output_conf conf = {.path = path, .fields = "*", .filter = "ttl >= 0", .n_rings = 1};
	unsigned long objects;
	struct schema schema;

	(void)state;
	schema_load(&schema);
	for (unsigned i = 0; i < FILES; i++) {
		struct record *rec = some_records(N, 18 + i);
		struct output *out = open_output(&conf);
		struct output_stats stats;

		put(out, 0, rec, N);
		assert_int_equal(output_stop(out), 0);
		output_stats(out, &stats);
		assert_int_equal(stats.written, N);
		output_destroy(out);
		free(rec);
		check_lines(&schema, N);
		if (!jq_count(&objects))
			TEST_SKIP("jq is not installed");
		assert_int_equal(objects, N);
	}
	schema_fini(&schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_every_prefix, teardown),
		cmocka_unit_test_teardown(test_million_lines, teardown),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, setup_folder, teardown_folder);
}
