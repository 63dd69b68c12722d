/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The one table of options. The command line, the job file, --help, the man page and the shell
 * completion are all read off it: a new option is one row here and nothing else.
 *
 * The table is plain data without any other part of the program, so that the generator of the man
 * page can be built from it alone.
 */

enum option_type {
	OPT_FLAG,	 /* bool; takes no argument, or =true, =false */
	OPT_COUNT,	 /* uint32_t; once more each time it is given */
	OPT_TEXT,	 /* const char * */
	OPT_JOINED,	 /* const char *, words joined by commas; a job file may have an array */
	OPT_LIST,	 /* struct strlist; may be given several times */
	OPT_ENUM,	 /* an enum: the place of the word in names */
	OPT_WORD,	 /* const char *: one of names */
	OPT_U32,	 /* uint32_t */
	OPT_U64,	 /* uint64_t, with k, M, G */
	OPT_SEED,	 /* uint64_t; second: the bool that it was given */
	OPT_DURATION,	 /* uint64_t nanoseconds, a multiple of a millisecond */
	OPT_RATE,	 /* uint64_t packets/s, or RATE_MAX */
	OPT_PREFIX_RATE, /* uint64_t packets/s; second: uint32_t prefix length */
	OPT_QUOTA,	 /* struct quota */
	OPT_SHARD,	 /* struct shard */
	OPT_PORTS,	 /* struct port_range */
	OPT_MAC,	 /* only in lists */
};

enum option_group {
	GROUP_TARGETS,
	GROUP_AMOUNT,
	GROUP_RATE,
	GROUP_NETWORK,
	GROUP_RECORDS,
	GROUP_WATCHING,
	GROUP_JOB,
	GROUP_COUNT,
};

struct option {
	const char *name;    /* without dashes; NULL: the arguments that are no options */
	const char *shorts;  /* letters, the first is the one to teach; NULL if there is none */
	const char *aliases; /* other long names, with a blank between them; NULL if none */
	const char *key;     /* in a job file; NULL: an action, or part of no job */
	const char *arg;     /* what stands for the argument in help; NULL if it takes none */
	const char *help;    /* one line, without the default */
	const char *initial; /* default, as the user would write it; NULL: zero, nothing */
	const char *shown;   /* default in words, where initial does not say it */
	const char *const *names; /* OPT_ENUM, OPT_WORD; ends with NULL */
	size_t offset, second;	  /* of the fields of struct job */
	uint64_t min, max;	  /* OPT_U32, OPT_U64, OPT_DURATION (ms); max 0: none */
	bool single;	       /* OPT_LIST that mostly has one: in a job file it is no array then */
	enum option_type each; /* OPT_LIST of VALUE or DEVICE=VALUE: OPT_U32, OPT_MAC; 0: of texts
				*/
	enum option_type type;
	enum option_group group;
	unsigned commands; /* CMD_* that take it */
};

extern const struct option options[];
extern const size_t n_options;

extern const char *const option_group_title[GROUP_COUNT];

/* By long name or alias (len bytes), by letter, by key; NULL when no command of the mask has it. */
const struct option *option_find(const char *name, size_t len, unsigned commands);
const struct option *option_find_short(char letter, unsigned commands);
const struct option *option_find_key(const char *key);
const struct option *option_find_operand(unsigned commands);

/* The long name most like name, if one is like it at all; else NULL. */
const char *option_nearest(const char *name, size_t len, unsigned commands);

/* The same for a key of the job file. */
const char *option_nearest_key(const char *key);

/* Like option_nearest(), for two words: small is alike; SIZE_MAX is not alike. */
size_t option_distance(const char *a, size_t a_len, const char *b, size_t b_len);

/* What other scanners call by this name, said in peal's words; NULL if nothing is known. */
const char *option_elsewhere(const char *name, size_t len);

static inline bool option_takes_arg(const struct option *opt)
{
	return opt->type != OPT_FLAG && opt->type != OPT_COUNT;
}

static inline bool option_repeats(const struct option *opt)
{
	return opt->type == OPT_LIST || opt->type == OPT_COUNT;
}
