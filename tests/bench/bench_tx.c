/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * bench_tx: what each stage of sending costs, in cycles of the time-stamp counter an element, under
 * each instruction set that the processor has. Bursts of 64, least of many rounds: other programs
 * may want the processor, too.
 *
 *	bench_tx [ROUNDS [PREFIXES [PORTS [SOURCES]]]]
 *
 * of 0.0.0.0/0 less so many prefixes (0), on these ports (80), from so many source addresses (1).
 * One round is a short one, for tools that count instructions; PEAL_ISA names one set.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "datapath/gate.h"
#include "isa.h"
#include "probe.h"
#include "target.h"
#include "walk.h"

enum {
	BURST = 64,
	BURSTS = 8192, /* more targets than caches hold */
	SHORT = 64,
	ROUNDS = 20,
};

static struct {
	unsigned rounds, bursts;
	struct walk walk;
	struct target_space *space;
	struct gate *gate;
	struct probe probe;
	struct cookie_key key;
	uint64_t at[BURST], index[BURSTS][BURST];
	uint32_t daddr[BURSTS][BURST];
	uint16_t dport[BURSTS][BURST];
	struct cookie cookie[BURSTS][BURST];
	uint8_t *frame[BURST];
} b;

static void stage_order(unsigned i)
{
	uint64_t next = (uint64_t)i * BURST;

	walk_next(&b.walk, &next, b.walk.length, b.at, b.index[i], BURST);
}

static void stage_pick(unsigned i)
{
	target_space_pick(b.space, b.index[i], b.daddr[i], b.dport[i], BURST);
}

static void stage_cookie(unsigned i)
{
	cookie_make(&b.key, b.daddr[i], b.dport[i], 0, b.cookie[i], BURST);
}

static void stage_gate(unsigned i)
{
	uint64_t bug, opted_out;

	gate_check(b.gate, b.daddr[i], BURST, gate_near(b.gate, b.daddr[i], BURST), &bug,
		   &opted_out);
}

static void stage_frame(unsigned i)
{
	b.probe.ops->write(&b.probe, b.daddr[i], b.dport[i], b.cookie[i], b.frame, BURST);
}

static const struct {
	const char *name;
	void (*run)(unsigned i);
} stages[] = {
	{"order", stage_order}, {"look-up", stage_pick}, {"cookie", stage_cookie},
	{"gate", stage_gate},	{"frame", stage_frame},
};

static double cycles(void (*run)(unsigned i))
{
	uint64_t least = UINT64_MAX;

	for (unsigned round = 0; round < b.rounds; round++) {
		uint64_t start = rte_rdtsc(), took;

		for (unsigned i = 0; i < b.bursts; i++)
			run(i);
		took = rte_rdtsc() - start;
		if (took < least)
			least = took;
	}
	return (double)least / (BURST * b.bursts);
}

static int set_up(unsigned prefixes, const char *ports, uint32_t *sources, uint32_t n_sources)
{
	struct target_conf conf = {.ports = ports};
	const char *all = "0.0.0.0/0", **deny = calloc(prefixes + 1, sizeof(*deny));
	struct target_counts counts;
	struct exclusion excl;
	struct err err;

	conf.targets = (struct strlist){.at = &all, .n = 1};
	for (unsigned i = 0; deny != NULL && i < prefixes; i++) {
		char text[32];
		uint32_t addr = (uint32_t)(i + 1) * UINT32_C(2654435769);

		snprintf(text, sizeof(text), "%u.%u.%u.%u/%u", addr >> 24, addr >> 16 & 255,
			 addr >> 8 & 255, addr & (256 - (1u << (8 - i % 9))), 24 + i % 9);
		deny[conf.exclude.n++] = strdup(text);
	}
	conf.exclude.at = deny;
	if (target_load(&conf, &b.space, &excl, &counts, &err) < 0 ||
	    gate_create(&excl, &b.gate, &err) < 0) {
		fprintf(stderr, "bench_tx: %s\n", err.text);
		return -1;
	}
	b.probe.ops = &probe_tcp_syn;
	b.probe.source = (struct source){sources, n_sources, 32768, 28233};
	for (unsigned i = 0; i < BURST; i++)
		b.frame[i] = aligned_alloc(64, 128);
	return 0;
}

static unsigned number(int argc, char **argv, int i, unsigned otherwise)
{
	return argc > i ? (unsigned)strtoul(argv[i], NULL, 10) : otherwise;
}

static void bench(const char *isa)
{
	struct probe_conf probe = {.look = SYN_LOOK_MSS, .ttl = 255};
	const uint8_t secret[16] = {1, 2, 3};

	walk_init(&b.walk, target_space_size(b.space), 1, 0, 1, 0);
	cookie_key_init(&b.key, secret);
	b.probe.ops->build(&b.probe.template, &probe);
	printf("%-8s", isa);
	for (unsigned s = 0; s < sizeof(stages) / sizeof(stages[0]); s++)
		printf("%10.2f", cycles(stages[s].run));
	printf("\n");
}

int main(int argc, char **argv)
{
	const char *only = getenv("PEAL_ISA");
	uint32_t sources[16];

	for (unsigned i = 0; i < 16; i++)
		sources[i] = 0xc6120001 + i;
	b.rounds = number(argc, argv, 1, ROUNDS);
	b.bursts = b.rounds > 1 ? BURSTS : SHORT;
	printf("%-8s", "");
	for (unsigned s = 0; s < sizeof(stages) / sizeof(stages[0]); s++)
		printf("%10s", stages[s].name);
	printf("   cycles an element\n");
	for (enum isa isa = ISA_AVX512 + 1; isa-- > ISA_PLAIN;) {
		const char *name = isa_name(isa);

		if (only != NULL && strcmp(only, name) != 0)
			continue;
		setenv("PEAL_ISA", name, 1);
		if (isa_choose() != isa)
			continue;
		if (set_up(number(argc, argv, 2, 0), argc > 3 ? argv[3] : "80", sources,
			   number(argc, argv, 4, 1)) < 0)
			return 1;
		bench(name);
	}
	return 0;
}
