/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Any bytes as a checkpoint. What is refused must be refused with a message of printable text; what
 * is taken lies within its scan and reads back identically.
 */

#include "checkpoint.h"
#include "signed.h"

enum { CHECKPOINT = TAKEN, LEFT };
struct reach reached[] = {
	REACHED_REFUSED,
	[CHECKPOINT] = {"checkpoint", 0},
	[LEFT] = {"work_left", 0},
	{NULL, 0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_place(const struct checkpoint *c)
{
	uint64_t end = 0;

	reached[CHECKPOINT].n++;
	reached[LEFT].n += c->todo.n > 0;
	CHECK(c->cursor <= c->steps && c->sent_below <= c->steps);
	for (size_t i = 0; i < c->todo.n; i++) {
		CHECK(c->todo.at[i].first >= end && c->todo.at[i].first < c->todo.at[i].end);
		end = c->todo.at[i].end;
	}
	CHECK(end <= c->cursor);
}

static void check_reads_back(const struct checkpoint *c)
{
	char *text = checkpoint_encode(c), *again;
	struct checkpoint back;
	struct err err;

	CHECK(text != NULL && checkpoint_decode(&back, text, strlen(text), "x", &err) == 0);
	again = checkpoint_encode(&back);
	CHECK(again != NULL && strcmp(text, again) == 0);
	checkpoint_fini(&back);
	free(text);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = input_of(data, size, "\n\"", "\"\n");
	struct checkpoint c;
	struct err err;

	if (checkpoint_decode(&c, in.text, in.len, "checkpoint", &err) < 0) {
		check_refused(&err);
	} else {
		check_place(&c);
		check_reads_back(&c);
	}
	checkpoint_fini(&c);
	free(in.text);
	return 0;
}
