/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Any bytes as manifest.json. What is refused must be refused with a message of printable text;
 * what is taken has names of ours alone, numbers that add up, and reads back identically.
 */

#include "manifest.h"
#include "signed.h"

enum { MANIFEST = TAKEN, SEGMENT };
struct reach reached[] = {
	REACHED_REFUSED,
	[MANIFEST] = {"manifest", 0},
	[SEGMENT] = {"segment", 0},
	{NULL, 0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_manifest(const struct manifest *m)
{
	uint64_t records = 0;

	reached[MANIFEST].n++;
	reached[SEGMENT].n += m->segments.n > 0;
	CHECK(m->shard.index < m->shard.total && m->attempts > 0);
	CHECK(m->segments.n <= MANIFEST_SEGMENTS);
	for (size_t i = 0; i < m->segments.n; i++) {
		const struct manifest_segment *s = &m->segments.at[i];

		CHECK(strncmp(s->name, "records-", 8) == 0 && strchr(s->name, '/') == NULL);
		CHECK(s->records > 0 && !__builtin_add_overflow(records, s->records, &records));
	}
	CHECK(!m->complete || m->counts.records == records);
}

static void check_reads_back(const struct manifest *m)
{
	char *text = manifest_encode(m), *again;
	struct manifest back;
	struct err err;

	CHECK(text != NULL && manifest_decode(&back, text, strlen(text), "x", &err) == 0);
	CHECK(manifest_differs(m, &back) == NULL);
	again = manifest_encode(&back);
	CHECK(again != NULL && strcmp(text, again) == 0);
	manifest_fini(&back);
	free(text);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = input_of(data, size, ",\"sha256\":\"", "\"}\n");
	struct manifest m;
	struct err err;

	if (manifest_decode(&m, in.text, in.len, "manifest.json", &err) < 0) {
		check_refused(&err);
	} else {
		check_manifest(&m);
		check_reads_back(&m);
	}
	manifest_fini(&m);
	free(in.text);
	return 0;
}
