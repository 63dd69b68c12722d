/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_cycles.h>

/*
 * What the benches share. A cycle is one of the time stamp counter, as dpdk-testpmd counts them: a
 * processor that runs faster than its counter does more in one. A figure comes from many short
 * runs, because others use the machine, too: the least shows what the code can do, the median what
 * it does.
 */

enum { BENCH_ROUNDS_MAX = 1024 };

/* Found by its name where instructions are counted (instructions_test.sh), so never inlined. */
#define BENCH_STAGE __attribute__((noinline)) static

struct bench {
	unsigned rounds, n;
	double sample[BENCH_ROUNDS_MAX]; /* cycles an element */
};

static inline void bench_add(struct bench *b, uint64_t cycles, unsigned elements)
{
	if (b->n < BENCH_ROUNDS_MAX)
		b->sample[b->n++] = (double)cycles / elements;
}

static inline int bench_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline double bench_least(struct bench *b)
{
	qsort(b->sample, b->n, sizeof(b->sample[0]), bench_compare);
	return b->sample[0];
}

static inline double bench_median(struct bench *b)
{
	qsort(b->sample, b->n, sizeof(b->sample[0]), bench_compare);
	return b->sample[b->n / 2];
}

/* Runs it again and again: each call works on so many elements. */
static inline void bench_run(struct bench *b, void (*run)(void *), void *arg, unsigned elements)
{
	b->n = 0;
	for (unsigned i = 0; i < b->rounds; i++) {
		uint64_t start = rte_rdtsc_precise();

		run(arg);
		bench_add(b, rte_rdtsc_precise() - start, elements);
	}
}

static inline void bench_print(struct bench *b, const char *name)
{
	printf("%-36s %7.1f %7.1f\n", name, bench_least(b), bench_median(b));
	fflush(stdout);
}

static inline void bench_title(const char *title)
{
	printf("\n%-36s %7s %7s  cycles\n", title, "least", "median");
}
