/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * `peal scan`, start and stop in order: the table of contents of the program. Each step names the
 * folder where it is done.
 */

#include "scan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "capture.h"
#include "cmd.h"
#include "eal.h"
#include "isa.h"
#include "log.h"

enum {
	LARGE_SCAN = 1000000, /* targets from which a real scan shows its plan and says who it is */
	SAMPLE_LEAST = 1000,  /* targets: of fewer, nothing could be said */
};

/* --- what to probe (target/) --- */

int scan_targets(struct scan *scan, struct err *err)
{
	const struct job *job = scan->job;
	const struct shard *shard = &job->shard;
	struct walk *walk = &scan->stream.walk;
	uint64_t size, all;
	int rc = target_load(&scan->target, &scan->space, &scan->excl, &scan->counts, err);

	if (rc < 0)
		return rc;
	size = target_space_size(scan->space);
	if (walk_init(walk, size, job->seed, shard->index, shard->total, 0) < 0)
		return err_set(err, EXIT_USAGE,
			       "%" PRIu64 " targets are more than 2^48: split them up", size);
	all = walk->targets;
	walk_init(walk, size, job->seed, shard->index, shard->total,
		  job_quota(&job->max_targets, walk->targets));
	scan->limited = walk->targets < all;
	scan->stream.space = scan->space;
	scan->stream.attempts = job->attempts;
	return scan_state_targets(scan, err);
}

/* --- may it, and does the user know? --- */

static int scan_signature(const struct scan *scan, struct err *err)
{
	const struct job *job = scan->job;
	uint64_t targets = scan->stream.walk.targets;
	bool real = false;

	for (unsigned i = 0; i < scan->n_uplinks; i++)
		real |= !(scan->uplink[i].spec.driver->limits & IO_SIMULATED) && !job->dry_run;
	if (!real || targets <= LARGE_SCAN || (job->contact != NULL && job->purpose != NULL))
		return 0;
	return err_set(err, EXIT_REFUSED,
		       "%" PRIu64 " targets on a real network: say who scans and why with "
		       "--contact and --purpose (they are kept in the summary)",
		       targets);
}

static void scan_plan(const struct scan *scan)
{
	const struct job *job = scan->job;
	uint64_t targets = scan->stream.walk.targets;

	if (!job->quiet && (targets > LARGE_SCAN || job->dry_run || job->verbose != 0))
		plan_print(stderr, job, &scan->counts, targets, scan->stream.probe.template.len,
			   scan->rate);
}

/* --- what a probe looks like (packet/, probe/) --- */

static struct source scan_source(const struct job *job, const uint32_t *addr, uint32_t n)
{
	return (struct source){
		.addr = addr,
		.n_addrs = n,
		.port_first = job->source_ports.first,
		.port_count = job->source_ports.last - job->source_ports.first + 1u,
	};
}

static void uplink_probe(const struct job *job, struct uplink *u)
{
	struct probe_conf conf = {
		.link = u->link,
		.look = job->look,
		.ttl = (uint8_t)job->ttl,
	};
	struct probe *p = &u->probe;

	p->ops = &probe_tcp_syn;
	p->ops->build(&p->template, &conf);
	p->source = scan_source(job, u->sources, u->n_sources);
	pkt_template_rst(&u->rst, &u->link, conf.ttl);
}

/* The scan's own is that of any device, but for the addresses. */
static void scan_probe(struct scan *scan)
{
	struct stream *s = &scan->stream;

	for (unsigned i = 0; i < scan->n_uplinks; i++) {
		uplink_probe(scan->job, &scan->uplink[i]);
		scan->source[i] = scan->uplink[i].probe.source;
	}
	s->probe = scan->uplink[0].probe;
	s->probe.source = scan_source(scan->job, scan->sources, scan->n_sources);
	s->sources = scan->source;
	s->n_sources = scan->n_uplinks;
}

/* --- the devices (drivers/) --- */

/* What waits in a TX queue can no longer be opted out: not more than 5 ms of the rate. */
static unsigned tx_depth(uint64_t rate)
{
	return rte_align32pow2((uint32_t)RTE_MIN(RTE_MAX(rate / 200, 64u), 1024u));
}

bool scan_stop_asked(void)
{
	struct signal_counts now;

	signals_read(&now);
	return now.stop != 0;
}

/* Who asked for a number of lcores should know that it is not had. */
static void warn_of_queues(const char *option, unsigned asked, unsigned wanted, unsigned got,
			   const char *device)
{
	if (asked != 0 && got < wanted)
		LOG(WARN, "%s: %s has %u queue%s for %u cores, so no more than that are used",
		    option, device, got, got == 1 ? "" : "s", wanted);
}

static int uplink_device(struct scan *scan, unsigned i, const struct io_spec *spec, struct err *err)
{
	struct uplink *u = &scan->uplink[i];
	const struct io_conf conf = {
		.tx_queues = workers_queues(scan->roles.n_tx, scan->n_uplinks, i),
		.rx_queues = workers_queues(scan->roles.n_rx, scan->n_uplinks, i),
		.rate = scan->rate,
		.tx_descriptors = tx_depth(scan->rate),
		.socket = -1,
		.give_up = scan_stop_asked,
		.answers =
			{
				.addr = scan->sources,
				.n_addrs = scan->n_sources,
				.port_first = scan->job->source_ports.first,
				.port_last = scan->job->source_ports.last,
				.vlan = job_vlan(scan->job, u->name),
			},
	};
	int rc = io_open(spec, &conf, &u->dev, err);

	if (rc < 0)
		return rc;
	u->open = true;
	warn_of_queues("--tx-cores", scan->job->tx_cores, conf.tx_queues, u->dev.tx_queues,
		       u->name);
	warn_of_queues("--rx-cores", scan->job->rx_cores, conf.rx_queues, u->dev.rx_queues,
		       u->name);
	return 0;
}

/* What stands in for the devices of a dry run, too. */
static int scan_specs(const struct scan *scan, struct io_spec *spec, struct err *err)
{
	int rc = 0;

	for (unsigned i = 0; i < scan->n_uplinks && rc == 0; i++) {
		spec[i] = scan->uplink[i].spec;
		if (scan->job->dry_run)
			rc = io_spec_parse("null", &spec[i], err);
	}
	return rc;
}

static int scan_eal(const struct scan *scan, const struct io_spec *spec, struct err *err)
{
	const char *pci[DEVICES_MAX];
	struct eal_conf eal = {
		.lcores = scan->roles.lcores,
		.extra = scan->job->eal,
		.verbose = scan->job->verbose > 1,
		.pci = pci,
	};
	bool plain = false;

	for (unsigned i = 0; i < scan->n_uplinks; i++) {
		if (spec[i].driver->limits & IO_PCI)
			pci[eal.n_pci++] = spec[i].arg;
		eal.memory_mb += spec[i].driver->memory_mb;
		plain |= spec[i].driver->memory_mb == 0;
	}
	if (plain) /* all that ask for nothing of their own have room in this */
		eal.memory_mb += EAL_MEMORY_MB;
	return eal_start(&eal, err);
}

static int scan_device(struct scan *scan, struct err *err)
{
	struct io_spec spec[DEVICES_MAX];
	int rc = scan_specs(scan, spec, err);

	if (rc == 0)
		rc = scan_eal(scan, spec, err);
	for (unsigned i = 0; i < scan->n_uplinks && rc == 0; i++)
		rc = uplink_device(scan, i, &spec[i], err);
	if (rc == 0)
		rc = scan_link_open(scan, err);
	if (rc == 0)
		scan_probe(scan); /* again: now with the hardware addresses */
	return rc;
}

/* --- the datapath (datapath/, output/) --- */

/* Whether a sample is probed once more: it must be large enough, and its answers be waited for. */
static bool scan_samples(const struct scan *scan)
{
	const struct job *job = scan->job;

	return job->sample != 0 && !job->dry_run &&
	       job->cooldown_ns / 1000000 >= SCAN_SAMPLE_WAIT_MS &&
	       scan->stream.walk.targets / job->sample >= SAMPLE_LEAST;
}

static int scan_workers(struct scan *scan, struct err *err)
{
	struct workers_conf conf = {
		.stream = &scan->stream,
		.uplinks = scan->uplink,
		.n_uplinks = scan->n_uplinks,
		.output = scan->output,
		.clock = &scan->clock,
		.roles = &scan->roles,
		.rate = scan->rate,
		.answer_ping = scan->job->answer_ping,
		.ttl = (uint8_t)scan->job->ttl,
		.dry = scan->job->dry_run,
	};
	const struct stream_place place = {
		.cursor = scan->from.cursor,
		.sent_below = scan->from.sent_below,
		.todo = scan->from.todo.at,
		.n_todo = scan->from.todo.n,
	};
	struct stream_conf stream = {
		.excl = &scan->excl,
		.rate = scan->rate,
		.lcores = RTE_MAX(scan->roles.n_tx, scan->n_uplinks),
		.prefix_rate = scan->job->prefix_rate,
		.prefix_len = scan->job->prefix_len,
		.tsc_hz = rte_get_tsc_hz(),
		.samples = scan_samples(scan),
		.sample_bits = (unsigned)__builtin_ctz(scan->job->sample | 1u << 31),
		.secret = scan->keeps ? scan->from.secret : NULL,
		.from = scan->resumes ? &place : NULL,
	};
	int rc = stream_init(&scan->stream, &stream, err);

	if (rc == 0)
		rc = scan_state_place(scan, err);
	if (rc == 0)
		rc = workers_create(&conf, &scan->workers, err);
	if (rc == 0)
		rc = scan_seal(scan, err);
	if (rc < 0)
		return rc;
	rc = output_start(scan->output);
	if (rc < 0)
		return err_set(err, EXIT_OUTPUT, "the writer cannot start: %s", strerror(-rc));
	return 0;
}

/* --- the end (monitor/) --- */

static enum exit_code scan_code(struct scan *scan)
{
	static const enum exit_code codes[] = {
		[END_COMPLETE] = EXIT_COMPLETE,	   [END_MAX_TARGETS] = EXIT_COMPLETE,
		[END_MAX_RESULTS] = EXIT_COMPLETE, [END_MAX_RUNTIME] = EXIT_COMPLETE,
		[END_SIGNAL] = EXIT_STOPPED,	   [END_OUTPUT] = EXIT_OUTPUT,
		[END_DEVICE] = EXIT_STOPPED,	   [END_BOOKS] = EXIT_BOOKS,
		[END_GATE] = EXIT_BOOKS,	   [END_LOSS] = EXIT_STOPPED,
		[END_DRY_RUN] = EXIT_COMPLETE,
	};
	char equation[256];

	if (codes[scan->end] < EXIT_BOOKS &&
	    stats_check(&scan->last, true, equation, sizeof(equation)) != NULL) {
		LOG(ERROR, "counters do not add up: %s", equation);
		scan->end = END_BOOKS;
	}
	return codes[scan->end] == EXIT_COMPLETE && scan->status_lost ? EXIT_OUTPUT
								      : codes[scan->end];
}

/* In the state directory, which may not be reached by its name any more. */
static int scan_summary_in_state(const struct scan *scan, char *json, struct err *err)
{
	size_t len = strlen(json);

	json[len] = '\n'; /* in place of the NUL */
	return state_write(&scan->state, "summary.json", json, len + 1, err);
}

/* All of them with blanks between; the caller frees it. */
static char *scan_device_names(const struct scan *scan)
{
	char *names = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&names, &size);

	if (to == NULL)
		return NULL;
	for (unsigned i = 0; i < scan->n_uplinks; i++)
		fprintf(to, "%s%s", i != 0 ? " " : "", scan->uplink[i].name);
	fclose(to);
	return names;
}

static int scan_summary(struct scan *scan, struct err *err)
{
	struct summary_meta meta = {
		.job = scan->job,
		.isa = isa_name(isa_choose()),
		.exit_reason = scan_end_name(scan->end),
		.coverage = &scan->coverage,
		.complete = scan->end == END_COMPLETE || scan->end == END_MAX_TARGETS,
		.started = scan->resumes ? scan->from.started : scan->started,
		.ended = scan->ended,
		.sandbox = &scan->sandbox,
	};
	const char *path = scan->job->summary_file;
	char *devices = scan_device_names(scan), *json = NULL;
	int rc = 0;

	meta.device = devices;
	for (unsigned i = 0; i < scan->n_uplinks; i++)
		meta.n_counters[i] = io_counters(&scan->uplink[i].dev, &meta.counters[i]);
	if (devices != NULL)
		json = summary_to_json(&meta, &scan->last);
	for (unsigned i = 0; i < scan->n_uplinks; i++)
		free(meta.counters[i]);
	free(devices);
	if (json == NULL)
		rc = err_set(err, EXIT_OUTPUT, "out of memory for the summary");
	else if (path == NULL && scan->keeps)
		rc = scan_summary_in_state(scan, json, err);
	else if (path != NULL && scan->summary_fd >= 0)
		rc = summary_write_held(path, scan->summary_fd, json, err);
	else if (path != NULL)
		rc = summary_write(path, json, scan_stop_asked, err);
	free(json);
	return rc;
}

static void scan_fini(struct scan *scan)
{
	status_close(scan->status);
	for (unsigned i = 0; i < scan->n_uplinks; i++)
		if (scan->uplink[i].open)
			io_close(&scan->uplink[i].dev);
	workers_destroy(scan->workers);
	output_destroy(scan->output);
	stream_fini(&scan->stream);
	eal_stop();
	target_space_destroy(scan->space);
	exclusion_fini(&scan->excl);
	for (unsigned i = 0; i < scan->n_uplinks; i++) {
		source_claim_drop(&scan->claim[i]);
		free(scan->uplink[i].sources);
		free(scan->uplink[i].kernel_addrs);
	}
	free(scan->sources);
	scan_state_fini(scan);
}

/* --- in order --- */

/* Before its addresses are asked for. What is not opened needs no privilege. */
static int scan_check_device(const struct scan *scan, struct err *err)
{
	int rc = 0;

	for (unsigned i = 0; i < scan->n_uplinks && rc == 0; i++) {
		rc = io_check(&scan->uplink[i].spec, err);
		if (rc < 0 && scan->job->dry_run && err->code == EXIT_PRIVILEGE)
			rc = 0;
	}
	return rc;
}

/* Under two names, or by two drivers. */
static bool same_device(const struct io_spec *a, const struct io_spec *b)
{
	const unsigned kinds = IO_KERNEL | IO_PCI;

	return (a->driver->limits & b->driver->limits & kinds) != 0 && strcmp(a->arg, b->arg) == 0;
}

static int scan_uplinks(struct scan *scan, struct err *err)
{
	const struct strlist *devices = &scan->job->devices;
	int rc = 0;

	for (; scan->n_uplinks < devices->n && rc == 0; scan->n_uplinks++) {
		struct uplink *u = &scan->uplink[scan->n_uplinks];

		u->name = devices->at[scan->n_uplinks];
		rc = io_spec_parse(u->name, &u->spec, err);
		for (unsigned i = 0; i < scan->n_uplinks && rc == 0; i++)
			if (same_device(&scan->uplink[i].spec, &u->spec))
				rc = err_set(err, EXIT_USAGE, "--device: %s and %s are the same",
					     scan->uplink[i].name, u->name);
	}
	return rc;
}

static int scan_prepare(struct scan *scan, struct err *err)
{
	int rc = scan_state_begin(scan, err);

	if (rc == 0)
		rc = scan_uplinks(scan, err);
	if (rc == 0)
		rc = scan_targets(scan, err);
	if (rc == 0)
		rc = scan_signature(scan, err);
	if (rc == 0)
		rc = scan_check_device(scan, err);
	if (rc == 0)
		rc = scan_link_sources(scan, err);
	if (rc < 0)
		return rc;
	scan_probe(scan);
	scan_rate(scan);
	rc = scan_roles(scan, err);
	if (rc < 0)
		return rc;
	scan_plan(scan);
	return 0;
}

/* What is written besides the records: to be refused before anything is sent or overwritten. */
static int scan_open_files(struct scan *scan, struct err *err)
{
	const struct job *job = scan->job;
	int rc = 0;

	if (job->summary_file != NULL)
		rc = summary_check(job->summary_file, err);
	if (rc == 0 && job->status_file != NULL)
		rc = status_open(job->status_file, &scan->status, err);
	return rc;
}

static int scan_all(struct scan *scan, enum exit_code *code, struct err *err)
{
	int rc = scan_prepare(scan, err);

	if (rc == 0)
		rc = scan_open_files(scan, err);
	if (rc == 0)
		rc = signals_start() < 0 ? err_set(err, EXIT_DEVICE, "signals cannot be set up")
					 : 0;
	if (rc == 0)
		rc = scan_link_claim(scan, err);
	if (rc == 0)
		rc = scan_device(scan, err);
	if (rc < 0)
		return rc;
	clock_start(&scan->clock, rte_rdtsc(), rte_get_tsc_hz());
	rc = control_start() < 0 ? err_set(err, EXIT_DEVICE, "telemetry cannot start") : 0;
	if (rc == 0)
		rc = scan_output_open(scan, err);
	if (rc == 0)
		rc = scan_workers(scan, err);
	if (rc == 0)
		rc = scan_keep_start(scan, err);
	if (rc == 0)
		rc = scan_watch(scan, err);
	if (rc < 0)
		return rc;
	*code = scan_code(scan);
	scan_output_end(scan, code);
	scan_keep_end(scan, false);
	signals_forget(); /* what ended the scan does not end what is left to do */
	rc = scan_summary(scan, err);
	if (rc == 0)
		scan_keep_end(scan, true);
	return rc;
}

int scan_main(struct scan *scan, enum exit_code *code, struct err *err)
{
	int rc;

	scan->summary_fd = -1;
	rc = scan_all(scan, code, err);

	scan_keep_stop(scan);
	scan_fini(scan);
	return rc;
}

static int scan_run(struct job *job, enum exit_code *code, struct err *err)
{
	struct scan *scan = calloc(1, sizeof(*scan));
	int rc;

	if (scan == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	scan->job = job;
	rc = job_draw_seed(job, err);
	if (rc == 0)
		rc = scan_main(scan, code, err);
	free(scan);
	return rc;
}

const struct cmd cmd_scan = {
	.name = "scan",
	.help = "probe targets and write one record per answer",
	.options = CMD_SCAN,
	.run = scan_run,
};
