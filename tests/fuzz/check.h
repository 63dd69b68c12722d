/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Ends the process where the fuzzer sees it: in every build, unlike assert(). */
#define CHECK(what)                                                                                \
	do {                                                                                       \
		if (!(what))                                                                       \
			__builtin_trap();                                                          \
	} while (0)
