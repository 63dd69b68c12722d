/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * bench_encode [ROUNDS]: records a second and core, encoded into memory, and how long jansson takes
 * for the same objects. One round is a short one, for tools that count instructions: default
 * fields, without jansson.
 */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
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

/* What is encoded, by what. */
struct encoding {
	const struct encoder *encoder;
	struct fieldset *set;
	const struct record *rec;
	unsigned rounds;
	char *buf;
	size_t bytes;
};

static inline void encode(struct encoding *e)
{
	size_t used = 0;

	for (unsigned i = 0; i < e->rounds * RECORDS; i++) {
		used += e->encoder->record(e->set, &e->rec[i % RECORDS], e->buf + used);
		if (used > BUFFER - ENCODED_MAX) {
			e->bytes += used;
			used = 0;
		}
	}
	e->bytes += used;
}

BENCH_STAGE void stage_ndjson(struct encoding *e)
{
	encode(e);
}

BENCH_STAGE void stage_csv(struct encoding *e)
{
	encode(e);
}

BENCH_STAGE void stage_list(struct encoding *e)
{
	encode(e);
}

static double bench_encoder(void (*stage)(struct encoding *), struct encoding e, const char *list)
{
	struct err err;
	double start, took, n = (double)e.rounds * RECORDS;

	if (fieldset_create(list, &e.set, &err) < 0)
		exit(1);
	start = seconds();
	stage(&e);
	took = seconds() - start;
	printf("%-6s  %-7s  %6.2f M records/s  %5.0f ns  %4.0f bytes  %5.2f GB/s\n",
	       e.encoder->name, list == NULL ? "default" : "all", n / took / 1e6, took * 1e9 / n,
	       (double)e.bytes / n, (double)e.bytes / took / 1e9);
	fieldset_destroy(e.set);
	return took / e.rounds;
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

int main(int argc, char **argv)
{
	struct record *rec = calloc(RECORDS, sizeof(*rec));
	const char *lists[] = {NULL, "*"};
	unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : ROUNDS;
	struct encoding e = {.rec = rec, .rounds = rounds, .buf = malloc(BUFFER)};

	if (rec == NULL || e.buf == NULL || rounds == 0)
		return 1;
	bench_records(rec, RECORDS);
	for (unsigned i = 0; i < (rounds > 1 ? 2 : 1); i++) {
		double ours;

		e.encoder = &encode_ndjson;
		ours = bench_encoder(stage_ndjson, e, lists[i]);
		if (rounds > 1)
			printf("ratio   %.1f\n", bench_jansson(lists[i], rec, e.buf) / ours);
		e.encoder = &encode_csv;
		bench_encoder(stage_csv, e, lists[i]);
	}
	e.encoder = &encode_list;
	bench_encoder(stage_list, e, NULL);
	free(rec);
	free(e.buf);
	return 0;
}
