/* SPDX-License-Identifier: BSD-3-Clause */

#include "writer.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "capture_file.h"
#include "result_ring.h"
#include "segments.h"
#include "zstd_block.h"

enum {
	WRITER_BURST = 64,
	WRITER_LATENCY_MS = 50,
	WRITER_PACKED_LATENCY_MS = 500,
	WRITER_NAP_NS = 2 * 1000 * 1000, /* a tenth of a ring at three million records a second */
	WRITER_REST_NS = 20 * WRITER_NAP_NS, /* where nothing has come for so many naps */
	WRITER_NAPS = 64,
};

/* One writer. Release, so that whoever sees a record written has also seen it taken. */
static void count(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELEASE);
}

static bool writer_failed(const struct writer *w)
{
	return w->stats.error != 0;
}

static bool writer_full(const struct writer *w)
{
	return w->max_results != 0 && w->encoded == w->max_results;
}

static long elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

/* Only now are the block's records written. */
static void writer_count_block(struct writer *w)
{
	for (unsigned i = 0; i < STATE_COUNT; i++) {
		count(&w->stats.state[i], w->in_block_state[i]);
		w->in_block_state[i] = 0;
	}
	count(&w->stats.repeats, w->in_block_repeats);
	w->in_block_repeats = 0;
	count(&w->stats.written, w->in_block);
	w->in_block = 0;
	if (writer_full(w))
		__atomic_store_n(&w->stats.full, true, __ATOMIC_RELAXED);
}

static void writer_fail(struct writer *w, int rc)
{
	__atomic_store_n(&w->stats.error, rc, __ATOMIC_RELEASE);
}

/* Frames first: what is there of the records is there of them. */
static bool writer_flush_frames(struct writer *w)
{
	int rc = w->capture != NULL ? capture_file_flush(w->capture) : 0;

	if (rc < 0) {
		__atomic_store_n(&w->capture_failed, true, __ATOMIC_RELEASE);
		writer_fail(w, rc);
	}
	return rc == 0;
}

static int writer_put_block(struct writer *w)
{
	const void *bytes = w->block;
	ssize_t len = (ssize_t)w->used;

	if (w->packer != NULL)
		len = zstd_pack(w->packer, w->block, w->used, &bytes);
	if (len < 0)
		return (int)len;
	if (w->segments != NULL)
		return segments_write(w->segments, bytes, (size_t)len, w->in_block);
	return w->sink->ops->write(w->sink, bytes, (size_t)len);
}

static void writer_flush(struct writer *w)
{
	int rc;

	if (!writer_flush_frames(w) || w->used == 0)
		return;
	rc = writer_put_block(w);
	if (rc < 0) {
		writer_fail(w, rc);
		return;
	}
	w->used = 0;
	writer_count_block(w);
}

static void writer_encode(struct writer *w, const struct record *rec)
{
	if (w->used == 0)
		clock_gettime(CLOCK_MONOTONIC, &w->oldest);
	w->used += w->encoder->record(w->fieldset, rec, w->block + w->used);
	w->encoded++;
	w->in_block++;
	if (rec->state < STATE_COUNT)
		w->in_block_state[rec->state]++;
	w->in_block_repeats += (rec->flags & RECORD_REPEAT) != 0;
	if (w->used > WRITER_BLOCK - ENCODED_MAX || writer_full(w) ||
	    (w->capture != NULL && capture_file_full(w->capture)))
		writer_flush(w);
}

/* The frame of the next record, which has to go with it. */
static void writer_take_frame(struct writer *w, unsigned i, const struct record *rec, bool wanted)
{
	uint8_t frame[FRAME_MAX];
	unsigned len = frames_take(w->frames[i], frame);

	if (wanted)
		capture_file_add(w->capture, rec, frame, len);
}

/* One burst from one ring; how many records it had. */
static unsigned writer_drain(struct writer *w, unsigned ring)
{
	struct result_slots slots;
	unsigned n = result_ring_peek(w->ring[ring], WRITER_BURST, &slots);

	count(&w->stats.taken, n);
	for (unsigned i = 0; i < n && !writer_failed(w); i++) {
		const struct record *rec = result_slot(&slots, i);
		bool wanted = !writer_full(w) && filter_match(w->filter, rec);

		if (w->capture != NULL)
			writer_take_frame(w, ring, rec, wanted);
		if (wanted)
			writer_encode(w, rec);
		else
			count(&w->stats.filtered_out, 1);
	}
	result_ring_drop(w->ring[ring], n);
	return n;
}

/* A segment may be old enough without a record coming. */
static void writer_look(struct writer *w)
{
	int rc = w->segments != NULL && !writer_failed(w) ? segments_look(w->segments) : 0;

	if (rc < 0)
		writer_fail(w, rc);
}

static unsigned writer_round(struct writer *w)
{
	const long latency = w->packer != NULL ? WRITER_PACKED_LATENCY_MS : WRITER_LATENCY_MS;
	unsigned n = 0;

	for (unsigned i = 0; i < w->n_rings && !writer_failed(w); i++)
		n += writer_drain(w, i);
	if (w->used != 0 && !writer_failed(w) && elapsed_ms(&w->oldest) >= latency)
		writer_flush(w);
	writer_look(w);
	return n;
}

_Static_assert((int)WRITER_BLOCK <= (int)ZSTD_BLOCK_TEXT, "a block is a frame");

/* After so many in a row: what costs a processor time is to wake up. */
static void writer_nap(unsigned before)
{
	struct timespec nap = {.tv_nsec = before < WRITER_NAPS ? WRITER_NAP_NS : WRITER_REST_NS};

	nanosleep(&nap, NULL);
}

static void *writer_run(void *arg)
{
	struct writer *w = arg;
	unsigned naps = 0;
	bool finish;

	w->used = w->begun ? 0 : w->encoder->begin(w->fieldset, w->block);
	__atomic_store_n(&w->stats.full, writer_full(w), __ATOMIC_RELAXED);
	clock_gettime(CLOCK_MONOTONIC, &w->oldest);
	while (!writer_failed(w)) {
		/* asked before the round: what was put before finish was set is seen by it */
		finish = __atomic_load_n(&w->finish, __ATOMIC_ACQUIRE);
		if (writer_round(w) != 0) {
			naps = 0;
			continue;
		}
		if (finish)
			break;
		writer_nap(naps++);
	}
	if (!writer_failed(w))
		writer_flush(w);
	__atomic_store_n(&w->finished, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Signals are for the main thread. */
static int writer_create_thread(struct writer *w)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&w->thread, NULL, writer_run, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -rc;
}

int writer_start(struct writer *w)
{
	int rc;

	w->block = malloc(WRITER_BLOCK);
	if (w->block == NULL)
		return -ENOMEM;
	rc = writer_create_thread(w);
	if (rc < 0) {
		free(w->block);
		w->block = NULL;
		return rc;
	}
	w->started = true;
	return 0;
}

void writer_join(struct writer *w)
{
	pthread_join(w->thread, NULL);
	w->started = false;
	free(w->block);
	w->block = NULL;
}
