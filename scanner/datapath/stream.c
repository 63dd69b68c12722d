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
#include "todo.h"

enum { RUN_MAX = 4096 };

/* A claim is about a tenth of a second of an lcore's work: the last ones end at nearly one time. */
static uint64_t run_length(uint64_t rate, unsigned lcores)
{
	uint64_t run = rate / (10 * (uint64_t)lcores);

	return run > RUN_MAX ? RUN_MAX : run == 0 ? 1 : run;
}

/* A claim of [first, end) at most: within one attempt, and no longer than a run. */
static struct span run_cut(const struct stream *s, uint64_t first, uint64_t end, uint64_t run)
{
	uint64_t attempt_end = (first / s->walk.length + 1) * s->walk.length;

	if (end > attempt_end)
		end = attempt_end;
	if (end > first + run)
		end = first + run;
	return (struct span){first, end};
}

/* [first, end) in pieces that a claim can be; how many. todo NULL: only counts. */
static size_t add_pieces(const struct stream *s, struct todo *todo, struct span all, uint64_t run)
{
	struct span piece = {.end = all.first};
	size_t n = 0;

	for (; piece.end < all.end; n++) {
		piece = run_cut(s, piece.end, all.end, run);
		if (todo != NULL)
			todo_add(todo, piece);
	}
	return n;
}

static int init_left(struct stream *s, const struct span *left, size_t n)
{
	size_t pieces = 0;
	int rc;

	for (size_t i = 0; i < n; i++)
		pieces += add_pieces(s, NULL, left[i], s->run);
	rc = todo_create(pieces, &s->left);
	for (size_t i = 0; i < n && rc == 0; i++)
		add_pieces(s, s->left, left[i], s->run);
	if (rc == 0)
		todo_publish(s->left);
	return rc;
}

static int init_place(struct stream *s, const struct stream_conf *conf)
{
	s->steps = s->walk.length * s->attempts;
	s->lease = s->steps;
	s->run = run_length(conf->rate, conf->lcores);
	if (todo_create(AGAIN_ROOM, &s->again) < 0)
		return -ENOMEM;
	if (conf->from == NULL)
		return todo_create(0, &s->left);
	s->cursor = conf->from->cursor;
	s->sent_below = conf->from->sent_below;
	return init_left(s, conf->from->todo, conf->from->n_todo);
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
	todo_destroy(s->left);
	todo_destroy(s->again);
	explicit_bzero(&s->key, sizeof(s->key));
}

int stream_opt_out(struct stream *s, const struct exclusion *deny, struct err *err)
{
	return gate_deny_more(s->gate, deny, err);
}

static bool claim_new(struct stream *s, struct span *taken)
{
	uint64_t lease = __atomic_load_n(&s->lease, __ATOMIC_ACQUIRE);
	uint64_t first = __atomic_load_n(&s->cursor, __ATOMIC_RELAXED);

	do {
		if (first >= lease)
			return false;
		*taken = run_cut(s, first, lease, s->run);
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

/* What may have been sent before has been answered, perhaps: that is not forgotten. */
static void claim_dedup(struct stream *s, const struct claim *claim, struct span taken)
{
	uint64_t first = taken.first;

	if (first < s->sent_below)
		first = taken.end < s->sent_below ? taken.end : s->sent_below;
	dedup_claim(s->dedup, stream_seen_key(s, claim->attempt, first % s->walk.length),
		    taken.end - first);
}

bool stream_claim(struct stream *s, struct claim *claim)
{
	uint64_t number = 0;
	struct span taken;
	bool again = false;

	if (!todo_claim(s->left, &taken, &number)) {
		again = todo_claim(s->again, &taken, &number);
		if (!again && !claim_new(s, &taken) && !claim_sample(s, &taken))
			return false;
	}
	*claim = (struct claim){
		.attempt = (uint32_t)(taken.first / s->walk.length),
		.next = taken.first % s->walk.length,
		.again = again,
		.number = number,
	};
	claim->end = claim->next + (taken.end - taken.first);
	if (!again)
		claim_dedup(s, claim, taken);
	return true;
}

bool stream_exhausted(const struct stream *s)
{
	return todo_claimed(s->left) == todo_end(s->left) && !stream_again_waits(s) &&
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
	if (step == 0) /* all there is when more shards than slices leave this one nothing */
		return 0;
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

	for (uint64_t i = todo_claimed(s->left); i < todo_end(s->left); i++) {
		struct span left = todo_at(s->left, i);

		targets += stream_targets(s, left.first, left.end);
	}
	return targets;
}

/* --- repeats --- */

/* What lies beyond the cursor is sent anyway. */
static struct span again_cut(struct span span, uint64_t cursor)
{
	return (struct span){span.first, span.end < cursor ? span.end : cursor};
}

int stream_again(struct stream *s, const struct spans *spans)
{
	uint64_t cursor = stream_cursor(s), steps = 0, run;
	size_t pieces = 0;

	for (size_t i = 0; i < spans->n; i++)
		steps += spans->at[i].end - spans->at[i].first;
	run = steps / AGAIN_PIECES + 1 > s->run ? steps / AGAIN_PIECES + 1 : s->run;
	for (size_t i = 0; i < spans->n; i++)
		pieces += add_pieces(s, NULL, again_cut(spans->at[i], cursor), run);
	if (pieces > todo_room(s->again))
		return -ENOSPC;
	for (size_t i = 0; i < spans->n; i++) {
		struct span again = again_cut(spans->at[i], cursor);

		sendlog_forget(s->sendlog, again.first, again.end);
		add_pieces(s, s->again, again, run);
	}
	todo_publish(s->again);
	return 0;
}

int stream_sent_between(const struct stream *s, uint64_t from_us, uint64_t to_us,
			struct spans *sent)
{
	int rc = sendlog_between(s->sendlog, stream_front(s), from_us, to_us, sent);

	if (rc == 0)
		spans_limit(sent, AGAIN_SPANS);
	return rc;
}

bool stream_again_waits(const struct stream *s)
{
	return todo_claimed(s->again) < todo_end(s->again);
}

uint64_t stream_again_claimed(const struct stream *s)
{
	return todo_claimed(s->again);
}

uint64_t stream_again_asked(const struct stream *s)
{
	return todo_end(s->again);
}

static int pieces_from(const struct todo *todo, uint64_t number, struct spans *spans)
{
	uint64_t end = todo_end(todo);
	int rc = 0;

	for (; number < end && rc == 0; number++) {
		struct span piece = todo_at(todo, number);

		rc = spans_add(spans, piece.first, piece.end);
	}
	return rc;
}

int stream_again_from(const struct stream *s, uint64_t number, struct spans *spans)
{
	return pieces_from(s->again, number, spans);
}

void stream_forget_again(struct stream *s, uint64_t number)
{
	todo_forget(s->again, number);
}

int stream_waiting(const struct stream *s, struct spans *spans)
{
	int rc = pieces_from(s->left, todo_claimed(s->left), spans);

	return rc < 0 ? rc : pieces_from(s->again, todo_claimed(s->again), spans);
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
