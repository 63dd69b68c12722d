/* SPDX-License-Identifier: BSD-3-Clause */

/* SHA-256 against the vectors of FIPS 180-4, at once and in parts, and hexadecimal digits. */

#include "test.h"

#include "digest.h"

static const struct {
	const char *text, *hex;
} vectors[] = {
	{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void test_vectors(void **state)
{
	char hex[DIGEST_HEX + 1];
	struct digest digest;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		digest_of(vectors[i].text, strlen(vectors[i].text), &digest);
		hex_write(digest.byte, sizeof(digest.byte), hex);
		assert_string_equal(hex, vectors[i].hex);
	}
}

static void test_parts(void **state)
{
	const char *text = vectors[2].text;
	size_t len = strlen(text);
	struct digest whole, parts;

	(void)state;
	digest_of(text, len, &whole);
	for (size_t cut = 0; cut <= len; cut++) {
		struct digest_state of;

		digest_begin(&of);
		digest_add(&of, text, cut);
		digest_add(&of, text + cut, len - cut);
		digest_end(&of, &parts);
		assert_true(digest_equal(&whole, &parts));
	}
	parts.byte[31] ^= 1;
	assert_false(digest_equal(&whole, &parts));
}

static void test_hex(void **state)
{
	static const char *const bad[] = {"", "0", "000", "0g", "0G", "AB", "a ", "0x", "abcd"};
	uint8_t byte;

	(void)state;
	for (unsigned value = 0; value < 256; value++) {
		const uint8_t given = (uint8_t)value;
		char text[3];

		hex_write(&given, 1, text);
		assert_true(hex_read(text, &byte, 1));
		assert_int_equal(byte, value);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(hex_read(bad[i], &byte, 1));
}

static void test_signed(void **state)
{
	char *text = digest_sign("what is said", " [", "]\n");
	size_t len = strlen(text);

	(void)state;
	assert_int_equal(len, strlen("what is said [") + DIGEST_HEX + strlen("]\n"));
	assert_int_equal(digest_signed(text, len, " [", "]\n"), strlen("what is said"));
	assert_int_equal(digest_signed(text, len, " (", ")\n"), 0);
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(digest_signed(text, cut, " [", "]\n"), 0);
	for (size_t at = 0; at < len; at++) {
		text[at] ^= 1;
		assert_int_equal(digest_signed(text, len, " [", "]\n"), 0);
		text[at] ^= 1;
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_signed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
