/* SPDX-License-Identifier: BSD-3-Clause */

#include "isa.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

static const char *const names[] = {
	[ISA_PLAIN] = "plain",
#ifdef __aarch64__
	[ISA_AES] = "aes",
#else
	[ISA_AES] = "aes-ni",
#endif
	[ISA_AVX2] = "avx2",
	[ISA_AVX512] = "avx512",
};

#if defined(__x86_64__)

/* Compilers differ in whether they know this one by name: leaf 7 of CPUID has it in ECX. */
static bool has_vaes(void)
{
	unsigned a, b, c = 0, d;

	return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (c & bit_VAES) != 0;
}

/* The builtin answers for the operating system, too: does it save the wide registers? */
static enum isa best(void)
{
	if (!__builtin_cpu_supports("aes") || !__builtin_cpu_supports("sse4.1"))
		return ISA_PLAIN;
	if (!__builtin_cpu_supports("avx2"))
		return ISA_AES;
	if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
	    !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl") ||
	    !__builtin_cpu_supports("avx512vbmi") || !has_vaes())
		return ISA_AVX2;
	return ISA_AVX512;
}

#elif defined(__aarch64__)

static enum isa best(void)
{
	return getauxval(AT_HWCAP) & HWCAP_AES ? ISA_AES : ISA_PLAIN;
}

#else

static enum isa best(void)
{
	return ISA_PLAIN;
}

#endif

enum isa isa_choose(void)
{
	const char *want = getenv("PEAL_ISA");
	enum isa isa = best();

	while (want != NULL && isa > ISA_PLAIN && strcmp(want, names[isa]) != 0)
		isa--;
	return isa;
}

const char *isa_name(enum isa isa)
{
	return names[isa];
}
