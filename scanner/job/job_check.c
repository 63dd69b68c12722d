/* SPDX-License-Identifier: BSD-3-Clause */

#include <stdlib.h>
#include <string.h>

#include "job.h"
#include "log.h"
#include "number.h"
#include "output.h"
#include "sink.h"
#include "value.h"

enum { SOURCE_PORTS_WANTED = 1 << 14, CPU_MAX = 1023 };

static int check_targets(const struct job *job, struct err *err)
{
	const struct target_conf *t = &job->target;

	if (t->targets.n == 0 && t->targets_files.n == 0)
		return err_set(err, EXIT_USAGE,
			       "no targets: name addresses, CIDR blocks or ranges, or a file of "
			       "them with --targets-file");
	if (t->ports == NULL && t->targets_files.n == 0)
		return err_set(err, EXIT_USAGE,
			       "no ports: name them with --ports, such as -p 80,443 or -p '*'");
	return 0;
}

static int check_order(const struct job *job, struct err *err)
{
	if (job->shard.total > 1 && !job->seed_given)
		return err_set(err, EXIT_USAGE, "--shard needs --seed, the same on every machine");
	if ((job->sample & (job->sample - 1)) != 0)
		return err_set(
			err, EXIT_USAGE,
			"--sample %u: N is a power of two, such as 256 or 1024, or 0 for none",
			job->sample);
	return 0;
}

/* stdin can be read once. */
static int check_stdin(const struct job *job, struct err *err)
{
	const struct {
		const char *name;
		const struct strlist *files;
	} readers[] = {
		{"--targets-file", &job->target.targets_files},
		{"--blocklist-file", &job->target.blocklist_files},
		{"--scope", &job->target.scope_files},
	};
	const char *reader = NULL;

	if (job->job_file != NULL && strcmp(job->job_file, "-") == 0)
		reader = "--job";
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		for (size_t k = 0; k < readers[i].files->n; k++) {
			if (strcmp(readers[i].files->at[k], "-") != 0)
				continue;
			if (reader != NULL)
				return err_set(err, EXIT_USAGE,
					       "%s -: stdin is read by %s already: name a file",
					       readers[i].name, reader);
			reader = readers[i].name;
		}
	}
	return 0;
}

/* Four streams that never mix: each has a place of its own, and stdout belongs to the records. */
static int check_streams(const struct job *job, struct err *err)
{
	const struct {
		const char *name, *path;
	} streams[] = {
		{"--output", job->output},	  {"--capture", job->capture},
		{"--summary", job->summary_file}, {"--status-file", job->status_file},
		{"--log-file", job->log_file},
	};

	for (size_t i = 1; i < sizeof(streams) / sizeof(streams[0]); i++) {
		if (streams[i].path == NULL)
			continue;
		if (strcmp(streams[i].path, "-") == 0)
			return err_set(err, EXIT_USAGE,
				       "%s: stdout belongs to the records: name a file",
				       streams[i].name);
		for (size_t k = 0; k < i; k++) {
			if (streams[k].path != NULL &&
			    strcmp(streams[i].path, streams[k].path) == 0)
				return err_set(err, EXIT_USAGE,
					       "%s: '%s' is where %s writes: name another file",
					       streams[i].name, value_quote(streams[i].path).text,
					       streams[k].name);
		}
	}
	return 0;
}

/* What a kill tore is cut to as many records as there are frames, which needs plain lines. */
static int check_capture(const struct job *job, struct err *err)
{
	bool packed = job->output != NULL && sink_name_packed(job->output);

	if (job->capture == NULL || (!packed && job->output_dir == NULL))
		return 0;
	return err_set(err, EXIT_USAGE,
		       "--capture: answers are matched with the records of one file that is not "
		       "compressed: name it with --output, without .zst");
}

static int check_segments(const struct job *job, struct err *err)
{
	const char *option = job->segment_size != 0 ? "--segment-size"
			     : job->segment_ns != 0 ? "--segment-time"
			     : job->zstd	    ? "--zstd"
						    : NULL;

	if (job->output_dir != NULL && job->output != NULL)
		return err_set(err, EXIT_USAGE,
			       "--output-dir and --output contradict each other: records go to one "
			       "of them");
	if (job->output_dir != NULL || option == NULL)
		return 0;
	return err_set(err, EXIT_USAGE, "%s: is for the files of --output-dir; %s", option,
		       job->zstd ? "-o FILE.zst is compressed by its name"
				 : "name a folder with it");
}

static int check_records(const struct job *job, struct err *err)
{
	struct output_conf conf;

	job_output_conf(job, &conf);
	conf.again = job->state_dir != NULL && job_keeps_records(job);
	return output_check(&conf, err);
}

/* How many cores a list such as "2-5,8" names; 0 when it is none. */
static unsigned cores_count(const char *list)
{
	unsigned n = 0;

	for (;;) {
		size_t len = strcspn(list, ","), end = strcspn(list, "-,");
		uint64_t first, last;

		if (number_plain(list, end, CPU_MAX, &first) < 0)
			return 0;
		last = first;
		if (end < len && number_plain(list + end + 1, len - end - 1, CPU_MAX, &last) < 0)
			return 0;
		if (last < first)
			return 0;
		n += (unsigned)(last - first) + 1;
		if (list[len] == '\0')
			return n;
		list += len + 1;
	}
}

static int check_cores(const struct job *job, struct err *err)
{
	unsigned n;

	if (job->cores == NULL)
		return 0;
	n = cores_count(job->cores);
	if (n == 0)
		return err_set(err, EXIT_USAGE,
			       "--cores: '%s' is not a list of CPU numbers such as 2-5,8",
			       value_quote(job->cores).text);
	if (job->tx_cores > n || job->rx_cores > n)
		return err_set(err, EXIT_USAGE, "--%s-cores %u: --cores names only %u",
			       job->tx_cores > n ? "tx" : "rx",
			       job->tx_cores > n ? job->tx_cores : job->rx_cores, n);
	return 0;
}

static int check_device(const struct job *job, struct err *err)
{
	if (job->devices.n != 0)
		return 0;
	return err_set(err, EXIT_USAGE,
		       "no device: -i sim tries it on a simulated internet, -i eth0 sends "
		       "by that interface");
}

/* Addresses and ports to send from and to. */
static int check_sender(const struct job *job, struct err *err)
{
	uint32_t *sources, n;
	unsigned ports = job->source_ports.last - job->source_ports.first + 1U;
	int rc = job_check_devices(job, err);

	for (size_t i = 0; (i == 0 || i < job->devices.n) && rc == 0; i++) {
		const char *device = job->devices.n != 0 ? job->devices.at[i] : NULL;

		sources = NULL;
		rc = job_source_addrs(job, device, &sources, &n, err);
		free(sources);
	}
	if (rc < 0)
		return rc;
	if (ports < SOURCE_PORTS_WANTED)
		LOG(WARN,
		    "--source-port: %u ports leave an answer %d bits of proof; %d ports make it 46",
		    ports, 32 + 31 - __builtin_clz(ports), SOURCE_PORTS_WANTED);
	return 0;
}

static int check_scan(const struct job *job, struct err *err)
{
	int rc = check_streams(job, err);

	if (rc == 0)
		rc = check_records(job, err);
	if (rc == 0)
		rc = check_segments(job, err);
	if (rc == 0)
		rc = check_capture(job, err);
	if (rc == 0)
		rc = check_cores(job, err);
	if (rc == 0)
		rc = check_device(job, err);
	if (rc == 0)
		rc = check_sender(job, err);
	return rc;
}

static int check_verify(const struct job *job, struct err *err)
{
	if (job->capture != NULL)
		return 0;
	return err_set(err, EXIT_USAGE, "the scan of %s captured no answers: it had no --capture",
		       value_quote(job->state_dir).text);
}

static int check_merge(const struct job *job, struct err *err)
{
	if (job->dirs.n != 0)
		return 0;
	return err_set(err, EXIT_USAGE,
		       "which records? name the folders of all shards: the --output-dir of each");
}

static int check_list(const struct job *job, struct err *err)
{
	if (job->truth && job->devices.n != 1)
		return err_set(err, EXIT_USAGE,
			       "--truth: only a simulated internet knows it: add -i sim, with the "
			       "settings of the scan");
	return 0;
}

int job_check(const struct job *job, unsigned command, struct err *err)
{
	int rc;

	if (job->quiet && job->verbose > 0)
		return err_set(err, EXIT_USAGE, "--quiet and --verbose contradict each other");
	if (command == CMD_DOCTOR)
		return check_sender(job, err);
	if (command == CMD_VERIFY)
		return check_verify(job, err);
	if (command == CMD_MERGE)
		return check_merge(job, err);
	rc = check_targets(job, err);
	if (rc == 0)
		rc = check_order(job, err);
	if (rc == 0)
		rc = check_stdin(job, err);
	if (rc == 0)
		rc = command == CMD_LIST ? check_list(job, err) : check_scan(job, err);
	return rc;
}
