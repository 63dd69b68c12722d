/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

/*
 * What can be said about a record: the one table that encoders, filter, --fields and --list-fields
 * read, and that record.v1.json agrees with. Its order is the order of -f '*'.
 *
 * To add a field, add a row; where no load fits, add one here and its case in value.h.
 */

enum field_type { FIELD_STRING, FIELD_INT, FIELD_BOOL };

/* How the value comes out of the record. */
enum field_load {
	/* strings */
	LOAD_ADDR,  /* an address, at field.at */
	LOAD_STATE, /* words from tables ... */
	LOAD_CLASS,
	LOAD_PROTO,
	LOAD_UNREACH, /* ZMap's text for an ICMP type 3; null for other types */
	LOAD_SERVICE, /* null where the port has no name */
	LOAD_RANGE,
	LOAD_TIME,
	/* numbers */
	LOAD_U8, /* at field.at ... */
	LOAD_U16,
	LOAD_U32,
	LOAD_RAW,   /* an address, network order read as a host integer: as ZMap has it */
	LOAD_POWER, /* 2^n; n over 14 is 14 (RFC 7323) */
	LOAD_ONE,   /* 1 where the field is present */
	LOAD_SECONDS,
	LOAD_MICROS,
	/* truths */
	LOAD_SUCCESS,
	LOAD_REPEAT,
	LOAD_COOLDOWN,
};

struct field {
	const char *name;
	enum field_type type;
	enum field_load load;
	uint8_t at;	 /* offset in struct record, where load says so */
	uint8_t needs;	 /* RECORD_*: null without this flag */
	uint8_t classes; /* 1 << CLASS_*: null for other classes */
	bool standard;	 /* in the default set */
	const char *help;
};

extern const struct field fields[];
extern const unsigned n_fields;

/* By name (len bytes), NULL if there is none. */
const struct field *field_find(const char *name, size_t len);

/* The field whose name is most like this one, NULL if none is like it. */
const struct field *field_nearest(const char *name, size_t len);

/* EXIT_USAGE: there is no such field; where says who asked for it. */
int field_unknown(const char *where, const char *name, size_t len, struct err *err);

const char *field_type_name(enum field_type type);
