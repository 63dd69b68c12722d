/* SPDX-License-Identifier: BSD-3-Clause */

#include "stream.h"

#include <inttypes.h>
#include <string.h>

#include "dedup.h"
#include "gate.h"
#include "prefix.h"
#include "sendlog.h"

enum { RUN_MAX = 4096 };

/* A claim is about a tenth of a second of an lcore's work: the last ones end at nearly one time. */
static void init_runs(struct stream *s, uint64_t rate, unsigned lcores)
{
	uint64_t run = rate / (10 * (uint64_t)lcores);

	if (run > RUN_MAX)
		run = RUN_MAX;
	if (run == 0)
		run = 1;
	s->run = run;
	s->runs = (s->walk.length + run - 1) / run;
	s->cursor = 0;
}

int stream_init(struct stream *s, const struct stream_conf *conf, struct err *err)
{
	uint64_t steps = s->walk.length * s->attempts;
	int rc = cookie_key_random(&s->key);

	if (rc < 0)
		return err_set(err, EXIT_DEVICE, "no randomness for the cookie key: %s",
			       strerror(-rc));
	rc = gate_create(conf->excl, &s->gate, err);
	if (rc < 0)
		return rc;
	rc = dedup_create(s->walk.length, &s->dedup);
	if (rc == 0)
		rc = sendlog_create(conf->rate, steps, &s->sendlog);
	if (rc == 0 && conf->prefix_rate != 0)
		rc = prefix_pace_create(conf->prefix_rate, conf->prefix_len, conf->tsc_hz,
					&s->prefix);
	if (rc < 0)
		return err_set(err, EXIT_DEVICE, "out of memory for %" PRIu64 " targets",
			       s->walk.targets);
	init_runs(s, conf->rate, conf->lcores);
	return 0;
}

void stream_fini(struct stream *s)
{
	prefix_pace_destroy(s->prefix);
	sendlog_destroy(s->sendlog);
	dedup_destroy(s->dedup);
	gate_destroy(s->gate);
	explicit_bzero(&s->key, sizeof(s->key));
}

int stream_opt_out(struct stream *s, const struct exclusion *deny, struct err *err)
{
	return gate_deny_more(s->gate, deny, err);
}

bool stream_claim(struct stream *s, struct claim *claim)
{
	uint64_t taken;

	/* looked at first, so that lcores that come by again at the end do not wind it up */
	if (__atomic_load_n(&s->cursor, __ATOMIC_RELAXED) >= s->runs * s->attempts)
		return false;
	taken = __atomic_fetch_add(&s->cursor, 1, __ATOMIC_RELAXED);
	if (taken >= s->runs * s->attempts)
		return false;

	claim->attempt = (uint32_t)(taken / s->runs);
	claim->next = taken % s->runs * s->run;
	claim->end = claim->next + s->run;
	if (claim->end > s->walk.length)
		claim->end = s->walk.length;
	dedup_claim(s->dedup, stream_seen_key(s, claim->attempt, claim->next),
		    claim->end - claim->next);
	return true;
}

uint64_t stream_seen_key(const struct stream *s, uint32_t attempt, uint64_t offset)
{
	return s->walk.length <= DEDUP_EXACT_MAX ? offset : stream_step(s, attempt, offset);
}

/* Where the claims taken so far end: attempt and offset. */
static void front(const struct stream *s, uint64_t *attempt, uint64_t *offset)
{
	uint64_t taken = __atomic_load_n(&s->cursor, __ATOMIC_RELAXED);

	if (s->runs == 0 || taken >= s->runs * s->attempts) {
		*attempt = s->attempts;
		*offset = 0;
		return;
	}
	*attempt = taken / s->runs;
	*offset = taken % s->runs * s->run;
}

uint64_t stream_front(const struct stream *s)
{
	uint64_t attempt, offset;

	front(s, &attempt, &offset);
	return attempt * s->walk.length + offset;
}

uint64_t stream_unclaimed(const struct stream *s)
{
	uint64_t attempt, offset;

	front(s, &attempt, &offset);
	return (s->attempts - attempt) * s->walk.targets - walk_targets_before(&s->walk, offset);
}
