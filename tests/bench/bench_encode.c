/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * bench_encode: records a second and core, encoded into memory, and how long jansson takes for the
 * same objects.
 */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench_records.h"
#include "encode.h"
#include "fieldset.h"

enum { RECORDS = 4096, ROUNDS = 500, JANSSON_ROUNDS = 10, BUFFER = 256 * 1024 };

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now); /* others may want the core, too */
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double bench_encoder(const struct encoder *encoder, const char *list,
			    const struct record *rec, char *buf)
{
	struct fieldset *set;
	struct err err;
	size_t used = 0, bytes = 0;
	double start, took;

	if (fieldset_create(list, &set, &err) < 0)
		return 0;
	start = seconds();
	for (unsigned i = 0; i < ROUNDS * RECORDS; i++) {
		used += encoder->record(set, &rec[i % RECORDS], buf + used);
		if (used > BUFFER - ENCODED_MAX) {
			bytes += used;
			used = 0;
		}
	}
	took = seconds() - start;
	bytes += used;
	printf("%-6s  %-7s  %6.2f M records/s  %5.0f ns  %4zu bytes  %5.2f GB/s\n", encoder->name,
	       list == NULL ? "default" : "all", ROUNDS * RECORDS / took / 1e6,
	       took * 1e9 / ROUNDS / RECORDS, bytes / ROUNDS / RECORDS, (double)bytes / took / 1e9);
	fieldset_destroy(set);
	return took / ROUNDS;
}

/* json_dumps() alone: the objects are there already. */
static double bench_jansson(const char *list, const struct record *rec, char *buf)
{
	json_t **object = calloc(RECORDS, sizeof(json_t *));
	struct fieldset *set;
	struct err err;
	double start, took;
	size_t bytes = 0;
	char *text;

	if (object == NULL || fieldset_create(list, &set, &err) < 0)
		exit(1);
	for (unsigned i = 0; i < RECORDS; i++)
		object[i] = json_loadb(buf, encode_ndjson.record(set, &rec[i], buf), 0, NULL);
	start = seconds();
	for (unsigned i = 0; i < JANSSON_ROUNDS * RECORDS; i++) {
		text = json_dumps(object[i % RECORDS], JSON_COMPACT);
		bytes += strlen(text) + 1;
		free(text);
	}
	took = seconds() - start;
	printf("jansson %-7s  %6.2f M records/s  %5.0f ns  %4zu bytes  %5.2f GB/s\n",
	       list == NULL ? "default" : "all", JANSSON_ROUNDS * RECORDS / took / 1e6,
	       took * 1e9 / JANSSON_ROUNDS / RECORDS, bytes / JANSSON_ROUNDS / RECORDS,
	       (double)bytes / took / 1e9);
	for (unsigned i = 0; i < RECORDS; i++)
		json_decref(object[i]);
	free(object);
	fieldset_destroy(set);
	return took / JANSSON_ROUNDS;
}

int main(void)
{
	struct record *rec = calloc(RECORDS, sizeof(*rec));
	char *buf = malloc(BUFFER);
	const char *lists[] = {NULL, "*"};

	if (rec == NULL || buf == NULL)
		return 1;
	bench_records(rec, RECORDS);
	for (unsigned i = 0; i < 2; i++) {
		double ours = bench_encoder(&encode_ndjson, lists[i], rec, buf);

		printf("ratio   %.1f\n", bench_jansson(lists[i], rec, buf) / ours);
		bench_encoder(&encode_csv, lists[i], rec, buf);
	}
	bench_encoder(&encode_list, NULL, rec, buf);
	free(rec);
	free(buf);
	return 0;
}
