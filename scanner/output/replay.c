/* SPDX-License-Identifier: BSD-3-Clause */

#include "replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addr.h"
#include "encode.h"
#include "zstd_block.h"

enum { CHUNK = 1 << 18, BURST = 64 };

/* --- one line --- */

static bool read_addr(const char *at, size_t len, struct record *rec)
{
	return addr4_parse(at, len, &rec->saddr) == 0;
}

static bool read_port(const char *at, size_t len, struct record *rec)
{
	uint32_t port = 0;

	for (size_t i = 0; i < len; i++) {
		if (at[i] < '0' || at[i] > '9' ||
		    (port = port * 10 + (uint32_t)(at[i] - '0')) > 65535)
			return false;
	}
	rec->sport = (uint16_t)port;
	return len > 0;
}

static bool read_state(const char *at, size_t len, struct record *rec)
{
	for (unsigned state = 0; state < STATE_COUNT; state++) {
		const char *name = record_state_name((enum record_state)state);

		if (strlen(name) == len && memcmp(name, at, len) == 0) {
			rec->state = (uint8_t)state;
			return true;
		}
	}
	return false;
}

/* What makes a record known again. */
static const struct part {
	const char *name;
	bool (*read)(const char *at, size_t len, struct record *rec);
} parts[] = {{"saddr", read_addr}, {"sport", read_port}, {"state", read_state}};

enum { N_PARTS = sizeof(parts) / sizeof(parts[0]) };

static const struct column *part_column(const struct fieldset *set, const struct part *part)
{
	for (unsigned i = 0; i < set->n; i++)
		if (strcmp(set->column[i].field->name, part->name) == 0)
			return &set->column[i];
	return NULL;
}

bool replay_can(const struct encoder *encoder, const struct fieldset *set)
{
	for (unsigned i = 0; i < N_PARTS && encoder != &encode_list; i++)
		if (part_column(set, &parts[i]) == NULL)
			return false;
	return true;
}

/* A key stands where it says it does: values hold no quotes (encode_ndjson.c). */
static bool ndjson_line(const struct fieldset *set, const char *line, size_t len,
			struct record *rec)
{
	if (len < 2 || line[0] != '{' || line[len - 1] != '}')
		return false;
	for (unsigned i = 0; i < N_PARTS; i++) {
		const struct column *column = part_column(set, &parts[i]);
		const char *at = memmem(line, len, column->key, column->key_len), *end;

		if (at == NULL)
			return false;
		at += column->key_len;
		for (end = at; end < line + len && strchr(",\"}", *end) == NULL; end++)
			;
		if (!parts[i].read(at, (size_t)(end - at), rec))
			return false;
	}
	return true;
}

static bool csv_line(const struct fieldset *set, const char *line, size_t len, struct record *rec)
{
	const char *at = line, *end = line + len;
	unsigned found = 0;

	for (unsigned i = 0; i < set->n; i++) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		const char *stop = comma != NULL ? comma : end;

		if ((comma == NULL) != (i + 1 == set->n))
			return false;
		for (unsigned k = 0; k < N_PARTS; k++) {
			if (strcmp(set->column[i].field->name, parts[k].name) != 0)
				continue;
			if (!parts[k].read(at, (size_t)(stop - at), rec))
				return false;
			found++;
		}
		at = stop + 1;
	}
	return found == N_PARTS;
}

static bool list_line(const char *line, size_t len, struct record *rec)
{
	const char *colon = memchr(line, ':', len), *tab = memchr(line, '\t', len);

	return colon != NULL && tab != NULL && colon < tab &&
	       read_addr(line, (size_t)(colon - line), rec) &&
	       read_port(colon + 1, (size_t)(tab - colon) - 1, rec) &&
	       read_state(tab + 1, (size_t)(line + len - tab) - 1, rec);
}

bool replay_line(const struct encoder *encoder, const struct fieldset *set, const char *line,
		 size_t len, struct record *rec)
{
	*rec = (struct record){0};
	if (encoder == &encode_list)
		return list_line(line, len, rec);
	return encoder == &encode_csv ? csv_line(set, line, len, rec)
				      : ndjson_line(set, line, len, rec);
}

/* --- a file --- */

/* The header, if the format has one; it counts as no record. */
static bool is_header(struct replay *r, const char *line, size_t len)
{
	char header[ENCODED_MAX];
	size_t want = r->begun ? 0 : r->encoder->begin(r->set, header);

	r->begun = true;
	return want == len + 1 && memcmp(line, header, len) == 0;
}

/* The whole lines of a buffer; *used is how many bytes they are. -EILSEQ at a damaged one. */
static int replay_lines(struct replay *r, const char *buf, size_t len, size_t *used)
{
	const char *at = buf, *end;
	struct record rec[BURST];
	unsigned n = 0;
	bool good = true;

	while ((end = memchr(at, '\n', len - (size_t)(at - buf))) != NULL) {
		size_t line = (size_t)(end - at);

		if (!is_header(r, at, line)) {
			good = r->lines < r->most &&
			       replay_line(r->encoder, r->set, at, line, &rec[n]);
			if (!good)
				break;
			r->lines++;
			n++;
		}
		at = end + 1;
		if (n == BURST) {
			r->seen(r->ctx, rec, n);
			n = 0;
		}
	}
	r->seen(r->ctx, rec, n);
	*used = (size_t)(at - buf);
	return good ? 0 : -EILSEQ;
}

/* Fills the buffer of size bytes beyond the have in it; bytes read, 0 at the end, or -errno. */
static ssize_t fill(int fd, char *buf, size_t have, size_t size)
{
	ssize_t n;

	do
		n = read(fd, buf + have, size - have);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static void keep(struct replay *r, const char *bytes, size_t n)
{
	r->keep += n;
	if (r->digest != NULL)
		digest_add(r->digest, bytes, n);
}

/* The whole frames of a buffer, likewise. */
static int replay_frames(struct replay *r, struct zstd_unpacker *unpacker, const char *buf,
			 size_t len, size_t *used)
{
	const char *text;
	size_t text_len, lines;
	ssize_t frame;
	int rc = 0;

	*used = 0;
	while (rc == 0 && *used < len) {
		frame = zstd_unpack(unpacker, buf + *used, len - *used, &text, &text_len);
		if (frame <= 0)
			return (int)frame;
		rc = replay_lines(r, text, text_len, &lines);
		if (rc < 0 || lines != text_len)
			return -EBADMSG; /* whole, and none of ours: no kill has torn it */
		*used += (size_t)frame;
	}
	return 0;
}

/* A damaged end may go, if enough is before it. */
static int replay_all(struct replay *r, int fd, struct zstd_unpacker *unpacker, char *buf,
		      size_t size)
{
	size_t have = 0, used;
	ssize_t n;
	int rc = 0;

	while (rc == 0 && (n = fill(fd, buf, have, size)) != 0) {
		if (n < 0)
			return (int)n;
		have += (size_t)n;
		rc = unpacker != NULL ? replay_frames(r, unpacker, buf, have, &used)
				      : replay_lines(r, buf, have, &used);
		keep(r, buf, used);
		have -= used;
		if (rc == 0 && have == size)
			rc = -EILSEQ; /* a line without end */
		memmove(buf, buf + used, have);
	}
	return rc == -EILSEQ ? 0 : rc;
}

int replay_fd(struct replay *r, int fd)
{
	const size_t size = r->packed ? zstd_frame_max() : CHUNK;
	struct zstd_unpacker *unpacker = r->packed ? zstd_unpacker_create() : NULL;
	char *buf = malloc(size);
	int rc = -ENOMEM;

	r->lines = r->keep = 0;
	r->begun = false;
	if (buf != NULL && (unpacker != NULL || !r->packed))
		rc = replay_all(r, fd, unpacker, buf, size);
	free(buf);
	zstd_unpacker_destroy(unpacker);
	if (rc == 0 && r->lines < r->durable)
		rc = -EILSEQ;
	return rc == -EBADMSG ? -EILSEQ : rc;
}
