/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include "aes.h"
#include "cookie.h"

static void from_hex(const char *hex, uint8_t *bytes, unsigned n)
{
	unsigned i, value;

	for (i = 0; i < n; i++) {
		assert_int_equal(sscanf(hex + 2 * i, "%2x", &value), 1);
		bytes[i] = (uint8_t)value;
	}
}

/* The same key with the implementation that the machine prefers, and with plain C. */
static void both_keys(struct aes_key key[2], const uint8_t secret[16])
{
	unsetenv("PEAL_ISA");
	aes_key_init(&key[0], secret);
	setenv("PEAL_ISA", "plain", 1);
	aes_key_init(&key[1], secret);
	unsetenv("PEAL_ISA");
}

static void test_published_vectors(void **state)
{
	static const struct {
		const char *key, *plain, *cipher;
	} vector[] = {
		/* FIPS 197, appendices B and C.1 */
		{"2b7e151628aed2a6abf7158809cf4f3c", "3243f6a8885a308d313198a2e0370734",
		 "3925841d02dc09fbdc118597196a0b32"},
		{"000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff",
		 "69c4e0d86a7b0430d8cdb78070b4c55a"},
		/* NIST SP 800-38A, F.1.1 */
		{"2b7e151628aed2a6abf7158809cf4f3c", "6bc1bee22e409f96e93d7e117393172a",
		 "3ad77bb40d7a3660a89ecaf32466ef97"},
		{"2b7e151628aed2a6abf7158809cf4f3c", "ae2d8a571e03ac9c9eb76fac45af8e51",
		 "f5d3d58503b9699de785895a96fdbaaf"},
		{"2b7e151628aed2a6abf7158809cf4f3c", "30c81c46a35ce411e5fbc1191a0a52ef",
		 "43b1cd7f598ece23881b00e3ed030688"},
		{"2b7e151628aed2a6abf7158809cf4f3c", "f69f2445df4f9b17ad2b417be66c3710",
		 "7b0c785e27e8ad3f8223207104725dd4"},
		/* NIST AESAVS: GFSbox, KeySbox, VarTxt, VarKey */
		{"00000000000000000000000000000000", "f34481ec3cc627bacd5dc3fb08f273e6",
		 "0336763e966d92595a567cc9ce537f5e"},
		{"10a58869d74be5a374cf867cfb473859", "00000000000000000000000000000000",
		 "6d251e6944b051e04eaa6fb4dbf78465"},
		{"00000000000000000000000000000000", "80000000000000000000000000000000",
		 "3ad78e726c1ec02b7ebfe92b23d9ec34"},
		{"80000000000000000000000000000000", "00000000000000000000000000000000",
		 "0edd33d3c621e546455bd8ba1418bec8"},
	};
	uint8_t secret[16], block[1][16], want[16];
	struct aes_key key[2];
	unsigned i, isa;

	(void)state;
	for (i = 0; i < ARRAY_LEN(vector); i++) {
		from_hex(vector[i].key, secret, 16);
		from_hex(vector[i].cipher, want, 16);
		both_keys(key, secret);
		for (isa = 0; isa < 2; isa++) {
			from_hex(vector[i].plain, block[0], 16);
			aes_encrypt(&key[isa], block, 1);
			assert_memory_equal(block[0], want, 16);
		}
	}
}

/* FIPS 197, appendix A.1 */
static void test_key_schedule(void **state)
{
	uint8_t secret[16], want[16];
	struct aes_key key;

	(void)state;
	from_hex("2b7e151628aed2a6abf7158809cf4f3c", secret, 16);
	aes_key_init(&key, secret);
	assert_memory_equal(key.round[0], secret, 16);
	from_hex("a0fafe1788542cb123a339392a6c7605", want, 16);
	assert_memory_equal(key.round[1], want, 16);
	from_hex("ac7766f319fadc2128d12941575c006e", want, 16);
	assert_memory_equal(key.round[9], want, 16);
	from_hex("d014f9a8c9ee2589e13f0cc8b6630ca6", want, 16);
	assert_memory_equal(key.round[10], want, 16);
}

/* The first link of NIST AESAVS' Monte Carlo test: a block encrypted a thousand times over. */
static void test_monte_carlo(void **state)
{
	uint8_t secret[16], block[1][16], want[16];
	struct aes_key key[2];
	unsigned isa, i;

	(void)state;
	from_hex("139a35422f1d61de3c91787fe0507afd", secret, 16);
	from_hex("d7c3ffac9031238650901e157364c386", want, 16);
	both_keys(key, secret);
	for (isa = 0; isa < 2; isa++) {
		from_hex("b9145a768b7dc489a096b546f43b231f", block[0], 16);
		for (i = 0; i < 1000; i++)
			aes_encrypt(&key[isa], block, 1);
		assert_memory_equal(block[0], want, 16);
	}
}

static void fill(uint8_t *bytes, unsigned n, uint64_t *seed)
{
	unsigned i;

	for (i = 0; i < n; i++)
		bytes[i] = (uint8_t)test_random(seed);
}

/* A million blocks, in runs of every length from 0 to 130; what lies behind stays untouched. */
static void test_implementations_are_equal(void **state)
{
	uint8_t block[2][132][16], last[16], secret[16];
	struct aes_key key[2];
	unsigned long done = 0;
	unsigned n;
	uint64_t seed = 1;

	(void)state;
	while (done < 1000 * 1000) {
		fill(secret, sizeof(secret), &seed);
		both_keys(key, secret);
		for (n = 0; n <= 130; n++) {
			fill(block[0][0], sizeof(block[0]), &seed);
			memcpy(block[1], block[0], sizeof(block[0]));
			memcpy(last, block[0][n], 16);
			aes_encrypt(&key[0], block[0], n);
			aes_encrypt(&key[1], block[1], n);
			assert_memory_equal(block[0], block[1], sizeof(block[0]));
			assert_memory_equal(block[0][n], last, 16);
			done += n;
		}
	}
}

/* A burst gives what each target gives alone, and nothing behind it is touched. */
static void test_burst_is_its_targets(void **state)
{
	static const uint8_t secret[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	uint32_t addr[130];
	uint16_t port[130];
	struct cookie cookie[131], one, last = {.seq = 1, .spare = 2};
	struct cookie_key key;
	unsigned n, i;

	(void)state;
	cookie_key_init(&key, secret);
	for (i = 0; i < ARRAY_LEN(addr); i++) {
		addr[i] = 0xc6120000 + i * 77;
		port[i] = (uint16_t)(i * 501);
	}
	for (n = 0; n <= ARRAY_LEN(addr); n++) {
		cookie[n] = last;
		cookie_make(&key, addr, port, 3, cookie, n);
		assert_memory_equal(&cookie[n], &last, sizeof(last));
		for (i = 0; i < n; i++) {
			cookie_make(&key, &addr[i], &port[i], 3, &one, 1);
			assert_memory_equal(&cookie[i], &one, sizeof(one));
		}
	}
}

/* The block that is encrypted, byte by byte, and the cookie read from the result. */
static void test_cookie_is_the_encrypted_target(void **state)
{
	static const uint8_t secret[16] = "sixteen letters";
	uint8_t block[1][16] = {
		{198, 18, 1, 2, 0x1f, 0x90, 0, 7, 't', 'c', 'p', '/', 'i', 'p', 'v', '4'}};
	const uint32_t addr = 0xc6120102;
	const uint16_t port = 8080;
	struct cookie_key key;
	struct cookie c;
	const uint8_t *b = block[0];

	(void)state;
	cookie_key_init(&key, secret);
	aes_encrypt(&key.aes, block, 1);
	cookie_make(&key, &addr, &port, 7, &c, 1);
	assert_int_equal(c.seq, b[0] | b[1] << 8 | b[2] << 16 | (uint32_t)b[3] << 24);
	assert_int_equal(c.port, b[4] | b[5] << 8);
	assert_int_equal(c.source, b[6] | b[7] << 8);
	assert_int_equal(c.look, b[8] | b[9] << 8 | b[10] << 16 | (uint32_t)b[11] << 24);
	assert_int_equal(c.spare, b[12] | b[13] << 8 | b[14] << 16 | (uint32_t)b[15] << 24);
}

/* Address, port, attempt and key: each bit of them changes about half the bits of the cookie. */
static void test_every_input_bit_counts(void **state)
{
	uint8_t secret[16] = {0};
	unsigned bit, round, i, changed, low = 1000000, high = 0;
	uint64_t seed = 5;

	(void)state;
	for (bit = 0; bit < 32 + 16 + 8 + 128; bit++) {
		changed = 0;
		for (round = 0; round < 64; round++) {
			uint64_t r = test_random(&seed);
			uint32_t addr[2] = {(uint32_t)r, (uint32_t)r};
			uint16_t port[2] = {(uint16_t)(r >> 32), (uint16_t)(r >> 32)};
			uint8_t attempt[2] = {(uint8_t)(r >> 48), (uint8_t)(r >> 48)};
			struct cookie_key key[2];
			struct cookie c[2];

			fill(secret, 16, &seed);
			cookie_key_init(&key[0], secret);
			if (bit < 32)
				addr[1] ^= UINT32_C(1) << bit;
			else if (bit < 48)
				port[1] ^= (uint16_t)(1 << (bit - 32));
			else if (bit < 56)
				attempt[1] ^= (uint8_t)(1 << (bit - 48));
			else
				secret[(bit - 56) / 8] ^= (uint8_t)(1 << (bit - 56) % 8);
			cookie_key_init(&key[1], secret);
			for (i = 0; i < 2; i++)
				cookie_make(&key[i], &addr[i], &port[i], attempt[i], &c[i], 1);
			changed += (unsigned)__builtin_popcount(c[0].seq ^ c[1].seq);
			changed += (unsigned)__builtin_popcount(c[0].port ^ c[1].port);
		}
		low = changed < low ? changed : low;
		high = changed > high ? changed : high;
	}
	/* 64 * 48 fair coins: mean 1536, five deviations are 139 */
	assert_in_range(low, 1536 - 139, 1536);
	assert_in_range(high, 1536, 1536 + 139);
}

static void test_random_keys_differ(void **state)
{
	struct cookie_key a, b;
	static const uint8_t zero[16];

	(void)state;
	assert_int_equal(cookie_key_random(&a), 0);
	assert_int_equal(cookie_key_random(&b), 0);
	assert_memory_not_equal(a.aes.round[0], b.aes.round[0], 16);
	assert_memory_not_equal(a.aes.round[0], zero, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_vectors),
		cmocka_unit_test(test_key_schedule),
		cmocka_unit_test(test_monte_carlo),
		cmocka_unit_test(test_implementations_are_equal),
		cmocka_unit_test(test_burst_is_its_targets),
		cmocka_unit_test(test_cookie_is_the_encrypted_target),
		cmocka_unit_test(test_every_input_bit_counts),
		cmocka_unit_test(test_random_keys_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
