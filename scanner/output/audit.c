/* SPDX-License-Identifier: BSD-3-Clause */

#include "audit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "record_lines.h"

/*
 * Both sides are lines of text: those that are there, and those that should be. While they are
 * equal, one of each goes. Else both sides are looked ahead at, WINDOW lines at most: what comes
 * later on one side was left out or put in before; what comes on neither was changed.
 */
enum { WINDOW = 512 };

struct entry {
	uint64_t number; /* of the line, or the frame */
	size_t len;
	char text[ENCODED_MAX];
};

/* A ring. */
struct side {
	unsigned first, n;
	struct entry entry[WINDOW];
};

struct audit {
	struct record_lines file;
	FILE *tell;
	bool ended; /* the file */
	struct audit_result result;
	struct side got, want;
};

int audit_create(const char *path, FILE *tell, struct audit **audit, struct err *err)
{
	struct audit *a = malloc(sizeof(*a));
	int rc;

	*audit = NULL;
	if (a == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	memset(a, 0, offsetof(struct audit, got));
	a->got.first = a->got.n = a->want.first = a->want.n = 0;
	a->tell = tell;
	rc = record_lines_open(&a->file, path, err);
	if (rc < 0) {
		audit_destroy(a);
		return rc;
	}
	a->ended = a->file.encoder == NULL;
	*audit = a;
	return 0;
}

void audit_destroy(struct audit *a)
{
	if (a != NULL)
		record_lines_close(&a->file);
	free(a);
}

/* --- the two sides --- */

static struct entry *entry_at(struct side *s, unsigned i)
{
	return &s->entry[(s->first + i) % WINDOW];
}

static void entry_set(struct entry *e, const char *text, size_t len, uint64_t number)
{
	e->len = len < ENCODED_MAX - 1 ? len : ENCODED_MAX - 1; /* ours are never that long */
	memcpy(e->text, text, e->len);
	e->text[e->len] = '\0';
	e->number = number;
}

static void drop(struct side *s, unsigned n)
{
	s->first = (s->first + n) % WINDOW;
	s->n -= n;
}

static bool equal(const struct entry *a, const struct entry *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* Where on the other side e is: its n if it is nowhere. */
static unsigned find(struct side *s, const struct entry *e)
{
	unsigned i = 0;

	while (i < s->n && !equal(entry_at(s, i), e))
		i++;
	return i;
}

/* Lines of the file, until there are n or it ends. */
static void read_lines(struct audit *a, unsigned n)
{
	while (a->got.n < n && !a->ended) {
		const char *line;
		ssize_t len = record_lines_next(&a->file, &line);

		a->ended = len < 0;
		if (len < 0)
			break;
		a->result.lines++;
		entry_set(entry_at(&a->got, a->got.n++), line, (size_t)len, a->file.number);
	}
}

/* --- findings --- */

static void tell_extra(struct audit *a, const struct entry *line)
{
	fprintf(a->tell, "line %" PRIu64 ": no captured answer leads to it: ", line->number);
	record_lines_print(line->text, line->len, a->tell);
	fputc('\n', a->tell);
	a->result.findings++;
}

static void tell_missing(struct audit *a, const struct entry *want)
{
	fprintf(a->tell, "frame %" PRIu64 ": its record is missing", want->number);
	if (want->len != 0) {
		fputs(": ", a->tell);
		record_lines_print(want->text, want->len, a->tell);
	}
	fputc('\n', a->tell);
	a->result.findings++;
}

static void tell_changed(struct audit *a, const struct entry *got, const struct entry *want)
{
	char where[64];

	snprintf(where, sizeof(where), "line %" PRIu64 " (frame %" PRIu64 ")", got->number,
		 want->number);
	record_lines_differ(&a->file, got->text, want->text, where, a->tell);
	a->result.findings++;
}

/* --- matching --- */

/* The heads of both sides differ. */
static void resolve(struct audit *a)
{
	unsigned extra, missing;

	read_lines(a, WINDOW);
	extra = find(&a->got, entry_at(&a->want, 0));
	missing = find(&a->want, entry_at(&a->got, 0));
	if (extra == a->got.n && missing == a->want.n) {
		tell_changed(a, entry_at(&a->got, 0), entry_at(&a->want, 0));
		extra = missing = 1;
	} else if (extra != a->got.n && (missing == a->want.n || extra <= missing)) {
		for (unsigned i = 0; i < extra; i++)
			tell_extra(a, entry_at(&a->got, i));
		missing = 0;
	} else {
		for (unsigned i = 0; i < missing; i++)
			tell_missing(a, entry_at(&a->want, i));
		extra = 0;
	}
	drop(&a->got, extra);
	drop(&a->want, missing);
}

/* Until one side is empty, or, while more may come, too short to look ahead. */
static void match(struct audit *a, bool more)
{
	for (;;) {
		read_lines(a, 1);
		if (a->got.n == 0 || a->want.n == 0)
			return;
		if (equal(entry_at(&a->got, 0), entry_at(&a->want, 0))) {
			drop(&a->got, 1);
			drop(&a->want, 1);
		} else if (more && a->want.n < WINDOW) {
			return;
		} else {
			resolve(a);
		}
	}
}

void audit_expect(struct audit *a, const struct record *rec, uint64_t frame)
{
	char text[ENCODED_MAX];
	size_t len = a->file.encoder != NULL ? a->file.encoder->record(a->file.set, rec, text) : 0;

	if (a->want.n == WINDOW) { /* the file is at its end */
		tell_missing(a, entry_at(&a->want, 0));
		drop(&a->want, 1);
	}
	entry_set(entry_at(&a->want, a->want.n++), text, len, frame);
	match(a, true);
}

int audit_finish(struct audit *a, struct audit_result *result, struct err *err)
{
	match(a, false);
	for (; a->want.n != 0; drop(&a->want, 1))
		tell_missing(a, entry_at(&a->want, 0));
	for (read_lines(a, 1); a->got.n != 0; read_lines(a, 1)) {
		tell_extra(a, entry_at(&a->got, 0));
		drop(&a->got, 1);
	}
	*result = a->result;
	if (a->file.error != 0)
		return err_set(err, EXIT_INPUT, "the records: %s", strerror(-a->file.error));
	return 0;
}
