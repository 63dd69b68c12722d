/* SPDX-License-Identifier: BSD-3-Clause */

#include "cookie_isa.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

static_assert(sizeof(struct cookie) == 16, "a cookie is one block");

void cookie_key_init(struct cookie_key *key, const uint8_t secret[16])
{
	key->isa = isa_choose();
	aes_key_init(&key->aes, secret);
}

int cookie_key_random(struct cookie_key *key)
{
	uint8_t secret[16];
	ssize_t got;

	do {
		got = getrandom(secret, sizeof(secret), 0);
	} while (got < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof(secret))
		return got < 0 ? -errno : -EIO;
	cookie_key_init(key, secret);
	explicit_bzero(secret, sizeof(secret));
	return 0;
}

static void write_block(uint8_t block[16], uint32_t addr, uint16_t port, uint8_t attempt)
{
	uint64_t target = htobe64((uint64_t)addr << 32 | (uint64_t)port << 16 | attempt);
	uint64_t purpose = htole64(COOKIE_PURPOSE);

	memcpy(block, &target, sizeof(target));
	memcpy(block + sizeof(target), &purpose, sizeof(purpose));
}

static void read_block(struct cookie *cookie)
{
	cookie->seq = le32toh(cookie->seq);
	cookie->port = le16toh(cookie->port);
	cookie->source = le16toh(cookie->source);
	cookie->look = le32toh(cookie->look);
	cookie->spare = le32toh(cookie->spare);
}

static void cookie_make_plain(const struct aes_key *key, const uint32_t *addr, const uint16_t *port,
			      uint8_t attempt, struct cookie *cookie, unsigned n)
{
	uint8_t(*block)[16] = (uint8_t(*)[16])cookie; /* which become cookies where they are */

	for (unsigned i = 0; i < n; i++)
		write_block(block[i], addr[i], port[i], attempt);
	aes_encrypt(key, block, n);
	for (unsigned i = 0; i < n; i++)
		read_block(&cookie[i]);
}

void cookie_make(const struct cookie_key *key, const uint32_t *addr, const uint16_t *port,
		 uint8_t attempt, struct cookie *cookie, unsigned n)
{
#ifdef __x86_64__
	if (key->isa == ISA_AVX512) {
		cookie_make_avx512(&key->aes, addr, port, attempt, cookie, n);
		return;
	}
#endif
	cookie_make_plain(&key->aes, addr, port, attempt, cookie, n);
}
