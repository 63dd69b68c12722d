/* SPDX-License-Identifier: BSD-3-Clause */

/* Job files: every value reads back, and what is wrong is named with its place. */

#include "test.h"

#include <inttypes.h>
#include <jansson.h>
#include <unistd.h>

#include "job.h"
#include "job/job_json.h"
#include "job/option.h"
#include "job/value.h"
#include "mutate.h"
#include "vec.h"

static struct err err;

static int read_text(struct job *job, const char *text)
{
	job_defaults(job);
	return job_json_read(job, text, strlen(text), "job.json", &err);
}

/* --- random jobs --- */

static const char *random_number(uint64_t *random, uint64_t max, char *buf)
{
	uint64_t n = test_random(random) >> (test_random(random) % 64);

	snprintf(buf, VALUE_TEXT, "%" PRIu64, max == UINT64_MAX ? n : n % (max + 1));
	return buf;
}

static const char *random_text(uint64_t *random, char *buf)
{
	static const char *const pieces[] = {"a", "\"", "\\", "\n", "\t", "ü", "€", "/", ",", "80"};
	size_t n = 0;

	for (unsigned i = 0; i < 1 + test_random(random) % 8; i++)
		n += (size_t)snprintf(buf + n, VALUE_TEXT - n, "%s",
				      pieces[test_random(random) % ARRAY_LEN(pieces)]);
	return buf;
}

/* A value that may or may not suit the option: what value_set() refuses is tried again. */
static const char *random_value(uint64_t *random, const struct option *opt, char *buf)
{
	unsigned a = test_random(random) % 100, b = test_random(random) % 100, n = 0;

	switch (opt->each != 0 ? opt->each : opt->type) {
	case OPT_FLAG:
		return "true";
	case OPT_COUNT:
		return random_number(random, 9, buf);
	case OPT_TEXT:
	case OPT_JOINED:
	case OPT_LIST:
		return random_text(random, buf);
	case OPT_ENUM:
	case OPT_WORD:
		while (opt->names[n] != NULL)
			n++;
		return opt->names[a % n];
	case OPT_U32:
		return random_number(random, opt->max, buf);
	case OPT_U64:
	case OPT_SEED:
		return random_number(random, UINT64_MAX, buf);
	case OPT_DURATION:
		random_number(random, opt->max, buf);
		memcpy(buf + strlen(buf), "ms", 3);
		return buf;
	case OPT_RATE:
		return a < 20 ? "max" : random_number(random, 10000000000, buf);
	case OPT_PREFIX_RATE:
		snprintf(buf, VALUE_TEXT, "%u/%u", a, b);
		return buf;
	case OPT_QUOTA:
		snprintf(buf, VALUE_TEXT, a < 50 ? "%u" : "%u.%09u%%", a, b * 9999999);
		return buf;
	case OPT_SHARD:
		snprintf(buf, VALUE_TEXT, "%u/%u", a, b);
		return buf;
	case OPT_PORTS:
		snprintf(buf, VALUE_TEXT, "%u-%u", a, a + b);
		return buf;
	case OPT_MAC:
		snprintf(buf, VALUE_TEXT, "%02x:00:%02x:00:10:%02x", a & 0xfe, b, a);
		return buf;
	}
	return NULL;
}

static void random_job(struct job *job, uint64_t *random)
{
	const struct place place = {"random", EXIT_USAGE};

	job_defaults(job);
	for (size_t i = 0; i < n_options; i++) {
		const struct option *opt = &options[i];
		unsigned times = opt->type == OPT_LIST ? test_random(random) % 4 : 1;

		if (opt->key == NULL || test_random(random) % 3 != 0)
			continue;
		for (unsigned done = 0; done < times;) {
			char buf[VALUE_TEXT * 2], *text;

			text = strdup(random_value(random, opt, buf));
			assert_non_null(text);
			assert_true(vec_push(&job->owned, text) == 0);
			done += value_set(job, opt, text, &place, &err) == 0;
		}
	}
}

/* --print-job "reads back identically": also as a job, not only as a text. */
static void test_reads_back(void **state)
{
	uint64_t random = 3;

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		struct job job, back;
		char *text, *again;

		random_job(&job, &random);
		text = job_to_json(&job);
		assert_non_null(text);
		job_defaults(&back);
		back.rate = 0;
		if (job_json_read(&back, text, strlen(text), "job.json", &err) < 0)
			fail_msg("%s\n%s", err.text, text);
		if (back.rate == 0)
			back.rate = job_rate_unless_given(&back);
		again = job_to_json(&back);
		assert_string_equal(text, again);
		assert_true(back.rate == job.rate && back.seed_given == job.seed_given);
		assert_true(back.seed == job.seed && back.cooldown_ns == job.cooldown_ns);
		assert_true(back.max_targets.percent == job.max_targets.percent);
		assert_int_equal(job_vlan(&back, NULL), job_vlan(&job, NULL));
		free(text);
		free(again);
		job_fini(&job);
		job_fini(&back);
	}
}

/* --- damage --- */

static const char whole_job[] =
	"{\"targets\":[\"192.0.2.0/24\",\"198.51.100.1-198.51.100.9\"],\"ports\":\"80,443\","
	"\"exclude\":\"192.0.2.7\",\"attempts\":2,\"seed\":7,\"shard\":\"1/4\",\"rate\":5000,"
	"\"device\":\"sim\",\"source_port\":\"40000-60000\",\"ttl\":64,\"rst\":\"never\","
	"\"format\":\"csv\",\"filter\":\"ttl < 64\",\"open\":true,\"max_targets\":\"5%\"}";

/* The effective job of a job file, NULL when it is refused. */
static json_t *effective(const char *text, size_t len)
{
	struct job job;
	json_t *object = NULL;
	char *again;

	job_defaults(&job);
	job.rate = 0;
	if (job_json_read(&job, text, len, "job.json", &err) == 0) {
		if (job.rate == 0)
			job.rate = job_rate_unless_given(&job);
		again = job_to_json(&job);
		object = json_loads(again, 0, NULL);
		assert_non_null(object);
		free(again);
	}
	job_fini(&job);
	return object;
}

/* Each key of the job is there because the text has it, and says what it said where that was not
 * changed. */
static void assert_means(const json_t *got, json_t *text, json_t *was_text, json_t *was)
{
	const char *key;
	json_t *value;

	json_object_foreach (was, key, value)
		if (json_equal(json_object_get(text, key), json_object_get(was_text, key)) &&
		    !json_equal(json_object_get(got, key), value))
			fail_msg("%s means something else", key);
	json_object_foreach ((json_t *)(uintptr_t)got, key, value)
		if (json_object_get(text, key) == NULL)
			fail_msg("%s comes from nowhere", key);
}

/* A damaged job file is refused, or is the same job but for the values that were damaged. */
static void test_mutated(void **state)
{
	unsigned n = test_long() ? 10000000 : 100000, refused = 0, changed = 0;
	const size_t len = strlen(whole_job);
	json_t *was_text = json_loads(whole_job, 0, NULL), *was = effective(whole_job, len);
	uint64_t random = 6;

	(void)state;
	assert_int_equal(json_object_size(was), json_object_size(was_text));
	for (unsigned i = 0; i < n; i++) {
		char *copy = malloc(len);
		size_t left;
		json_t *got, *text;

		memcpy(copy, whole_job, len);
		left = test_mutate(copy, len, &random);
		got = effective(copy, left);
		text = json_loadb(copy, left, JSON_REJECT_DUPLICATES, NULL);
		if (got == NULL) {
			assert_int_equal(err.code, EXIT_INPUT);
			assert_int_equal(strncmp(err.text, "job.json:", 9), 0);
			refused++;
		} else {
			assert_non_null(text);
			assert_means(got, text, was_text, was);
			changed += !json_equal(got, was);
		}
		json_decref(got);
		json_decref(text);
		free(copy);
	}
	assert_true(refused > n / 2 && changed > n / 50);
	json_decref(was_text);
	json_decref(was);
}

static void test_only_what_differs(void **state)
{
	struct job job;
	char *text;

	(void)state;
	job_defaults(&job);
	text = job_to_json(&job);
	assert_string_equal(text, "{}");
	free(text);
	job.rate = 20000;
	job.seed = 7;
	text = job_to_json(&job);
	assert_string_equal(text, "{\n  \"rate\": 20000\n}");
	free(text);
	job.seed_given = true;
	text = job_to_json(&job);
	assert_string_equal(text, "{\n  \"seed\": 7,\n  \"rate\": 20000\n}");
	free(text);
	job_fini(&job);
}

/* Numbers, texts and arrays: as the command line has them, or as JSON would. */
static void test_forms(void **state)
{
	static const char *const same[] = {
		"{\"rate\": 10000, \"ports\": [80, \"443\"], \"exclude\": [\"a\", \"b\"]}",
		"{\"rate\": \"10k\", \"ports\": \"80,443\", \"exclude\": [\"a\", \"b\"]}",
		"{\"rate\": 1e4, \"ports\": [\"80,443\"], \"exclude\": [\"a\", \"b\"]}",
	};
	struct job job;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		assert_int_equal(read_text(&job, same[i]), 0);
		assert_true(job.rate == 10000);
		assert_string_equal(job.target.ports, "80,443");
		assert_int_equal(job.target.exclude.n, 2);
		assert_string_equal(job.target.exclude.at[1], "b");
		job_fini(&job);
	}
	assert_int_equal(read_text(&job, "{\"ports\": 80, \"exclude\": \"a,b\", \"open\": true}"),
			 0);
	assert_string_equal(job.target.ports, "80");
	assert_int_equal(job.target.exclude.n, 1);
	assert_true(job.open_only);
	job_fini(&job);
}

static void test_bad(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{"", "job.json:1:0: "},
		{"[]", "job.json:1:1: a job is one JSON object"},
		{"{\"rate\": 1", "job.json:1:"},
		{"{\"rate\": 1} x", "job.json:1:"},
		{"{\n \"rate\": 1,\n \"rate\": 2}", "job.json:3:"},
		{"{\n  \"rat\": 1}",
		 "job.json:2:3: \"rat\": there is no such key: did you mean \"rate\"?"},
		{"{\"a\": {\"rate\": 1},\n\"xyzzy\": 1}",
		 "job.json:1:2: \"a\": there is no such key"},
		{"{\"help\": true}", "\"help\": there is no such key"},
		{"{\"job\": \"x\"}", "\"job\": there is no such key"},
		{"{\"filter\": \"rate\",\n\t\"rate\": \"10x\"}",
		 "job.json:2:2: \"rate\": '10x' is not packets per second"},
		{"{\"exclude\": [\"rate\", \"\\\"rate\"],\n \"rate\": 0}",
		 "job.json:2:2: \"rate\": '0'"},
		{"{\"vlan\": 4095}", "job.json:1:2: \"vlan\": '4095' is not a whole number"},
		{"{\n\"vlan\": [\"a=7\", \"b=x\"]}",
		 "job.json:2:1: \"vlan\": 'b=x' is not a whole"},
		{"{\"gateway_mac\": \"a=b\"}", "\"gateway_mac\": 'a=b' is not the hardware"},
		{"{\"rate\": -1}", "job.json:1:2: \"rate\": '-1'"},
		{"{\"rate\": 1.5}", "\"rate\": '1.5'"},
		{"{\"rate\": null}", "must be a string or a number"},
		{"{\"rate\": true}", "must be a string or a number"},
		{"{\"rate\": [1]}", "must be a string or a number"},
		{"{\"rate\": {\"max\": 1}}", "must be a string or a number"},
		{"{\"open\": 1}", "\"open\": '1' is not true or false"},
		{"{\"open\": []}", "must be true or false"},
		{"{\"ports\": [80, [81]]}", "a string or an array of words"},
		{"{\"targets\": [\"a\", 1, null]}", "a string or an array of strings"},
		{"{\"targets\": [\"a\", \"\"]}", "\"targets\": '' is not"},
		{"{\"seed\": 18446744073709551615}", "job.json:1:"}, /* write it as a text */
		{"{\"output\": \"a\\u0000b\"}", "job.json:1:"},
		{"{\"output\": \"\xff\"}", "job.json:1:"},
		{"{\"r\\u0061te\": 0}", "job.json: \"rate\": '0'"},
	};
	struct job job;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (read_text(&job, bad[i].text) == 0)
			fail_msg("%s was accepted", bad[i].text);
		assert_int_equal(err.code, EXIT_INPUT);
		if (strstr(err.text, bad[i].says) == NULL)
			fail_msg("%s: \"%s\" lacks \"%s\"", bad[i].text, err.text, bad[i].says);
		job_fini(&job);
	}
}

static void write_file(char *path, const char *text, size_t len)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_true(write(fd, text, len) == (ssize_t)len);
	close(fd);
}

/* Command line > job file > default; lists are replaced, not joined. */
static void test_precedence(void **state)
{
	static const char text[] = "{\"rate\": 5000, \"attempts\": 3, \"targets\": [\"a\", \"b\"],"
				   " \"exclude\": \"c\", \"verbose\": 2, \"open\": true}";
	char path[] = "/tmp/peal-test-job-XXXXXX";
	char *argv[] = {"--job", path, "-r", "7k", "d", "-v", "--open=false"};
	struct job job;

	(void)state;
	write_file(path, text, strlen(text));
	assert_int_equal(job_parse(&job, 2, argv, CMD_SCAN, &err), 0);
	assert_true(job.rate == 5000 && job.attempts == 3 && job.open_only);
	assert_int_equal(job.target.targets.n, 2);
	job_fini(&job);
	assert_int_equal(job_parse(&job, 7, argv, CMD_SCAN, &err), 0);
	assert_true(job.rate == 7000 && job.attempts == 3 && !job.open_only);
	assert_true(job.cooldown_ns == UINT64_C(8000000000));
	assert_int_equal(job.target.targets.n, 1);
	assert_string_equal(job.target.targets.at[0], "d");
	assert_int_equal(job.target.exclude.n, 1);
	assert_int_equal(job.verbose, 1);
	job_fini(&job);
	unlink(path);
}

static void test_files(void **state)
{
	char path[] = "/tmp/peal-test-job-XXXXXX", *large = calloc(1, JOB_FILE_MAX + 1);
	struct job job;

	(void)state;
	job_defaults(&job);
	assert_true(job_json_load(&job, "/nonexistent/job", &err) < 0);
	assert_int_equal(err.code, EXIT_INPUT);
	assert_non_null(strstr(err.text, "/nonexistent/job: No such file"));
	assert_true(job_json_load(&job, "/", &err) < 0);
	assert_non_null(strstr(err.text, "/: Is a directory"));

	assert_non_null(large);
	memset(large, ' ', JOB_FILE_MAX + 1);
	memcpy(large, "{}", 2);
	write_file(path, large, JOB_FILE_MAX);
	assert_int_equal(job_json_load(&job, path, &err), 0);
	assert_int_equal(truncate(path, JOB_FILE_MAX + 1), 0);
	assert_true(job_json_load(&job, path, &err) < 0);
	assert_non_null(strstr(err.text, "1 MiB"));
	unlink(path);
	free(large);
	job_fini(&job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_back),
		cmocka_unit_test(test_mutated),
		cmocka_unit_test(test_only_what_differs),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
