/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* An output of records at random, in a folder of the test's own, for tests of output/. */

#include <poll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "output.h"
#include "records.h"

static char folder[] = "/tmp/peal-output-XXXXXX";
static char path[64];

static inline int setup_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/out", folder);
	return 0;
}

static inline int teardown_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static inline int teardown(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static inline double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static inline struct output *open_output(const struct output_conf *conf)
{
	struct output *out;
	struct err err;

	if (output_create(conf, &out, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(output_start(out), 0);
	return out;
}

/* Puts all of them, waiting while the ring is full. */
static inline void put(struct output *out, unsigned ring, const struct record *rec, unsigned n)
{
	double deadline = seconds(CLOCK_MONOTONIC) + 60;

	for (unsigned done = 0; done < n;) {
		unsigned burst = n - done < 64 ? n - done : 64;

		burst = result_ring_put(output_ring(out, ring), rec + done, burst);
		done += burst;
		if (burst == 0)
			poll(NULL, 0, 1);
		assert_true(seconds(CLOCK_MONOTONIC) < deadline);
	}
}

/* A condition that another thread brings about, within ten seconds. */
#define WAIT_FOR(condition)                                                                        \
	do {                                                                                       \
		double deadline = seconds(CLOCK_MONOTONIC) + 10;                                   \
		while (!(condition)) {                                                             \
			poll(NULL, 0, 1);                                                          \
			assert_true(seconds(CLOCK_MONOTONIC) < deadline);                          \
		}                                                                                  \
	} while (0)

static inline struct record *some_records(unsigned n, uint64_t seed)
{
	struct record *rec = malloc(n * sizeof(*rec));

	assert_non_null(rec);
	for (unsigned i = 0; i < n; i++)
		rec[i] = record_random(&seed);
	return rec;
}

static inline char *read_file(size_t *len)
{
	FILE *file = fopen(path, "r");
	struct stat st;
	char *text;

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &st), 0);
	text = malloc((size_t)st.st_size + 1);
	assert_non_null(text);
	*len = fread(text, 1, (size_t)st.st_size, file);
	assert_int_equal(*len, st.st_size);
	text[*len] = '\0';
	fclose(file);
	return text;
}

static inline unsigned count_lines(void)
{
	size_t len;
	char *text = read_file(&len);
	unsigned n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	free(text);
	return n;
}
