/* SPDX-License-Identifier: BSD-3-Clause */

#include "scan.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_cycles.h>

#include "log.h"
#include "lull.h"
#include "sample.h"

enum {
	TICK_US = 20000,	   /* how often the main thread looks */
	CARD_TICK_US = 50000,	   /* at cards alone: reading their registers costs who sends */
	PUBLISH_US = 100000,	   /* how often others are told */
	FOLLOW_CLOCK_US = 1000000, /* how often the wall clock's corrections are taken over */
	SAMPLE_LULL_MS = 100,	   /* nothing new came for that long: what comes has come */
};

struct watch {
	struct scan *scan;
	struct progress progress;
	struct signal_counts seen; /* signals dealt with */
	uint64_t start, cooldown;  /* TSC: of the first probe, of the last */
	uint64_t quiet;		   /* TSC: of the last probe of all, the sample's as well */
	struct lull lull;	   /* since the last target answered for the first time */
	uint64_t silent;	   /* TSC: when the cooldown was over */
	uint64_t silent_received;  /* by then */
	struct coverage_rates rates;
	struct scan_path path[DEVICES_MAX];
	uint64_t ticks;
	unsigned tick_us;
	enum scan_phase phase;
	bool over;
	bool no_room; /* it was said that the disk is full */
};

static double seconds(uint64_t ticks)
{
	return (double)ticks / (double)rte_get_tsc_hz();
}

static bool watch_held(const struct watch *w)
{
	bool held = false;

	for (unsigned i = 0; i < w->scan->n_uplinks; i++)
		held |= w->path[i].held;
	return held;
}

/* Made good is what was lost by now, whoever has noticed it, and how often. */
static void watch_path(struct watch *w, struct snapshot *s, uint64_t now)
{
	struct scan_again *again = &w->scan->again;
	uint64_t outage = 0;

	again->made_good = RTE_MIN(again->made_good, stats_missing(s));
	s->made_good = again->made_good;
	for (unsigned i = 0; i < w->scan->n_uplinks; i++) {
		s->outages += w->path[i].outages;
		outage += scan_path_outage(&w->path[i], now);
	}
	s->held = watch_held(w);
	s->outage_ms = (uint64_t)(seconds(outage) * 1000);
}

/* What the devices themselves say, but not while they are reset. What came when nobody listened any
 * more is no loss. */
static void watch_devices(struct watch *w, struct snapshot *s, bool settled)
{
	s->n_devices = w->scan->n_uplinks;
	for (unsigned i = 0; i < s->n_devices; i++) {
		struct device_count *device = &s->device[i];
		struct io_stats *io = &w->path[i].io;

		if (!settled && !w->path[i].parked)
			io_stats(&w->scan->uplink[i].dev, io);
		device->name = w->scan->uplink[i].name;
		device->tx_dropped = io->oerrors;
		device->rx_missed = io->imissed + io->nombuf;
		s->tx_dropped += device->tx_dropped;
		s->rx_missed += device->rx_missed;
		s->rx_errors += io->ierrors;
	}
}

static void watch_count(struct watch *w, struct snapshot *s, bool settled)
{
	struct scan *scan = w->scan;
	struct output_stats out;
	uint64_t now = rte_rdtsc();

	memset(s, 0, sizeof(*s));
	/* from the sink back to the device, so that nothing counted late is missing early */
	output_stats(scan->output, &out);
	s->written = out.written;
	s->repeats_written = out.repeats;
	s->filtered_out = out.filtered_out;
	workers_count(scan->workers, s, settled);
	s->pending = s->handed - out.written - out.filtered_out;
	watch_devices(w, s, settled);
	watch_path(w, s, now);

	s->phase = w->phase;
	s->elapsed = seconds(now - w->start);
	s->send_seconds = seconds((w->cooldown != 0 ? w->cooldown : now) - w->start);
	if (w->phase == PHASE_COOLDOWN) {
		double left = (double)scan->job->cooldown_ns / 1e9 - seconds(now - w->quiet);

		s->cooldown_left = left > 0 ? left : 0;
	}
	s->targets = scan->stream.walk.targets;
	s->attempts = scan->stream.attempts;
	s->excluded = scan->counts.excluded;
	s->rate = scan->rate;
	s->rate_now = scan->adapt.search.rate;
	s->backoffs = scan->adapt.search.backoffs;
	s->truth_known = scan_knows_truth(scan);
	if (scan->stream.sample != NULL && w->phase == PHASE_DONE) {
		coverage_count(&scan->coverage, scan->stream.sample, &w->rates);
		s->sample_again = scan->coverage.again;
		s->sample_both = scan->coverage.both;
	}
	__atomic_store_n(&scan->again.margin_ms, stats_margin_ms(s), __ATOMIC_RELAXED);
	stats_add(s, &scan->base);
	if (scan->job->dry_run) {
		s->built = s->sent;
		s->not_reached += s->sent;
		s->sent = 0;
	}
}

static void watch_end(struct watch *w, enum scan_end why)
{
	if (w->scan->end == END_COMPLETE)
		w->scan->end = why;
	workers_stop_sending(w->scan->workers);
}

/* HUP: the blocklist files are read again; what is new in them is not probed from now on. */
static void watch_reload(struct watch *w)
{
	const struct target_conf *conf = &w->scan->job->target;
	struct exclusion deny = {0};
	struct err err;

	if (conf->blocklist_files.n == 0) {
		LOG(WARN, "HUP: there is no --blocklist-file to read again");
		return;
	}
	if (exclusion_reload(conf, &deny, &err) < 0 ||
	    stream_opt_out(&w->scan->stream, &deny, &err) < 0)
		LOG(ERROR, "HUP: the blocklist stays as it was: %s", err.text);
	else
		LOG(INFO, "HUP: the blocklist was read again");
	scan_state_opted_out(w->scan, &deny);
	exclusion_fini(&deny);
}

static void watch_signals(struct watch *w, const struct snapshot *s)
{
	struct signal_counts now;

	signals_read(&now);
	if (now.stop != 0 && w->seen.stop == 0)
		watch_end(w, END_SIGNAL);
	if (now.stop > 1) /* again: no cooldown */
		w->over = true;
	if (now.reload != w->seen.reload)
		watch_reload(w);
	if (now.show != w->seen.show)
		progress_now(&w->progress, s, stderr);
	w->seen = now;
}

/* Says so each time that the disk becomes full. */
static void watch_room(struct watch *w, const struct output_stats *out)
{
	if (out->no_room && !w->no_room)
		LOG(WARN, "%s: the disk is full: the scan waits for room",
		    output_place(w->scan->output));
	w->no_room = out->no_room;
}

static void watch_output(struct watch *w)
{
	const struct scan *scan = w->scan;
	struct output_stats out;

	output_stats(scan->output, &out);
	watch_room(w, &out);
	if (out.error != 0 || scan_keep_error(scan) != 0) {
		watch_end(w, END_OUTPUT);
		w->over = true;
	}
	if (out.full) {
		watch_end(w, END_MAX_RESULTS);
		w->over = true;
	}
}

/* Other reasons to end that do not come from the user. */
static void watch_limits(struct watch *w, const struct snapshot *s)
{
	struct scan *scan = w->scan;

	if (s->gate_hits != 0)
		watch_end(w, END_GATE);
	if (scan->job->max_runtime_ns != 0 &&
	    s->elapsed * 1e9 >= (double)scan->job->max_runtime_ns && w->phase == PHASE_SENDING)
		watch_end(w, END_MAX_RUNTIME);

	for (unsigned i = 0; i < scan->n_uplinks; i++) {
		if (scan_path_look(&w->path[i], scan, i, s, rte_rdtsc()))
			continue;
		watch_end(w, END_DEVICE);
		w->over = true;
	}
}

/* Once all is sent and answered, a sample of it is sent once more, and waited for like the rest. */
static void watch_sample(struct watch *w, uint64_t now)
{
	uint64_t hz = rte_get_tsc_hz();
	struct sample *sample = w->scan->stream.sample;

	if (sample == NULL || w->scan->end != END_COMPLETE)
		return;
	if (!sample_has_begun(sample) &&
	    (now - w->cooldown >= hz / 1000 * SCAN_SAMPLE_WAIT_MS ||
	     lull_ticks(&w->lull, w->cooldown, now) >= hz / 1000 * SAMPLE_LULL_MS))
		sample_begin(sample);
	if (sample_has_begun(sample) &&
	    (sample_waits(sample) || !workers_sent_all(w->scan->workers)))
		w->quiet = now;
}

/*
 * The cooldown is over: whether all has been received that came by then, and waited in the device
 * because the process was stopped, or had no processor. Where ever more comes, all that waited has
 * been taken once as many frames have as the device holds.
 */
static bool watch_heard(struct watch *w, uint64_t now)
{
	struct workers_mark mark;
	struct snapshot s = {0};
	uint64_t depth = 0;

	workers_count(w->scan->workers, &s, false);
	workers_mark(w->scan->workers, &mark);
	if (w->silent == 0) {
		w->silent = now;
		w->silent_received = s.received;
	}
	for (unsigned i = 0; i < w->scan->n_uplinks; i++)
		depth += w->scan->uplink[i].dev.rx_depth;
	return mark.drained >= w->silent || s.received - w->silent_received > depth;
}

static void watch_phase(struct watch *w, const struct snapshot *s, uint64_t now)
{
	const struct scan *scan = w->scan;
	uint64_t cooldown_ns = scan->job->dry_run ? 0 : scan->job->cooldown_ns;
	bool repeats =
		scan->end == END_COMPLETE && (scan->adapt.owed != 0 || !scan_again_over(scan));

	if (w->phase == PHASE_SENDING)
		coverage_rate(&w->rates, stream_cursor(&scan->stream), scan->adapt.search.rate);
	if (w->phase == PHASE_SENDING && workers_sent_all(scan->workers) && !repeats) {
		w->phase = PHASE_COOLDOWN;
		w->cooldown = w->quiet = now;
		workers_cooldown(scan->workers, true);
	} else if (w->phase == PHASE_COOLDOWN && repeats) { /* and then a cooldown of their own */
		w->phase = PHASE_SENDING;
		w->cooldown = 0;
		workers_cooldown(scan->workers, false);
	}
	lull_look(&w->lull, stats_answers(s), now);
	if (w->phase != PHASE_COOLDOWN)
		return;
	watch_sample(w, now);
	if (seconds(now - w->quiet) * 1e9 < (double)cooldown_ns)
		w->silent = 0;
	else if (watch_heard(w, now))
		w->over = w->scan->settled = true;
}

/*
 * Records matter more: the scan goes on, and only its exit status tells again at the end. A line
 * may be torn, so nothing may follow it.
 */
static void watch_status(struct watch *w, const struct snapshot *s, bool now)
{
	struct scan *scan = w->scan;
	int rc = scan->status != NULL ? status_update(scan->status, s, now) : 0;

	if (rc == 0)
		return;
	LOG(ERROR, "--status-file: cannot be written any more, the scan goes on without: %s",
	    strerror(-rc));
	status_close(scan->status);
	scan->status = NULL;
	scan->status_lost = true;
}

static unsigned watch_tick_us(const struct scan *scan)
{
	for (unsigned i = 0; i < scan->n_uplinks; i++)
		if (!(scan->uplink[i].dev.limits & IO_PCI))
			return TICK_US;
	return CARD_TICK_US;
}

static bool watch_every(const struct watch *w, unsigned us)
{
	return w->ticks % (us / w->tick_us) == 0;
}

static void watch_tick(struct watch *w)
{
	struct snapshot s;
	char equation[256];

	scan_again_tick(w->scan);
	watch_count(w, &s, false);
	scan_keep_publish(w->scan, &s);
	watch_signals(w, &s);
	watch_output(w);
	watch_limits(w, &s);
	scan_adapt_look(w->scan, &s, watch_held(w), rte_rdtsc());
	if (!w->over)
		watch_phase(w, &s, rte_rdtsc());
	if (watch_every(w, PUBLISH_US)) {
		progress_update(&w->progress, &s, stderr);
		control_publish(&s);
	}
	watch_status(w, &s, false);
	if (watch_every(w, FOLLOW_CLOCK_US))
		clock_follow(&w->scan->clock, rte_rdtsc());
	if (stats_check(&s, false, equation, sizeof(equation)) != NULL) {
		LOG(ERROR, "counters do not add up: %s", equation);
		watch_end(w, END_BOOKS);
		w->over = true;
	}
	w->ticks++;
}

static double wall_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool use_color(const struct job *job)
{
	const char *no = getenv("NO_COLOR");

	if (job->color != COLOR_AUTO)
		return job->color == COLOR_ALWAYS;
	return isatty(STDERR_FILENO) && (no == NULL || *no == '\0');
}

/* A redrawn line and records on one terminal would tear each other up. */
static bool redraw(const struct job *job)
{
	bool records_here = !job_keeps_records(job) && isatty(STDOUT_FILENO);

	return isatty(STDERR_FILENO) && !records_here;
}

/* A reader that does not read, or a full disk, keeps the last records waiting: one more INT gives
 * them up. */
static int watch_flush(struct watch *w)
{
	struct output *out = w->scan->output;
	struct signal_counts now;
	struct output_stats stats;

	output_finish(out);
	while (!output_finished(out)) {
		output_stats(out, &stats);
		watch_room(w, &stats);
		signals_read(&now);
		if (now.stop > RTE_MAX(w->seen.stop, 1u))
			output_abort(out);
		usleep(TICK_US);
	}
	scan_keep_stop(w->scan);
	return output_stop(out);
}

/* Receivers, senders, writer: each is over when the one before it is. */
static void watch_stop(struct watch *w)
{
	struct scan *scan = w->scan;
	struct snapshot judged;
	int rc;

	if (w->cooldown == 0)
		w->cooldown = rte_rdtsc();
	workers_stop(scan->workers);
	rc = watch_flush(w);
	if (rc < 0) {
		LOG(ERROR, "%s: %s", output_place(scan->output), strerror(-rc));
		scan->end = END_OUTPUT;
	}
	scan->ended = wall_clock();
	w->phase = PHASE_DONE;
	watch_count(w, &scan->last, true);
	scan_sent_check(scan, &scan->last);
	judged = scan->last;
	if (!scan_again_over(scan))
		judged.made_good = 0; /* not by this run */
	scan->end = scan_end_judge(scan->end, scan->limited, &judged);
}

int scan_watch(struct scan *scan, struct err *err)
{
	struct watch w = {
		.scan = scan,
		.phase = PHASE_SENDING,
		.tick_us = watch_tick_us(scan),
	};
	const struct job *job = scan->job;
	int rc;

	progress_init(&w.progress, redraw(job), use_color(job), job->quiet);
	scan->end = END_COMPLETE;
	scan->started = wall_clock();
	w.start = rte_rdtsc();
	scan_adapt_start(scan, w.start);
	scan_sent_begin(scan);
	rc = workers_start(scan->workers, err);
	if (rc < 0)
		return rc;
	while (!w.over) {
		watch_tick(&w);
		if (!w.over)
			usleep(w.tick_us);
	}
	watch_stop(&w);
	watch_status(&w, &scan->last, true);
	control_publish(&scan->last);
	if (!job->quiet)
		progress_end(&w.progress, &scan->last, scan_end_name(scan->end), stderr);
	return 0;
}
