/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * bench_rx_stages [ROUNDS]: what each stage of receiving costs, in cycles of the time-stamp counter
 * a frame (100 rounds). One round is a short one, for tools that count instructions: each stage has
 * its frames once.
 */

#include "bench.h"

#include <string.h>

#include "dedup.h"
#include "frame_kinds.h"
#include "isa.h"
#include "result_ring.h"
#include "sendlog.h"

enum { FRAMES = 1024, BURST = PKT_BURST };

static struct stages {
	struct fixture fixture;
	struct result_ring *results;
	uint8_t frame[FRAMES][FIXTURE_FRAME];
	const uint8_t *data[FRAMES];
	uint16_t len[FRAMES];
	struct pkt_view view[FRAMES];
	struct pkt_claims claims[FRAMES / BURST];
	uint64_t index[FRAMES], offset[FRAMES];
	struct record record[FRAMES];
	struct dedup *dedup;
	uint8_t state[BURST];
	uint64_t spread; /* of the offsets that dedup is asked for */
	uint32_t turn;
	volatile uint64_t sum; /* so that nothing is left out */
} stages;

BENCH_STAGE void stage_sift(void *arg)
{
	struct stages *s = arg;
	const struct source *from = &s->fixture.stream.probe.source;
	const struct pkt_sieve sieve = {from->addr, from->n_addrs, from->port_first,
					from->port_count, probe_tcp_syn.tcp_flags};
	uint64_t wrong_port;

	for (unsigned i = 0; i < FRAMES; i += BURST) {
		struct pkt_claims *c = &s->claims[i / BURST];

		c->n = 0;
		pkt_claims_sifted(c, s->data + i,
				  pkt_sift(&sieve, s->data + i, s->len + i, BURST, &wrong_port));
	}
}

BENCH_STAGE void stage_parse(void *arg)
{
	struct stages *s = arg;
	uint64_t sum = 0;

	for (unsigned i = 0; i < FRAMES; i++)
		sum += (uint64_t)pkt_parse(&s->view[i], s->frame[i], s->len[i]);
	s->sum = sum;
}

BENCH_STAGE void stage_checksum(void *arg)
{
	struct stages *s = arg;
	uint64_t sum = 0;

	for (unsigned i = 0; i < FRAMES; i++)
		sum += pkt_checksum_ok(&s->view[i], s->frame[i]);
	s->sum = sum;
}

BENCH_STAGE void stage_cookie(void *arg)
{
	const struct stages *s = arg;
	const struct stream *stream = &s->fixture.stream;
	struct cookie cookie[BURST];
	uint64_t right = UINT64_MAX;

	for (unsigned i = 0; i < FRAMES / BURST; i++) {
		const struct pkt_claims *c = &s->claims[i];

		cookie_make(&stream->key, c->remote, c->remote_port, 0, cookie, BURST);
		right &= probe_tcp_syn.validate(&stream->probe.source, c, cookie);
	}
	if (right != UINT64_MAX)
		abort();
}

BENCH_STAGE void stage_intact(void *arg)
{
	const struct stages *s = arg;

	for (unsigned i = 0; i < FRAMES; i++)
		if (!pkt_sifted_ok(s->frame[i]))
			abort();
}

BENCH_STAGE void stage_rank(void *arg)
{
	struct stages *s = arg;

	for (unsigned i = 0; i < FRAMES / BURST; i++)
		target_space_rank(s->fixture.space, s->claims[i].remote, s->claims[i].remote_port,
				  s->index + i * BURST, BURST);
}

BENCH_STAGE void stage_find(void *arg)
{
	struct stages *s = arg;

	for (unsigned i = 0; i < FRAMES; i += BURST)
		walk_find(&s->fixture.stream.walk, s->index + i, s->offset + i, BURST);
}

BENCH_STAGE void stage_dedup(void *arg)
{
	struct stages *s = arg;
	uint64_t sum = 0, offset[BURST];

	for (unsigned i = 0; i < FRAMES; i += BURST) {
		for (unsigned k = 0; k < BURST; k++, s->turn++)
			offset[k] = s->turn * UINT32_C(0x9e3779b1) % s->spread;
		sum += dedup_seen_burst(s->dedup, offset, s->state, BURST);
	}
	s->sum = sum;
}

BENCH_STAGE void stage_time(void *arg)
{
	struct stages *s = arg;
	uint64_t sum = 0, us = 0;

	for (unsigned i = 0; i < FRAMES; i++) {
		sendlog_find(s->fixture.stream.sendlog, s->offset[i], &us);
		sum += us;
	}
	s->sum = sum;
}

BENCH_STAGE void stage_look(void *arg)
{
	struct stages *s = arg;

	for (unsigned i = 0; i < FRAMES; i++)
		pkt_look(&s->view[i], s->frame[i]);
}

BENCH_STAGE void stage_classify(void *arg)
{
	struct stages *s = arg;

	for (unsigned i = 0; i < FRAMES; i++)
		probe_tcp_syn.classify(&s->view[i], &s->record[i]);
}

BENCH_STAGE void stage_hand(void *arg)
{
	struct stages *s = arg;

	for (unsigned i = 0; i < FRAMES; i += BURST)
		result_ring_put(s->results, s->record + i, BURST);
}

static void stages_fill(struct stages *s, make_frame make)
{
	for (unsigned i = 0; i < FRAMES; i++) {
		s->data[i] = s->frame[i];
		s->len[i] = make(&s->fixture, i, s->frame[i]);
	}
}

static void bench_stage(const char *name, void (*run)(void *), unsigned rounds)
{
	static struct bench b;

	b.rounds = rounds;
	bench_run(&b, run, &stages, FRAMES);
	bench_print(&b, name);
}

static void bench_parse(unsigned rounds)
{
	static const struct {
		const char *name;
		make_frame make;
		bool whole;
	} kinds[] = {
		{"SYN-ACK", frame_synack, true},  {"SYN-ACK with Linux options", frame_linux, true},
		{"RST", frame_rst, true},	  {"no IPv4", frame_junk, false},
		{"ICMP error", frame_icmp, true},
	};

	/* the short round has ICMP errors only: nearly all else is sifted */
	for (unsigned i = rounds > 1 ? 0 : 4; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char name[64];

		stages_fill(&stages, kinds[i].make);
		snprintf(name, sizeof(name), "parse: %s", kinds[i].name);
		bench_stage(name, stage_parse, rounds);
		snprintf(name, sizeof(name), "checksum: %s", kinds[i].name);
		if (kinds[i].whole)
			bench_stage(name, stage_checksum, rounds);
	}
}

static int bench_dedup(uint64_t length, uint64_t spread, const char *name, unsigned rounds)
{
	if (dedup_create(length, &stages.dedup) < 0)
		return -1;
	dedup_alone(stages.dedup);
	stages.spread = spread;
	stages.turn = 0;
	bench_stage(name, stage_dedup, rounds);
	dedup_destroy(stages.dedup);
	return 0;
}

static void bench_hand_over(unsigned rounds)
{
	static struct bench b;
	struct result_slots slots;

	for (unsigned i = 0; i < rounds; i++) {
		uint64_t start = rte_rdtsc_precise();

		stage_hand(&stages);
		bench_add(&b, rte_rdtsc_precise() - start, FRAMES);
		result_ring_drop(stages.results, result_ring_peek(stages.results, FRAMES, &slots));
	}
	bench_print(&b, "hand over");
}

static int bench_stages(unsigned rounds)
{
	static const struct {
		const char *name;
		void (*run)(void *);
	} plain[] = {
		{"sift", stage_sift}, {"cookie", stage_cookie},	    {"intact", stage_intact},
		{"rank", stage_rank}, {"find", stage_find},	    {"send time", stage_time},
		{"look", stage_look}, {"classify", stage_classify},
	};

	bench_title(isa_name(isa_choose()));
	bench_parse(rounds);
	stages_fill(&stages, frame_synack);
	for (unsigned i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		bench_stage(plain[i].name, plain[i].run, rounds);
	bench_hand_over(rounds);
	if (bench_dedup(UINT64_C(1) << 31, 1 << 20, "dedup: near the front", rounds) < 0)
		return -1;
	if (rounds == 1)
		return 0;
	return bench_dedup(UINT64_C(1) << 30, UINT64_C(1) << 30, "dedup: anywhere in 512 MiB",
			   rounds);
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;
	struct err err;
	int rc;

	if (rounds < 1 || rounds > BENCH_ROUNDS_MAX) {
		fprintf(stderr, "usage: bench_rx_stages [ROUNDS], 1 to 1024 of them\n");
		return 64;
	}
	if (fixture_init(&stages.fixture, &err) < 0) {
		fprintf(stderr, "bench_rx_stages: %s\n", err.text);
		return 1;
	}
	stages.results = result_ring_create();
	rc = stages.results != NULL ? bench_stages((unsigned)rounds) : -1;
	if (rc < 0)
		fprintf(stderr, "bench_rx_stages: out of memory\n");
	result_ring_destroy(stages.results);
	fixture_fini(&stages.fixture);
	return rc < 0;
}
