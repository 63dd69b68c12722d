/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The log: one line a message, to stderr or to --log-file. Any thread but an lcore loop may log;
 * the datapath counts instead.
 */

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,	 /* the default */
	LOG_LEVEL_DEBUG, /* -v */
};

/* LOG(WARN, "no newline at the end: %s", ...) */
#define LOG(level, ...) log_write(LOG_LEVEL_##level, __VA_ARGS__)

void log_write(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Messages above this level are dropped. */
void log_set_level(enum log_level level);

/* Sends messages to a file (appended) as well as, for errors and warnings, to stderr. 0 or -errno.
 */
int log_open(const char *path);
void log_close(void);
