/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "field.h"
#include "record.h"
#include "service.h"
#include "text.h"

/*
 * The value of a field of a record. Inline, because encoders live by it: a burst of records has the
 * same few loads in the same order, which the branch predictor learns.
 */

enum { VALUE_MAX = 32 }; /* no value has more characters; none is empty */

/* The last second that was formatted: records come many to a second. */
struct stamp {
	time_t second; /* -1: none yet */
	char text[20]; /* "2026-01-31T12:00:00." */
};

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

/* Fills the stamp's text for this second. */
void stamp_set(struct stamp *stamp, time_t second);

static inline char *value_time(char *p, uint64_t ns, struct stamp *stamp)
{
	time_t second = (time_t)(ns / 1000000000);

	if (second != stamp->second)
		stamp_set(stamp, second);
	memcpy(p, stamp->text, sizeof(stamp->text));
	p = text_fixed(p + sizeof(stamp->text), (uint32_t)(ns % 1000000000 / 1000000), 3);
	memcpy(p, "+0000", 5);
	return p + 5;
}

static inline char *value_service(char *p, uint16_t port)
{
	const char *name = service_name(port);

	return name != NULL ? text_word(p, name) : p;
}

/*
 * Writes the value as text, without quotes and without a NUL; a BOOL is 0 or 1. Returns where it
 * ended: p itself if the value is null.
 */
static inline char *value_write(char *p, const struct field *f, const struct record *rec,
				struct stamp *stamp)
{
	if (!value_present(f, rec))
		return p;
	switch (f->load) {
	case LOAD_ADDR:
		return text_addr4(p, value_u32(f, rec));
	case LOAD_STATE:
		return text_word(p, record_state_name(rec->state));
	case LOAD_CLASS:
		return text_word(p, record_class_name(rec->class));
	case LOAD_PROTO:
		return text_word(p, "tcp");
	case LOAD_UNREACH:
		return rec->icmp_type == 3 ? text_word(p, value_unreach(rec->icmp_code)) : p;
	case LOAD_SERVICE:
		return value_service(p, rec->sport);
	case LOAD_RANGE:
		return text_word(p, service_port_range(rec->sport));
	case LOAD_TIME:
		return value_time(p, rec->time_ns, stamp);
	default:
		return text_uint(p, value_number(f, rec));
	}
}
