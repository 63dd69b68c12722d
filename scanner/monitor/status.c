/* SPDX-License-Identifier: BSD-3-Clause */

#include "monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "counter.h"
#include "human.h"
#include "json_text.h"
#include "json_tree.h"
#include "meter.h"

struct status {
	int fd;
	bool begun;	  /* a line was written */
	double last_line; /* elapsed time of it */
	struct meter meter;
};

/* A FIFO opened for both directions waits for no reader, and never makes a write raise SIGPIPE. */
static int status_flags(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISFIFO(st.st_mode))
		return O_RDWR | O_NONBLOCK | O_CLOEXEC;
	return O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC;
}

int status_open(const char *path, struct status **status, struct err *err)
{
	struct status *st = calloc(1, sizeof(*st));

	if (st == NULL) {
		err_set(err, EXIT_OUTPUT, "not enough memory for --status-file");
		return -ENOMEM;
	}
	st->fd = open(path, status_flags(path), 0644);
	if (st->fd < 0) {
		err_set(err, EXIT_OUTPUT, "cannot open --status-file %s: %s", path,
			strerror(errno));
		free(st);
		return -EINVAL;
	}
	*status = st;
	return 0;
}

static json_t *status_rates(const struct meter *m, const struct snapshot *s)
{
	double left = meter_left(m, s);

	return json_pack(
		"{s:o, s:f, s:f, s:o}", "eta_seconds", left < 0 ? json_null() : json_real(left),
		"sent_rate", m->sent_rate, "received_rate", m->received_rate, "rate",
		s->rate_now == UINT64_MAX ? json_null() : json_integer((json_int_t)s->rate_now));
}

static json_t *status_object(const struct meter *m, const struct snapshot *s)
{
	char when[HUMAN_TEXT];
	struct timespec now;
	json_t *line, *rates;

	clock_gettime(CLOCK_REALTIME, &now);
	human_utc(when, (double)now.tv_sec + (double)now.tv_nsec / 1e9);
	line = json_pack("{s:s, s:f, s:s, s:f, s:b}", "time", when, "elapsed", s->elapsed, "phase",
			 scan_phase_name(s->phase), "percent", stats_percent(s), "paused",
			 s->paused);
	tree_put(&line, "outage_seconds", json_real((double)s->outage_ms / 1000));
	rates = status_rates(m, s);
	if (json_object_update(line, rates) < 0) {
		json_decref(line);
		line = NULL;
	}
	json_decref(rates);
	for (size_t i = 0; i < n_counters; i++)
		if (counters[i].shown & IN_STATUS)
			tree_put(&line, counters[i].name,
				 json_integer((json_int_t)counter_value(&counters[i], s)));
	tree_put(&line, "records", json_integer((json_int_t)s->written));
	tree_put(&line, "rejected", json_integer((json_int_t)stats_rejected(s)));
	tree_put(&line, "hit_rate", json_real(stats_hit_rate(s)));
	return line;
}

/* All of the line or nothing of it: short writes go on, a full FIFO that has no reader does not. */
static int status_write(int fd, const char *text, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = write(fd, text + done, len - done);
		if (n > 0)
			done += (size_t)n;
		else if (errno == EAGAIN && done == 0)
			return 0;
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

int status_update(struct status *status, const struct snapshot *s, bool now)
{
	double since = s->elapsed - status->last_line;
	json_t *line;
	char *text;
	size_t len;
	int rc;

	if (!now && status->begun && since >= 0 && since < 1)
		return 0;
	status->begun = true;
	status->last_line = s->elapsed;
	meter_read(&status->meter, s);

	line = status_object(&status->meter, s);
	text = json_to_text(line, JSON_COMPACT | JSON_REAL_PRECISION(10));
	json_decref(line);
	if (text == NULL)
		return -ENOMEM;
	len = strlen(text);
	text[len] = '\n'; /* in place of the NUL */
	rc = status_write(status->fd, text, len + 1);
	free(text);
	return rc;
}

void status_close(struct status *status)
{
	if (status == NULL)
		return;
	close(status->fd);
	free(status);
}
