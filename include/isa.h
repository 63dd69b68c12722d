/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Instruction sets. A stage that has SIMD siblings (NAME_avx512.c beside NAME.c) chooses among them
 * when its object is made; all of them give the same results, bit for bit. Any thread.
 */

enum isa {
	ISA_PLAIN,  /* portable C */
	ISA_AES,    /* and the processor's AES rounds: x86-64 with SSE 4.1, ARMv8 */
	ISA_AVX2,   /* and 256-bit vectors */
	ISA_AVX512, /* and 512-bit vectors: F, BW, DQ, VL, VBMI, and AES rounds on them (VAES) */
};

/* The best that processor and operating system offer; the environment's PEAL_ISA=NAME lowers it. */
enum isa isa_choose(void);

/* "plain", "aes-ni" or on ARMv8 "aes", "avx2", "avx512". */
const char *isa_name(enum isa isa);
