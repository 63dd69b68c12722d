/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#include "field.h"
#include "record.h"
#include "service.h"
#include "text.h"

/*
 * The value of a field of a record. Inline, because encoders live by it: a burst of records has the
 * same few loads in the same order, which the branch predictor learns.
 */

enum { VALUE_MAX = 32 }; /* no value has more characters; none is empty */

enum { MEMO_SERVICES = 64 };

/* A word, with room to copy all of it always: a fixed length needs neither call nor loop. */
struct word {
	char text[VALUE_MAX];
	uint32_t len;
};

/* What was formatted before and will come again: records come many to a millisecond, and have few
 * words. Used by one thread. */
struct memo {
	uint64_t ms;	      /* whose time is this, since 1970: */
	char time[VALUE_MAX]; /* "2026-01-31T12:00:00.123+0000" */
	uint64_t second;      /* whose day and time is in it */
	struct word state[STATE_COUNT + 1], class[CLASS_COUNT + 1]; /* the last: unknown */
	struct {
		uint32_t port; /* of those that are equal modulo MEMO_SERVICES, the latest */
		struct word name;
	} service[MEMO_SERVICES];
};

void memo_init(struct memo *memo);

static inline bool value_present(const struct field *f, const struct record *rec)
{
	return (f->classes >> (rec->class & 7) & 1) && (rec->flags & f->needs) == f->needs;
}

/* What lies at the field's offset. */
static inline uint32_t value_u16(const struct field *f, const struct record *rec)
{
	uint16_t v;

	memcpy(&v, (const char *)rec + f->at, sizeof(v));
	return v;
}

static inline uint32_t value_u32(const struct field *f, const struct record *rec)
{
	uint32_t v;

	memcpy(&v, (const char *)rec + f->at, sizeof(v));
	return v;
}

static inline uint32_t value_u8(const struct field *f, const struct record *rec)
{
	return ((const uint8_t *)rec)[f->at];
}

/* The number of an INT or BOOL field that is present. */
static inline uint64_t value_number(const struct field *f, const struct record *rec)
{
	switch (f->load) {
	case LOAD_U8:
		return value_u8(f, rec);
	case LOAD_U16:
		return value_u16(f, rec);
	case LOAD_U32:
		return value_u32(f, rec);
	case LOAD_RAW:
		return htonl(value_u32(f, rec));
	case LOAD_POWER:
		return UINT64_C(1) << (value_u8(f, rec) < 14 ? value_u8(f, rec) : 14);
	case LOAD_ONE:
		return 1;
	case LOAD_SECONDS:
		return rec->time_ns / 1000000000;
	case LOAD_MICROS:
		return rec->time_ns / 1000 % 1000000;
	case LOAD_SUCCESS:
		return rec->state == STATE_OPEN;
	case LOAD_REPEAT:
		return (rec->flags & RECORD_REPEAT) != 0;
	case LOAD_COOLDOWN:
		return (rec->flags & RECORD_COOLDOWN) != 0;
	default:
		return 0; /* strings have no number */
	}
}

/* ZMap's text, to the letter, for an ICMP destination unreachable of this code. */
const char *value_unreach(uint8_t code);

/* What is not in the memo yet: the time of this millisecond, the name of this port. */
void memo_set_time(struct memo *memo, uint64_t ms);
void memo_set_service(struct memo *memo, uint16_t port);

static inline char *word_write(char *p, const struct word *word)
{
	memcpy(p, word->text, sizeof(word->text));
	return p + word->len;
}

static inline char *value_time(char *p, uint64_t ns, struct memo *memo)
{
	uint64_t ms = ns / 1000000;

	if (ms != memo->ms)
		memo_set_time(memo, ms);
	memcpy(p, memo->time, sizeof(memo->time));
	return p + sizeof("2026-01-31T12:00:00.123+0000") - 1;
}

static inline char *value_state(char *p, unsigned state, const struct memo *memo)
{
	return word_write(p, &memo->state[state < STATE_COUNT ? state : STATE_COUNT]);
}

static inline char *value_class(char *p, unsigned class, const struct memo *memo)
{
	return word_write(p, &memo->class[class < CLASS_COUNT ? class : CLASS_COUNT]);
}

static inline char *value_service(char *p, uint16_t port, struct memo *memo)
{
	unsigned i = port % MEMO_SERVICES;

	if (memo->service[i].port != port)
		memo_set_service(memo, port);
	return word_write(p, &memo->service[i].name);
}

/*
 * Writes the value as text, without quotes and without a NUL; a BOOL is 0 or 1. Returns where it
 * ended: p itself if the value is null. May overwrite VALUE_MAX bytes whatever its length.
 */
static inline char *value_write(char *p, const struct field *f, const struct record *rec,
				struct memo *memo)
{
	if (!value_present(f, rec))
		return p;
	switch (f->load) {
	case LOAD_ADDR:
		return text_addr4(p, value_u32(f, rec));
	case LOAD_STATE:
		return value_state(p, rec->state, memo);
	case LOAD_CLASS:
		return value_class(p, rec->class, memo);
	case LOAD_PROTO:
		return text_word(p, "tcp");
	case LOAD_UNREACH:
		return rec->icmp_type == 3 ? text_word(p, value_unreach(rec->icmp_code)) : p;
	case LOAD_SERVICE:
		return value_service(p, rec->sport, memo);
	case LOAD_RANGE:
		return text_word(p, service_port_range(rec->sport));
	case LOAD_TIME:
		return value_time(p, rec->time_ns, memo);
	default:
		return text_uint(p, value_number(f, rec));
	}
}
