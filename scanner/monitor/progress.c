/* SPDX-License-Identifier: BSD-3-Clause */

#include "monitor.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>

#include "human.h"
#include "meter.h"

#define RED	     "\033[31m"
#define PLAIN	     "\033[0m"
#define ERASE_TO_END "\033[K"

enum { LINE_COLUMNS = 100 };

/* A line in the making: parts that do not fit are left out, so the important ones come first. */
struct line {
	char text[LINE_COLUMNS + 32]; /* and two colour changes */
	unsigned len, columns, max_columns;
};

static bool line_add(struct line *l, const char *color, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static bool line_add(struct line *l, const char *color, const char *fmt, ...)
{
	const char *gap = l->columns == 0 ? "" : "  ";
	unsigned columns = (unsigned)strlen(gap);
	char part[LINE_COLUMNS + 1];
	va_list ap;

	va_start(ap, fmt);
	columns += (unsigned)vsnprintf(part, sizeof(part), fmt, ap);
	va_end(ap);
	if (l->columns + columns > l->max_columns)
		return false;
	l->columns += columns;
	l->len += (unsigned)snprintf(l->text + l->len, sizeof(l->text) - l->len, "%s%s%s%s", gap,
				     color, part, *color ? PLAIN : "");
	return true;
}

static void line_add_time(struct line *l, const struct meter *m, const struct snapshot *s)
{
	char text[HUMAN_TEXT];

	human_duration(text, meter_left(m, s));
	if (s->phase == PHASE_STARTING)
		line_add(l, "", "starting");
	else if (s->phase == PHASE_COOLDOWN)
		line_add(l, "", "cooldown %s", text);
	else
		line_add(l, "", "%s left", text);
}

static void line_add_sent(struct line *l, const struct meter *m, const struct snapshot *s)
{
	const char *verb = s->built > 0 ? "built" : "sent";
	char sent[HUMAN_TEXT], rate[HUMAN_TEXT];

	human_count(sent, s->sent + s->built);
	if (s->phase != PHASE_SENDING)
		line_add(l, "", "%s %s", verb, sent);
	else if (s->held)
		line_add(l, "", "%s %s, no way to the gateway", verb, sent);
	else if (s->paused)
		line_add(l, "", "%s %s, paused for the output", verb, sent);
	else
		line_add(l, "", "%s %s, %s", verb, sent,
			 m->known ? human_si(rate, m->sent_rate, "pps") : "--");
}

/* "3, rx_missed 1, tx_dropped 2, sent again": the sum, where, and what became of it. */
static const char *lost_text(char *buf, size_t size, const struct snapshot *s)
{
	const struct {
		const char *name;
		uint64_t n;
	} places[] = {
		{"rx_missed", s->rx_missed},
		{"tx_dropped", s->tx_dropped},
	};
	int at = snprintf(buf, size, "%" PRIu64, stats_missing(s));

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (places[i].n != 0)
			at += snprintf(buf + at, size - (size_t)at, ", %s %" PRIu64, places[i].name,
				       places[i].n);
	if (stats_lost(s) == 0)
		snprintf(buf + at, size - (size_t)at, ", what was sent then was sent again");
	else if (s->made_good != 0)
		snprintf(buf + at, size - (size_t)at, ", not sent again for %" PRIu64 " of them",
			 stats_lost(s));
	return buf;
}

/* Red is what no repeat makes good. */
static void line_add_lost(struct line *l, bool color, const struct snapshot *s)
{
	char lost[HUMAN_TEXT], rate[HUMAN_TEXT];

	if (stats_missing(s) == 0)
		return;
	human_count(lost, stats_missing(s));
	if (stats_lost(s) != 0)
		line_add(l, color ? RED : "", "lost %s", lost);
	else
		line_add(l, "", "lost %s, sent again", lost);
	if (s->backoffs != 0 && s->rate_now < s->rate)
		line_add(l, "", "slowed to %s", human_si(rate, (double)s->rate_now, "pps"));
}

/* The hit rate stands beside the open ones; the other answers go first where there is no room. */
static void line_add_answers(struct line *l, const struct snapshot *s)
{
	char open[HUMAN_TEXT], closed[HUMAN_TEXT], other[HUMAN_TEXT];

	human_count(open, s->first[STATE_OPEN]);
	human_count(closed, s->first[STATE_CLOSED]);
	human_count(other, s->first[STATE_UNREACHABLE] + s->first[STATE_FILTERED]);
	if (!line_add(l, "", "open %s (%.2f%%), closed %s, other %s", open, stats_hit_rate(s),
		      closed, other))
		line_add(l, "", "open %s (%.2f%%)", open, stats_hit_rate(s));
}

static void line_make(struct line *l, const struct progress *p, const struct snapshot *s)
{
	line_add(l, "", "%5.1f%%", stats_percent(s));
	line_add_time(l, &p->meter, s);
	line_add_sent(l, &p->meter, s);
	line_add_lost(l, p->color, s);
	line_add_answers(l, s);
}

/* A line that filled the terminal would wrap, and could not be redrawn. */
static unsigned terminal_columns(FILE *to)
{
	struct winsize size;

	if (ioctl(fileno(to), TIOCGWINSZ, &size) < 0 || size.ws_col == 0 ||
	    size.ws_col > LINE_COLUMNS)
		return LINE_COLUMNS;
	return size.ws_col - 1u;
}

static void progress_draw(struct progress *p, const struct snapshot *s, bool redraw, FILE *to)
{
	struct line line = {.max_columns = p->tty ? terminal_columns(to) : LINE_COLUMNS};

	meter_read(&p->meter, s);
	line_make(&line, p, s);
	if (p->tty)
		fprintf(to, "\r%s" ERASE_TO_END "%s", line.text, redraw ? "" : "\n");
	else
		fprintf(to, "%s\n", line.text);
	fflush(to);
	p->drawn = redraw;
	p->last_line = s->elapsed;
}

void progress_init(struct progress *p, bool tty, bool color, bool quiet)
{
	*p = (struct progress){.tty = tty, .color = color, .quiet = quiet};
}

void progress_update(struct progress *p, const struct snapshot *s, FILE *to)
{
	double since = s->elapsed - p->last_line;

	if (since < 0) /* a clock that went back must not silence us */
		p->last_line = s->elapsed;
	if (p->quiet || s->phase == PHASE_DONE)
		return;
	if (since >= (p->tty ? 1 : 10) || (p->tty && !p->drawn))
		progress_draw(p, s, p->tty, to);
}

void progress_now(struct progress *p, const struct snapshot *s, FILE *to)
{
	progress_draw(p, s, false, to);
}

static void end_sent(const struct snapshot *s, FILE *to)
{
	char took[HUMAN_TEXT], rate[HUMAN_TEXT];
	uint64_t made = s->sent + s->built;

	fprintf(to, "%s     %" PRIu64 " of %" PRIu64 " probes", s->built > 0 ? "built" : "sent ",
		made, stats_probes(s));
	if (s->send_seconds > 0)
		fprintf(to, " in %s, %s", human_duration(took, s->send_seconds),
			human_si(rate, (double)made / s->send_seconds, "pps"));
	if (s->built > 0)
		fputs("; a dry run: nothing was sent", to);
	if (s->resent != 0)
		fprintf(to, "; %" PRIu64 " sent again", s->resent);
	if (s->outages != 0)
		fprintf(to, "; %" PRIu64 " outage%s, %.1f s", s->outages,
			s->outages == 1 ? "" : "s", (double)s->outage_ms / 1000);
	if (s->opted_out != 0)
		fprintf(to, "; %" PRIu64 " opted out meanwhile", s->opted_out);
	if (s->gate_hits != 0)
		fprintf(to, "; %" PRIu64 " stopped by the gate", s->gate_hits);
	if (s->control_lost != 0)
		fprintf(to, "; %" PRIu64 " RSTs or ARP answers not sent", s->control_lost);
	fputc('\n', to);
}

/* Was the next attempt worth its time? */
static void end_yield(const struct snapshot *s, FILE *to)
{
	fputs("yield     ", to);
	for (unsigned i = 0; i < YIELD_ATTEMPTS && i < s->attempts; i++)
		fprintf(to, "%sattempt %u%s: %" PRIu64, i == 0 ? "" : ", ", i + 1,
			i + 1 == YIELD_ATTEMPTS && s->attempts > YIELD_ATTEMPTS ? " and later" : "",
			s->yield[i]);
	fputc('\n', to);
}

/* How much of what would answer has answered. */
static void end_coverage(const struct snapshot *s, FILE *to)
{
	struct coverage_estimate e = coverage_estimate(s->sample_both, s->sample_again);

	fprintf(to,
		"coverage  %.2f%% (%.2f to %.2f%%): of %" PRIu64 " sampled, %" PRIu64
		" answered, %" PRIu64 " of them before\n",
		e.percent, e.low, e.high, s->sampled, s->sample_again, s->sample_both);
}

static void end_answers(const struct snapshot *s, FILE *to)
{
	fprintf(to,
		"answers   open %" PRIu64 ", closed %" PRIu64 ", unreachable %" PRIu64
		", filtered %" PRIu64 "; hit rate %.2f%%\n",
		s->first[STATE_OPEN], s->first[STATE_CLOSED], s->first[STATE_UNREACHABLE],
		s->first[STATE_FILTERED], stats_hit_rate(s));
	if (s->attempts > 1)
		end_yield(s, to);
	if (s->sample_again != 0)
		end_coverage(s, to);
	if (s->truth_known)
		fprintf(to,
			"truth     %" PRIu64 " of the targets probed are open, %" PRIu64 " found\n",
			s->truly_open, s->first[STATE_OPEN]);
}

static void end_written(const struct progress *p, const struct snapshot *s, FILE *to)
{
	bool red = p->color && stats_lost(s) != 0;
	char lost[160];

	fprintf(to, "written   %" PRIu64 " records", s->written);
	if (s->filtered_out != 0)
		fprintf(to, ", %" PRIu64 " filtered out", s->filtered_out);
	if (stats_missing(s) != 0)
		fprintf(to, "; %slost %s%s\n", red ? RED : "", lost_text(lost, sizeof(lost), s),
			red ? PLAIN : "");
	else if (s->pending != 0)
		fprintf(to, "; %" PRIu64 " more could not be\n", s->pending);
	else
		fprintf(to, "; nothing lost\n");
}

static void end_rate(const struct snapshot *s, FILE *to)
{
	char rate[HUMAN_TEXT];

	fprintf(to, "slowed    %" PRIu64 " %s by losses, in the end to %s\n", s->backoffs,
		s->backoffs == 1 ? "time" : "times",
		s->rate_now == UINT64_MAX ? "no limit"
					  : human_si(rate, (double)s->rate_now, "pps"));
}

void progress_end(struct progress *p, const struct snapshot *s, const char *exit_reason, FILE *to)
{
	if (p->drawn)
		fputc('\n', to);
	p->drawn = false;
	if (p->quiet)
		return;
	fprintf(to, "targets   %" PRIu64 ", %" PRIu64 " excluded\n", s->targets, s->excluded);
	end_sent(s, to);
	end_answers(s, to);
	end_written(p, s, to);
	if (s->backoffs != 0)
		end_rate(s, to);
	fprintf(to, "end       %s\n", exit_reason);
	fflush(to);
}
