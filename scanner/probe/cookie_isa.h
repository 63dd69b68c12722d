/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "cookie.h"

/* What fills a block behind the target, "tcp/ipv4" as a little-endian word: other kinds of probes
 * will have other words here. */
#define COOKIE_PURPOSE UINT64_C(0x347670692f706374)

/* cookie_make() with AES rounds on 512-bit vectors. */
void cookie_make_avx512(const struct aes_key *key, const uint32_t *addr, const uint16_t *port,
			uint8_t attempt, struct cookie *cookie, unsigned n);
