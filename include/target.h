/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "err.h"

/*
 * What to probe: lists of addresses and ports, as people write them, become one index space.
 * Pure: no threads, no DPDK. Everything here is const once built and may be read by any thread.
 */

/* A list of strings, as options collect them. The strings belong to whoever filled the list. */
struct strlist {
	const char **at;
	size_t n, cap;
};

/* What the user named. Strings stay as they were given: errors must name them. */
struct target_conf {
	struct strlist targets; /* TARGET...: address, CIDR, a-b; commas allowed within one */
	struct strlist
		targets_files;	/* -I, -w: files of these and of address:port pairs; "-" is stdin */
	const char *ports;	/* -p, NULL if not given (pairs need none) */
	struct strlist exclude; /* -x */
	struct strlist blocklist_files; /* -b */
	struct strlist scope_files;	/* --scope */
	struct strlist allow_special;	/* --allow-special: CIDR each */
	/*
	 * NULL, or the folder where copies of the files are, to be read in their place: targets-0,
	 * targets-1, ..., blocklist-0, ..., scope-0, ...; messages name the files still.
	 */
	const char *copies;
};

/* One list of addresses as it was read: the gate reads the same text with code of its own. */
struct listing {
	char *name; /* for messages: "--exclude" or the file's path */
	char *text; /* NUL-terminated, lines or comma-separated words */
	size_t len;
};

/* Everything that narrows the targets, as text. */
struct exclusion {
	struct listing *deny;  /* -x and -b */
	struct listing *scope; /* --scope: when there is one, only what is inside may be probed */
	struct listing *lift;  /* --allow-special: prefixes lifted from special_purpose[] */
	size_t n_deny, n_scope, n_lift;
};

/* An entry of the IANA IPv4 Special-Purpose Address Registry and what belongs to it. */
struct special_purpose {
	uint32_t first, last; /* inclusive, host order */
	const char *cidr, *name, *source;
};

extern const struct special_purpose special_purpose[];
extern const size_t n_special_purpose;
extern const char special_purpose_date[]; /* of the registries it was taken from, "YYYY-MM-DD" */

/*
 * The target space: index <-> (address, port), index in [0, size). Addresses are host order.
 * The product of addresses and ports comes first, single address:port pairs follow, less those
 * that the product covers; each target exists once however often it was named.
 */
struct target_space;

struct target_counts {
	uint64_t addrs;	   /* addresses in the product, after exclusion */
	uint64_t ports;	   /* ports in the product */
	uint64_t pairs;	   /* single pairs beyond the product, after exclusion */
	uint64_t targets;  /* size of the space: addrs * ports + pairs */
	uint64_t excluded; /* targets that were named, but excluded (by lists, scope or special
			      purpose) */
	uint64_t special;  /* of these: because of special purpose alone */
};

/*
 * Reads everything that conf names and builds the space. On success *space (never empty) and *excl
 * belong to the caller. Errors: EXIT_USAGE for an argument, EXIT_INPUT for a file (with line and
 * column), EXIT_REFUSED when nothing is left because all that was named is special-purpose.
 */
int target_load(const struct target_conf *conf, struct target_space **space, struct exclusion *excl,
		struct target_counts *counts, struct err *err);

void target_space_destroy(struct target_space *space);
void exclusion_fini(struct exclusion *excl);

/* Reads the -b files of conf again, for a blocklist that grew: the caller frees *deny with
 * exclusion_fini(). */
int exclusion_reload(const struct target_conf *conf, struct exclusion *deny, struct err *err);

uint64_t target_space_size(const struct target_space *space);

/* n indices, each < size, to addresses and ports. */
void target_space_pick(const struct target_space *space, const uint64_t *index, uint32_t *addr,
		       uint16_t *port, unsigned n);

/*
 * The same for up to 64 in steps, so that something else may be done meanwhile: the first has
 * numbers and ports; the second asks for what the third reads, where that is too large for the near
 * caches; the third is given all of it again.
 */
void target_space_number(const struct target_space *space, const uint64_t *index, uint32_t *number,
			 uint16_t *port, unsigned n);
void target_space_prefetch(const struct target_space *space, const uint32_t *number, unsigned n);
void target_space_find(const struct target_space *space, const uint64_t *index,
		       const uint32_t *number, uint32_t *addr, uint16_t *port, unsigned n);

/* Whether it is too large for the near caches. */
bool target_space_is_far(const struct target_space *space);

#define TARGET_ABSENT UINT64_MAX

/* The inverse: index of each (address, port), TARGET_ABSENT where it is not a target. */
void target_space_rank(const struct target_space *space, const uint32_t *addr, const uint16_t *port,
		       uint64_t *index, unsigned n);

/* Most targets that share one /len prefix, 1 <= len <= 32: what a ceiling per prefix is computed
 * from. */
uint64_t target_space_largest_prefix(const struct target_space *space, unsigned len);

/* The same for spaces with the same targets in the same places, on any machine. */
void target_space_digest(const struct target_space *space, struct digest *digest);
