/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "err.h"
#include "record.h"

/*
 * A file of records, compared with the records that should be in it, in their order: whatever
 * format and fields it has, each line must be what peal writes for its record. Where it is not,
 * what is missing, too much or different is told, and the comparison goes on. Used by
 * `peal verify`; one thread.
 */

struct audit;

/*
 * Opens the file; ndjson, csv or list, as its first line says, with the fields that this names.
 * Findings go to `tell`, a line each. EXIT_INPUT when it cannot be read, or is nothing that peal
 * writes. The caller destroys *audit.
 */
int audit_create(const char *path, FILE *tell, struct audit **audit, struct err *err);
void audit_destroy(struct audit *audit);

/* The next record that should be there, derived from this frame (counted from 1). */
void audit_expect(struct audit *audit, const struct record *rec, uint64_t frame);

struct audit_result {
	uint64_t lines;	   /* records in the file */
	uint64_t findings; /* lines that differ, are missing, or too many */
};

/* No more records should be there. EXIT_INPUT when the file could not be read to its end. */
int audit_finish(struct audit *audit, struct audit_result *result, struct err *err);
