/* SPDX-License-Identifier: BSD-3-Clause */

/* Records on a disk against those that should be there: what was left out, put in or changed is
 * found, and nothing else. */

#include "test.h"

#include <unistd.h>

#include "audit.h"
#include "encode.h"
#include "fieldset.h"
#include "records.h"

enum { N = 3000 };

static char path[] = "/tmp/peal-audit-XXXXXX";
static struct record rec[N];

static void write_text(const char *text, size_t len)
{
	FILE *to = fopen(path, "we");

	assert_non_null(to);
	assert_int_equal(fwrite(text, 1, len, to), len);
	assert_int_equal(fclose(to), 0);
}

/* Records, from the first on, in the order of at[]. */
static void write_records(const struct encoder *encoder, const char *names, const unsigned *at,
			  unsigned n)
{
	FILE *to = fopen(path, "we");
	char line[ENCODED_MAX];
	struct fieldset *set;
	struct err err;

	assert_non_null(to);
	assert_int_equal(fieldset_create(names, &set, &err), 0);
	fwrite(line, 1, encoder->begin(set, line), to);
	for (unsigned i = 0; i < n; i++)
		fwrite(line, 1, encoder->record(set, &rec[at[i]], line), to);
	assert_int_equal(fclose(to), 0);
	fieldset_destroy(set);
}

static struct audit_result compare(char **told)
{
	struct audit_result result;
	struct audit *audit;
	size_t len;
	FILE *tell = open_memstream(told, &len);
	struct err err;

	assert_non_null(tell);
	if (audit_create(path, tell, &audit, &err) < 0)
		fail_msg("%s", err.text);
	for (unsigned i = 0; i < N; i++)
		audit_expect(audit, &rec[i], i + 1);
	assert_int_equal(audit_finish(audit, &result, &err), 0);
	audit_destroy(audit);
	assert_int_equal(fclose(tell), 0);
	return result;
}

static void expect(uint64_t lines, uint64_t findings)
{
	char *told;
	struct audit_result r = compare(&told);

	if (r.lines != lines || r.findings != findings)
		fail_msg("%u lines, %u findings: %.300s", (unsigned)r.lines, (unsigned)r.findings,
			 told);
	free(told);
}

static void test_equal(void **state)
{
	unsigned at[N];

	(void)state;
	for (unsigned i = 0; i < N; i++)
		at[i] = i;
	write_records(&encode_ndjson, NULL, at, N);
	expect(N, 0);
	write_records(&encode_ndjson, "*", at, N);
	expect(N, 0);
	write_records(&encode_csv, "ttl,saddr,rtt_us", at, N);
	expect(N, 0);
	write_records(&encode_list, NULL, at, N);
	expect(N, 0);
}

/* Runs left out, put in and exchanged, here and there, shorter and longer than what is looked
 * ahead at. */
static void test_edits(void **state)
{
	static const unsigned runs[] = {1, 2, 100, 400};
	unsigned at[2 * N], n;

	(void)state;
	for (size_t r = 0; r < ARRAY_LEN(runs); r++) {
		n = 0;
		for (unsigned i = 0; i < N; i++) /* left out, twice */
			if (i % 1500 >= runs[r])
				at[n++] = i;
		write_records(&encode_ndjson, "*", at, n);
		expect(N - 2 * runs[r], 2 * runs[r]);

		n = 0;
		for (unsigned i = 0; i < N; i++) { /* twice in the file */
			for (unsigned k = 0; i == 700 && k < runs[r]; k++)
				at[n++] = 2000 + k;
			at[n++] = i;
		}
		write_records(&encode_csv, "*", at, n);
		expect(N + runs[r], runs[r]);
	}
	for (unsigned i = 0; i < N; i++)
		at[i] = i == 5 ? 6 : i == 6 ? 5 : i;
	write_records(&encode_ndjson, "*", at, N);
	expect(N, 2);
	write_records(&encode_ndjson, "*", at, 1); /* all but one */
	expect(1, N - 1);
	for (unsigned i = 0; i < N; i++)
		at[i] = N - 1 - i;
	write_records(&encode_ndjson, "*", at, N); /* nothing in common */
	{
		char *told;

		assert_true(compare(&told).findings >= N - 1);
		free(told);
	}
}

static void test_told(void **state)
{
	static const char text[] = "192.0.2.9:80\topen\n192.0.2.1:80\topen\033[31m\n";
	char *told;

	(void)state;
	rec[0].saddr = 0xc0000209;
	rec[0].sport = 80;
	rec[0].state = STATE_CLOSED;
	write_text(text, sizeof(text) - 1);
	compare(&told);
	assert_non_null(strstr(told, "line 1 (frame 1): state: got open, expected closed\n"));
	assert_null(strchr(told, '\033'));
	free(told);
}

/* What is nothing that peal writes is refused, with the place. */
static void test_refused(void **state)
{
	static const char *const bad[] = {
		"{",
		"{\"",
		"{\"saddr",
		"{\"saddr\"",
		"{\"saddr\":",
		"{\"saddr\":\"",
		"nonsense",
		"saddr,nosuch\n",
		"{\"nosuch\":1}\n",
		"{}\n",
		"\n",
		"saddr,saddr\n",
		"{\"saddr\":1,\"saddr\":2}\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct audit *audit;
		struct err err;

		write_text(bad[i], strlen(bad[i]));
		if (audit_create(path, stdout, &audit, &err) == 0)
			fail_msg("%s was read", bad[i]);
		assert_int_equal(err.code, EXIT_INPUT);
		assert_non_null(strstr(err.text, ":1: "));
		assert_null(audit);
	}
	write_text("", 0);
	expect(0, N);
}

static int setup(void **state)
{
	uint64_t seed = 3;
	int fd = mkstemp(path);

	(void)state;
	for (unsigned i = 0; i < N; i++) {
		rec[i] = record_random(&seed);
		rec[i].seq = i; /* no two alike */
		rec[i].ipid = (uint16_t)i;
		rec[i].class = CLASS_RST;
	}
	return fd < 0 ? 1 : close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_edits),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_told),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
