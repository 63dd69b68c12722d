/* SPDX-License-Identifier: BSD-3-Clause */

#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

/* The only writable globals besides the stop flag: who logs does not carry a log around. */
static enum log_level log_level = LOG_LEVEL_INFO;
static FILE *log_file;

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

void log_set_level(enum log_level level)
{
	log_level = level;
}

int log_open(const char *path)
{
	log_file = fopen(path, "ae");
	if (log_file == NULL)
		return -errno;
	setlinebuf(log_file);
	return 0;
}

void log_close(void)
{
	if (log_file != NULL)
		fclose(log_file);
	log_file = NULL;
}

static void log_line(FILE *to, enum log_level level, const char *text)
{
	struct timespec now;
	struct tm utc;
	char when[32];

	if (to == stderr) {
		fprintf(to, level == LOG_LEVEL_INFO ? "peal: %.0s%s\n" : "peal: %s: %s\n",
			level_names[level], text);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &utc);
	fprintf(to, "%s.%03ldZ %s: %s\n", when, now.tv_nsec / 1000000, level_names[level], text);
}

void log_write(enum log_level level, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (level > log_level)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);

	if (log_file != NULL)
		log_line(log_file, level, text);
	if (log_file == NULL || level <= LOG_LEVEL_WARN)
		log_line(stderr, level, text);
}
