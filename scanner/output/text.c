/* SPDX-License-Identifier: BSD-3-Clause */

#include "text.h"

/* clang-format off */
/* The tables are spelled out by the preprocessor: constant, and nothing to initialise. */
#define TENS(row, n) \
	row(n + 0) row(n + 1) row(n + 2) row(n + 3) row(n + 4) \
	row(n + 5) row(n + 6) row(n + 7) row(n + 8) row(n + 9)
#define HUNDRED(row, n) \
	TENS(row, n + 0) TENS(row, n + 10) TENS(row, n + 20) TENS(row, n + 30) TENS(row, n + 40) \
	TENS(row, n + 50) TENS(row, n + 60) TENS(row, n + 70) TENS(row, n + 80) TENS(row, n + 90)

#define PAIR(n) {'0' + (n) / 10, '0' + (n) % 10},
#define OCTET(n) { \
	(n) > 99 ? '0' + (n) / 100      : (n) > 9 ? '0' + (n) / 10 : '0' + (n) % 10, \
	(n) > 99 ? '0' + (n) / 10 % 10  : (n) > 9 ? '0' + (n) % 10 : '.', \
	(n) > 99 ? '0' + (n) % 10       : '.', \
	'.'},

const char text_pairs[100][2] = {HUNDRED(PAIR, 0)};

const char text_octets[256][4] = {
	HUNDRED(OCTET, 0) HUNDRED(OCTET, 100)
	TENS(OCTET, 200) TENS(OCTET, 210) TENS(OCTET, 220) TENS(OCTET, 230) TENS(OCTET, 240)
	OCTET(250) OCTET(251) OCTET(252) OCTET(253) OCTET(254) OCTET(255)
};
