/* SPDX-License-Identifier: BSD-3-Clause */

#include "stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "dedup.h"
#include "gate.h"
#include "prefix.h"
#include "sample.h"
#include "sendlog.h"
#include "vec.h"

enum { RUN_MAX = 4096 };

/* A claim is about a tenth of a second of an lcore's work: the last ones end at nearly one time. */
static uint64_t run_length(uint64_t rate, unsigned lcores)
{
	uint64_t run = rate / (10 * (uint64_t)lcores);

	return run > RUN_MAX ? RUN_MAX : run == 0 ? 1 : run;
}

/* A claim of [first, end) at most: within one attempt, and no longer than a run. */
static struct span run_cut(const struct stream *s, uint64_t first, uint64_t end)
{
	uint64_t attempt_end = (first / s->walk.length + 1) * s->walk.length;

	if (end > attempt_end)
		end = attempt_end;
	if (end > first + s->run)
		end = first + s->run;
	return (struct span){first, end};
}

/* What was left over, in pieces that a claim can be: TX lcores take them by their number. */
static int init_todo(struct stream *s, const struct stream_place *from)
{
	VEC(struct span) pieces = {0};

	for (size_t i = 0; i < from->n_todo; i++) {
		struct span piece = {.end = from->todo[i].first};

		while (piece.end < from->todo[i].end) {
			piece = run_cut(s, piece.end, from->todo[i].end);
			if (vec_push(&pieces, piece) < 0) {
				vec_free(&pieces);
				return -ENOMEM;
			}
		}
	}
	s->todo = pieces.at;
	s->n_todo = pieces.n;
	return 0;
}

static int init_place(struct stream *s, const struct stream_conf *conf)
{
	s->steps = s->walk.length * s->attempts;
	s->lease = s->steps;
	s->run = run_length(conf->rate, conf->lcores);
	if (conf->from == NULL)
		return 0;
	s->cursor = conf->from->cursor;
	s->sent_below = conf->from->sent_below;
	return init_todo(s, conf->from);
}

static int init_key(struct stream *s, const uint8_t *secret, struct err *err)
{
	int rc = 0;

	if (secret != NULL)
		cookie_key_init(&s->key, secret);
	else
		rc = cookie_key_random(&s->key);
	if (rc < 0)
		return err_set(err, EXIT_DEVICE, "no randomness for the cookie key: %s",
			       strerror(-rc));
	return 0;
}

/* Of a resumed scan, only what it has still to send: what came before is not remembered. */
static int init_sample(struct stream *s, const struct stream_conf *conf)
{
	uint64_t draw;

	if (!conf->samples || s->cursor >= s->walk.length)
		return 0;
	if (getrandom(&draw, sizeof(draw), 0) != sizeof(draw))
		return -errno;
	return sample_create(&s->walk, conf->sample_bits, s->cursor, draw, &s->sample);
}

int stream_init(struct stream *s, const struct stream_conf *conf, struct err *err)
{
	struct prefix_pace_conf prefix = {
		.rate = conf->prefix_rate,
		.len = conf->prefix_len,
		.total = conf->rate,
		.lcores = conf->lcores,
		.tsc_hz = conf->tsc_hz,
	};
	int rc = init_key(s, conf->secret, err);

	if (rc == 0)
		rc = gate_create(conf->excl, &s->gate, err);
	if (rc < 0)
		return rc;
	rc = init_place(s, conf);
	if (rc == 0)
		rc = dedup_create(s->walk.length, &s->dedup);
	if (rc == 0)
		rc = init_sample(s, conf);
	if (rc == 0)
		rc = sendlog_create(conf->rate, s->steps + (s->sample ? s->walk.length : 0),
				    &s->sendlog);
	if (rc == 0 && conf->prefix_rate != 0)
		rc = prefix_pace_create(&prefix, &s->prefix);
	if (rc < 0)
		return err_set(err, EXIT_DEVICE, "out of memory for %" PRIu64 " targets",
			       s->walk.targets);
	return 0;
}

void stream_fini(struct stream *s)
{
	prefix_pace_destroy(s->prefix);
	sample_destroy(s->sample);
	sendlog_destroy(s->sendlog);
	dedup_destroy(s->dedup);
	gate_destroy(s->gate);
	free(s->todo);
	explicit_bzero(&s->key, sizeof(s->key));
}

int stream_opt_out(struct stream *s, const struct exclusion *deny, struct err *err)
{
	return gate_deny_more(s->gate, deny, err);
}

static bool claim_todo(struct stream *s, struct span *taken)
{
	size_t next;

	/* looked at first, so that lcores that come by again do not wind it up */
	if (__atomic_load_n(&s->next_todo, __ATOMIC_RELAXED) >= s->n_todo)
		return false;
	next = __atomic_fetch_add(&s->next_todo, 1, __ATOMIC_RELAXED);
	if (next >= s->n_todo)
		return false;
	*taken = s->todo[next];
	return true;
}

static bool claim_new(struct stream *s, struct span *taken)
{
	uint64_t lease = __atomic_load_n(&s->lease, __ATOMIC_ACQUIRE);
	uint64_t first = __atomic_load_n(&s->cursor, __ATOMIC_RELAXED);

	do {
		if (first >= lease)
			return false;
		*taken = run_cut(s, first, lease);
	} while (!__atomic_compare_exchange_n(&s->cursor, &first, taken->end, false,
					      __ATOMIC_RELEASE, __ATOMIC_RELAXED));
	return true;
}

static bool claim_sample(struct stream *s, struct span *taken)
{
	if (s->sample == NULL || !sample_claim(s->sample, &taken->first, &taken->end))
		return false;
	taken->first += s->steps;
	taken->end += s->steps;
	return true;
}

bool stream_claim(struct stream *s, struct claim *claim)
{
	struct span taken;

	if (!claim_todo(s, &taken) && !claim_new(s, &taken) && !claim_sample(s, &taken))
		return false;
	claim->attempt = (uint32_t)(taken.first / s->walk.length);
	claim->next = taken.first % s->walk.length;
	claim->end = claim->next + (taken.end - taken.first);

	/* what may have been sent before has been answered, perhaps: that is not forgotten */
	if (taken.first < s->sent_below)
		taken.first = taken.end < s->sent_below ? taken.end : s->sent_below;
	dedup_claim(s->dedup,
		    stream_seen_key(s, claim->attempt, claim->end - (taken.end - taken.first)),
		    taken.end - taken.first);
	return true;
}

bool stream_exhausted(const struct stream *s)
{
	return __atomic_load_n(&s->next_todo, __ATOMIC_RELAXED) >= s->n_todo &&
	       stream_cursor(s) >= s->steps && (s->sample == NULL || !sample_waits(s->sample));
}

void stream_extend(struct stream *s, uint64_t step)
{
	__atomic_store_n(&s->lease, step < s->steps ? step : s->steps, __ATOMIC_RELEASE);
}

uint64_t stream_seen_key(const struct stream *s, uint32_t attempt, uint64_t offset)
{
	return s->walk.length <= DEDUP_EXACT_MAX ? offset : stream_step(s, attempt, offset);
}

uint64_t stream_cursor(const struct stream *s)
{
	return __atomic_load_n(&s->cursor, __ATOMIC_ACQUIRE);
}

uint64_t stream_front(const struct stream *s)
{
	uint64_t cursor = stream_cursor(s);

	return cursor > s->sent_below ? cursor : s->sent_below;
}

uint64_t stream_latest(const struct stream *s)
{
	if (s->sample != NULL && sample_has_begun(s->sample))
		return s->steps + s->walk.length;
	return stream_front(s);
}

static uint64_t targets_below(const struct stream *s, uint64_t step)
{
	return step / s->walk.length * s->walk.targets +
	       walk_targets_before(&s->walk, step % s->walk.length);
}

uint64_t stream_targets(const struct stream *s, uint64_t first, uint64_t end)
{
	return targets_below(s, end) - targets_below(s, first);
}

uint64_t stream_unclaimed(const struct stream *s)
{
	uint64_t targets = stream_targets(s, stream_cursor(s), s->steps);

	for (size_t i = __atomic_load_n(&s->next_todo, __ATOMIC_RELAXED); i < s->n_todo; i++)
		targets += stream_targets(s, s->todo[i].first, s->todo[i].end);
	return targets;
}

/* --- answers that are written already --- */

/* The latest step at which a target at offset was probed so far: that which is answered. */
static uint64_t last_step(const struct stream *s, uint64_t offset)
{
	uint64_t front = stream_front(s), step = front - front % s->walk.length + offset;

	return step < front || step < s->walk.length ? step : step - s->walk.length;
}

unsigned stream_replay(struct stream *s, const struct record *rec, unsigned n,
		       uint64_t first[STATE_COUNT])
{
	unsigned known = 0;

	for (unsigned i = 0; i < n; i++) {
		uint64_t index, offset, key;

		target_space_rank(s->space, &rec[i].saddr, &rec[i].sport, &index, 1);
		if (index == TARGET_ABSENT)
			continue;
		walk_find(&s->walk, &index, &offset, 1);
		if (offset == WALK_ELSEWHERE)
			continue;
		known++;
		key = stream_seen_key(s, 0, offset);
		if (s->walk.length > DEDUP_EXACT_MAX)
			key = last_step(s, offset);
		if (dedup_knows(s->dedup, key, stream_front(s)) &&
		    !dedup_seen(s->dedup, key, rec[i].state))
			first[rec[i].state]++;
	}
	return known;
}
