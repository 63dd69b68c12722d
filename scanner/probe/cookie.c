/* SPDX-License-Identifier: BSD-3-Clause */

#include "cookie.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

enum { BURST = 64 };

/* What fills the block behind the target: other kinds of probes will have other words here. */
static const uint8_t purpose[8] = {'t', 'c', 'p', '/', 'i', 'p', 'v', '4'};

static_assert(sizeof(struct cookie) == 16, "a cookie is one block");

void cookie_key_init(struct cookie_key *key, const uint8_t secret[16])
{
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

	memcpy(block, &target, sizeof(target));
	memcpy(block + sizeof(target), purpose, sizeof(purpose));
}

static void read_block(struct cookie *cookie, const uint8_t block[16])
{
	memcpy(cookie, block, sizeof(*cookie));
	cookie->seq = le32toh(cookie->seq);
	cookie->port = le16toh(cookie->port);
	cookie->source = le16toh(cookie->source);
	cookie->look = le32toh(cookie->look);
	cookie->spare = le32toh(cookie->spare);
}

void cookie_make(const struct cookie_key *key, const uint32_t *addr, const uint16_t *port,
		 uint8_t attempt, struct cookie *cookie, unsigned n)
{
	uint8_t block[BURST][16] __attribute__((aligned(64)));
	unsigned first, i, burst;

	for (first = 0; first < n; first += burst) {
		burst = n - first < BURST ? n - first : BURST;
		for (i = 0; i < burst; i++)
			write_block(block[i], addr[first + i], port[first + i], attempt);
		aes_encrypt(&key->aes, block, burst);
		for (i = 0; i < burst; i++)
			read_block(&cookie[first + i], block[i]);
	}
}

const char *cookie_isa(void)
{
	return aes_isa_name();
}
