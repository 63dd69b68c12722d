/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Any bytes as a checkpoint. What is refused must be refused with a message of printable text; what
 * is taken lies within its scan and reads back identically.
 */

#include "checkpoint.h"
#include "reach.h"
#include "signed.h"

enum { CHECKPOINT, LEFT, DAMAGED, OTHER_VERSION, CONTRADICTS };
struct reach reached[] = {
	[CHECKPOINT] = {"checkpoint", 0},   [LEFT] = {"work_left", 0},
	[DAMAGED] = {"damaged", 0},	    [OTHER_VERSION] = {"other_version", 0},
	[CONTRADICTS] = {"contradicts", 0}, {NULL, 0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(const struct err *err)
{
	CHECK(err->code == EXIT_INPUT && err->text[0] != '\0');
	if (strstr(err->text, "damaged") != NULL)
		reached[DAMAGED].n++;
	else if (strstr(err->text, "another version") != NULL)
		reached[OTHER_VERSION].n++;
	else
		reached[CONTRADICTS].n++;
	for (const char *c = err->text; *c != '\0'; c++)
		CHECK((unsigned char)*c >= 0x20 && *c != 0x7f);
}

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
		check_error(&err);
	} else {
		check_place(&c);
		check_reads_back(&c);
	}
	checkpoint_fini(&c);
	free(in.text);
	return 0;
}
