/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include <errno.h>

#include "words.h"

/* Splitting as a shell does: text in, words (joined by '|') or an error out. */

static const struct {
	const char *text, *words; /* NULL: refused */
} cases[] = {
	{"", ""},
	{"  \t\n ", ""},
	{"a", "a"},
	{" -m 1024\t--huge-dir=/x ", "-m|1024|--huge-dir=/x"},
	{"'a b' c", "a b|c"},
	{"\"a b\"c d", "a bc|d"},
	{"a''b", "ab"},
	{"''", ""},
	{"'' ''", "|"},
	{"a\\ b", "a b"},
	{"'a\\b'", "a\\b"},
	{"\"a\\\"b\"", "a\"b"},
	{"\"it's\"", "it's"},
	{"a\\", "a\\"},
	{"'a", NULL},
	{"a \"b", NULL},
	{"a 'b\\'", "a|b\\"},
};

static void table(void **state)
{
	char joined[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct words words = {0};
		int rc = words_split(&words, cases[i].text);

		assert_int_equal(rc, cases[i].words != NULL ? 0 : -EINVAL);
		joined[0] = '\0';
		for (size_t w = 0; rc == 0 && w < words.n; w++) {
			size_t len = strlen(joined);

			snprintf(joined + len, sizeof(joined) - len, "%s%s", w > 0 ? "|" : "",
				 words.at[w]);
		}
		if (rc == 0)
			assert_string_equal(joined, cases[i].words);
		if (words.n > 0)
			assert_null(words.at[words.n]);
		words_fini(&words);
	}
}

static void many_words(void **state)
{
	struct words words = {0};

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(words_split(&words, " a bb 'c c' "), 0);
	assert_int_equal(words.n, 3000);
	assert_string_equal(words.at[2999], "c c");
	words_fini(&words);
	assert_int_equal(words.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(many_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
