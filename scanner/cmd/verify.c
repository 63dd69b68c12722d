/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * `peal verify`: derives every record of a scan again, from the answers that it captured and the
 * key in its state directory, as the datapath did: the same parser, checksum, cookie and targets.
 * What the records file has is compared with that.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>

#include "addr.h"
#include "audit.h"
#include "capture.h"
#include "cmd.h"
#include "scan.h"

struct verify {
	struct scan scan; /* its job, targets and order; nothing of it runs */
	struct capture_reader *capture;
	struct audit *audit; /* NULL: there are no records to compare with */
	uint64_t wrong;	     /* frames that are no answer */
};

/* --- what the scan was --- */

static int verify_state(struct verify *v, struct err *err)
{
	struct scan *scan = &v->scan;
	int rc = state_open(&scan->state, scan->job->state_dir, err);

	scan->keeps = scan->resumes = true;
	if (rc == 0)
		rc = state_load(&scan->state, &scan->from, err);
	if (rc == 0)
		rc = scan_state_begin(scan, err);
	if (rc == 0)
		rc = scan_targets(scan, err);
	if (rc < 0)
		return rc;
	cookie_key_init(&scan->stream.key, scan->from.secret);
	scan->stream.probe.ops = &probe_tcp_syn;
	return 0;
}

static int verify_files(struct verify *v, struct err *err)
{
	const struct job *job = v->scan.job;
	int fd = open(job->capture, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, EXIT_INPUT, "--capture: %s: %s", job->capture, strerror(errno));
	v->capture = capture_reader_create(fd);
	if (v->capture == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	if (job->output == NULL || strcmp(job->output, "-") == 0)
		return 0;
	return audit_create(job->output, stdout, &v->audit, err);
}

/* --- one answer --- */

/* Whether the answer carries the cookie of this attempt, from an interface that the capture names.
 */
static bool proves(const struct verify *v, const struct pkt_claims *claims, uint8_t attempt)
{
	const struct port_range *ports = &v->scan.job->source_ports;
	const struct capture_iface *iface;
	unsigned n = capture_ifaces(v->capture, &iface);
	const struct probe_ops *ops = v->scan.stream.probe.ops;
	struct cookie cookie;

	cookie_make(&v->scan.stream.key, claims->remote, claims->remote_port, attempt, &cookie, 1);
	for (unsigned i = 0; i < n; i++) {
		const struct source source = {
			.addr = iface[i].addr,
			.n_addrs = iface[i].n_addrs,
			.port_first = ports->first,
			.port_count = ports->last - ports->first + 1u,
		};
		if (iface[i].n_addrs != 0 && ops->validate(&source, claims, &cookie) != 0)
			return true;
	}
	return false;
}

/* The attempt whose cookie it carries, 0 is the first, behind the last comes the sample's; -1:
 * none.
 */
static int verify_cookie(const struct verify *v, const struct pkt_view *view)
{
	struct pkt_claims claims = {0};
	int attempt = (int)v->scan.stream.attempts;

	pkt_claims_add(&claims, view);
	while (attempt >= 0 && !proves(v, &claims, (uint8_t)attempt))
		attempt--;
	return attempt;
}

/* Whether it is a target of this scan, not excluded, and its probe may have been sent. */
static bool verify_target(const struct verify *v, const struct pkt_view *view, int attempt)
{
	const struct stream *s = &v->scan.stream;
	const struct checkpoint *from = &v->scan.from;
	uint64_t front = RTE_MAX(from->cursor, from->sent_below);
	uint64_t index, offset = WALK_ELSEWHERE, step;

	target_space_rank(v->scan.space, &view->remote, &view->remote_port, &index, 1);
	if (index != TARGET_ABSENT)
		walk_find(&s->walk, &index, &offset, 1);
	if (offset == WALK_ELSEWHERE)
		return false;
	step = stream_step(s, (uint32_t)attempt, offset);
	return step < front || (step >= from->steps && front >= from->steps);
}

/* 0 and its record, or the negative reason as of pkt_parse(). */
static int verify_answer(const struct verify *v, const struct capture_packet *packet,
			 struct pkt_view *view, struct record *rec)
{
	const struct probe_ops *ops = v->scan.stream.probe.ops;
	int rc = pkt_parse(view, packet->data, packet->len), attempt;

	if (rc == 0)
		rc = ops->match(view);
	if (rc < 0)
		return rc;
	if (!pkt_checksum_ok(view, packet->data))
		return -1 - REJECT_CHECKSUM;
	attempt = verify_cookie(v, view);
	if (attempt < 0)
		return -1 - REJECT_COOKIE;
	if (!verify_target(v, view, attempt))
		return -1 - REJECT_NOT_PROBED;
	*rec = (struct record){
		.time_ns = packet->time_ns,
		.rtt_us = packet->rtt_us,
		.attempt = (uint8_t)(attempt + 1),
	};
	ops->classify(view, rec);
	rec->flags |= packet->flags;
	return 0;
}

static void verify_tell(struct verify *v, const struct pkt_view *view, int rc)
{
	char addr[ADDR4_TEXT] = "";

	addr4_format(addr, view->remote);
	printf("frame %" PRIu64 ": no answer to a probe of this scan: %s (from %s, port %u)\n",
	       capture_count(v->capture), reject_name(pkt_reject(rc)), addr, view->remote_port);
	v->wrong++;
}

/* --- all of them --- */

static int verify_answers(struct verify *v, struct err *err)
{
	struct capture_packet packet;
	int rc;

	while ((rc = capture_read(v->capture, &packet)) == 1) {
		struct pkt_view view;
		struct record rec;
		int reason = verify_answer(v, &packet, &view, &rec);

		if (reason < 0)
			verify_tell(v, &view, reason);
		else if (v->audit != NULL)
			audit_expect(v->audit, &rec, capture_count(v->capture));
	}
	if (rc == 0)
		return 0;
	return err_set(err, EXIT_INPUT,
		       "--capture: %s: %s behind byte %" PRIu64 " (frame %" PRIu64 ")",
		       v->scan.job->capture,
		       rc == -EILSEQ  ? "no capture of peal's"
		       : rc == -EPIPE ? "cut off"
				      : strerror(-rc),
		       capture_offset(v->capture), capture_count(v->capture));
}

static int verify_all(struct verify *v, struct err *err)
{
	struct audit_result found = {0};
	int rc = verify_answers(v, err);

	if (rc == 0 && v->audit != NULL)
		rc = audit_finish(v->audit, &found, err);
	if (rc < 0)
		return rc;
	printf("frames: %" PRIu64 ", no answers: %" PRIu64 "\n", capture_count(v->capture),
	       v->wrong);
	if (v->audit != NULL)
		printf("records: %" PRIu64 ", findings: %" PRIu64 "\n", found.lines,
		       found.findings);
	else
		puts("records: not compared, for the scan has no file of them: see --records");
	if (v->wrong + found.findings == 0)
		return 0;
	return err_set(err, EXIT_INPUT, "%s: its records are not what was answered",
		       v->scan.job->state_dir);
}

static void verify_fini(struct verify *v)
{
	struct scan *scan = &v->scan;

	audit_destroy(v->audit);
	capture_reader_destroy(v->capture);
	target_space_destroy(scan->space);
	exclusion_fini(&scan->excl);
	explicit_bzero(&scan->stream.key, sizeof(scan->stream.key));
	scan_state_fini(scan);
}

static int verify_run(struct job *job, enum exit_code *code, struct err *err)
{
	struct verify *v = calloc(1, sizeof(*v));
	int rc;

	(void)code;
	if (v == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	v->scan.job = job;
	rc = verify_state(v, err);
	if (rc == 0)
		rc = verify_files(v, err);
	if (rc == 0)
		rc = verify_all(v, err);
	verify_fini(v);
	free(v);
	return rc;
}

const struct cmd cmd_verify = {
	.name = "verify",
	.help = "derive the records of a scan again from the answers it captured",
	.options = CMD_VERIFY,
	.run = verify_run,
};
