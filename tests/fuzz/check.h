/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Ends the process where the fuzzer sees it: in every build, unlike assert(). */
#define CHECK(what)                                                                                \
	do {                                                                                       \
		if (!(what))                                                                       \
			__builtin_trap();                                                          \
	} while (0)

static inline void check_printable(const char *text)
{
	for (; *text != '\0'; text++)
		CHECK((unsigned char)*text >= 0x20 && *text != 0x7f);
}
