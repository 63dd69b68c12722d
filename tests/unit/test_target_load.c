/* SPDX-License-Identifier: BSD-3-Clause */

/* From what the user names to a space, or to the error that says what to do. */

#include "target.h"

#include <time.h>
#include <unistd.h>

#include "addr.h"
#include "permute.h"
#include "test.h"
#include "walk.h"

struct loaded {
	struct target_space *space;
	struct exclusion excl;
	struct target_counts counts;
	struct err err;
};

static int load(struct loaded *l, const struct target_conf *conf)
{
	memset(l, 0xa5, sizeof(*l)); /* whatever is there before must not matter */
	return target_load(conf, &l->space, &l->excl, &l->counts, &l->err);
}

static void loaded_fini(struct loaded *l)
{
	target_space_destroy(l->space);
	exclusion_fini(&l->excl);
}

static void must_load(struct loaded *l, const struct target_conf *conf)
{
	if (load(l, conf) < 0)
		fail_msg("%s", l->err.text);
	assert_int_equal(target_space_size(l->space), l->counts.targets);
	assert_int_equal(l->counts.targets, l->counts.addrs * l->counts.ports + l->counts.pairs);
}

static bool has(const struct loaded *l, const char *text, uint16_t port)
{
	uint64_t index;
	uint32_t addr;

	assert_int_equal(addr4_parse(text, strlen(text), &addr), 0);
	target_space_rank(l->space, &addr, &port, &index, 1);
	return index != TARGET_ABSENT;
}

/* A temporary file with this text; the caller unlinks it. */
static void file_make(char path[32], const char *text)
{
	int fd;

	memcpy(path, "/tmp/peal-test-XXXXXX", 22);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

#define LIST(...)                                                                                  \
	{                                                                                          \
		.at = (const char *[]){__VA_ARGS__},                                               \
		.n = sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)                        \
	}

/* Each target once, however often and in whatever way it is named. */
static void test_named_twice_counts_once(void **state)
{
	struct target_conf conf = {
		.targets = LIST("8.8.8.0/30", "8.8.8.1-8.8.8.5", "8.8.8.8,8.8.8.8:80", "8.8.8.9:22",
				"8.8.8.9:22,8.8.8.9:80"),
		.ports = "80,443,80,http",
	};
	struct loaded l;

	(void)state;
	must_load(&l, &conf);
	assert_int_equal(l.counts.addrs, 7);
	assert_int_equal(l.counts.ports, 2);
	assert_int_equal(l.counts.pairs, 2);
	assert_int_equal(l.counts.targets, 16);
	assert_int_equal(l.counts.excluded, 0);
	assert_true(has(&l, "8.8.8.5", 443));
	assert_true(has(&l, "8.8.8.9", 22));
	assert_true(has(&l, "8.8.8.9", 80));
	assert_false(has(&l, "8.8.8.9", 443));
	for (uint64_t index = 0, back; index < l.counts.targets; index++) {
		uint32_t addr;
		uint16_t port;

		target_space_pick(l.space, &index, &addr, &port, 1);
		target_space_rank(l.space, &addr, &port, &back, 1);
		assert_int_equal(back, index);
	}
	assert_false(has(&l, "8.8.8.8", 22));
	assert_false(has(&l, "8.8.8.6", 80));
	loaded_fini(&l);
}

/* Peers' defect Z1: several ports with a list of addresses, of which 4 of 18 pairs were probed
 * twice and as many not at all. */
static void test_listed_addresses_times_ports(void **state)
{
	char path[32], list[] = "8.8.8.8\n8.8.4.4\n1.1.1.1\n9.9.9.9\n4.2.2.2\n64.6.64.6\n";
	struct target_conf conf = {.targets_files = LIST(path), .ports = "80,443,22"};

	(void)state;
	file_make(path, list);
	for (uint64_t seed = 1; seed <= 100; seed++) {
		uint64_t pos[64], index[64], next = 0, seen = 0;
		struct permute p;
		struct loaded l;

		must_load(&l, &conf);
		assert_int_equal(l.counts.targets, 18);
		assert_int_equal(permute_init(&p, l.counts.targets, seed), 0);
		assert_int_equal(permute_next(&p, &next, p.domain, pos, index, 64), 18);
		for (int i = 0; i < 18; i++) {
			char text[ADDR4_TEXT + 1];
			uint32_t addr;
			uint16_t port;
			size_t len;

			assert_false(seen >> index[i] & 1);
			seen |= UINT64_C(1) << index[i];
			target_space_pick(l.space, &index[i], &addr, &port, 1);
			len = addr4_format(text, addr);
			memcpy(text + len, "\n", 2);
			assert_non_null(strstr(list, text));
			assert_true(port == 80 || port == 443 || port == 22);
		}
		loaded_fini(&l);
	}
	unlink(path);
}

static void test_pairs_need_no_ports(void **state)
{
	char path[32];
	struct target_conf conf = {.targets = LIST("8.8.8.8:53"), .targets_files = LIST(path)};
	struct loaded l;

	(void)state;
	file_make(path, "\xef\xbb\xbf# pairs\r\n\r\n1.1.1.1:443\r\n  1.0.0.1:853 # DoT\r\n");
	must_load(&l, &conf);
	assert_int_equal(l.counts.targets, 3);
	assert_int_equal(l.counts.addrs, 0);
	assert_true(has(&l, "1.0.0.1", 853));
	assert_true(has(&l, "8.8.8.8", 53));
	assert_false(has(&l, "8.8.8.8", 853));
	loaded_fini(&l);
	unlink(path);
}

/* Exclusion is by address, for pairs as well. */
static void test_exclusion_counts(void **state)
{
	char deny[32], scope[32];
	struct target_conf conf = {
		.targets =
			LIST("8.8.8.0/24", "10.0.0.0/24", "9.9.9.9:22", "9.9.9.8:22,10.1.1.1:22"),
		.ports = "80,443",
		.exclude = LIST("8.8.8.0/25,9.9.9.9"),
		.blocklist_files = LIST(deny),
		.scope_files = LIST(scope),
		.allow_special = LIST("10.0.0.0/25"),
	};
	struct loaded l;

	(void)state;
	file_make(deny, "8.8.8.255 # asked not to be scanned\n10.0.0.0\n");
	file_make(scope, "8.8.8.0/24\n10.0.0.0/8\n9.9.9.9\n9.9.9.8\n");
	must_load(&l, &conf);
	assert_int_equal(l.counts.addrs, 127 + 127); /* a blocklist beats --allow-special */
	assert_int_equal(l.counts.ports, 2);
	assert_int_equal(l.counts.pairs, 1);
	assert_int_equal(l.counts.targets, 509);
	assert_int_equal(l.counts.excluded, 2 * 512 + 3 - 509);
	assert_int_equal(l.counts.special, 2 * 128 + 1);
	assert_false(has(&l, "10.0.0.0", 80));
	assert_true(has(&l, "10.0.0.1", 80));
	assert_false(has(&l, "10.0.0.128", 80));
	assert_false(has(&l, "8.8.8.255", 443));
	assert_false(has(&l, "9.9.9.9", 22));
	assert_true(has(&l, "9.9.9.8", 22));

	assert_int_equal(l.excl.n_deny, 2);
	assert_int_equal(l.excl.n_scope, 1);
	assert_int_equal(l.excl.n_lift, 1);
	assert_string_equal(l.excl.deny[0].name, "--exclude");
	assert_string_equal(l.excl.deny[0].text, "8.8.8.0/25,9.9.9.9");
	assert_string_equal(l.excl.deny[1].name, deny);
	assert_int_equal(l.excl.deny[1].len, strlen(l.excl.deny[1].text));
	assert_string_equal(l.excl.lift[0].text, "10.0.0.0/25");
	loaded_fini(&l);
	unlink(deny);
	unlink(scope);
}

static void test_reload_reads_the_files_again(void **state)
{
	char deny[32];
	struct target_conf conf = {
		.targets = LIST("8.8.8.0/24"),
		.ports = "80",
		.exclude = LIST("8.8.8.8"),
		.blocklist_files = LIST(deny, "-"),
	};
	struct exclusion again;
	struct err err;

	(void)state;
	file_make(deny, "8.8.8.1\n");
	assert_int_equal(exclusion_reload(&conf, &again, &err), 0);
	assert_int_equal(again.n_deny, 1);
	assert_int_equal(again.n_scope + again.n_lift, 0);
	assert_string_equal(again.deny[0].text, "8.8.8.1\n");
	exclusion_fini(&again);

	unlink(deny);
	assert_true(exclusion_reload(&conf, &again, &err) < 0);
	assert_int_equal(err.code, EXIT_INPUT);
}

static void test_a_bad_file_does_not_reload(void **state)
{
	char deny[32], expected[64];
	struct target_conf conf = {.blocklist_files = LIST(deny)};
	struct exclusion again;
	struct err err;

	(void)state;
	file_make(deny, "8.8.8.1\n8.8.8.2/99\n");
	assert_true(exclusion_reload(&conf, &again, &err) < 0);
	assert_int_equal(err.code, EXIT_INPUT);
	snprintf(expected, sizeof(expected), "%s:2:9: \"8.8.8.2/99\"", deny);
	assert_int_equal(strncmp(err.text, expected, strlen(expected)), 0);
	unlink(deny);
}

static void test_errors(void **state)
{
	const struct {
		struct target_conf conf;
		enum exit_code code;
		const char *text;
	} cases[] = {
		{{.ports = NULL}, EXIT_USAGE, "no targets: name addresses"},
		{{.ports = "80"}, EXIT_USAGE, "no targets: name addresses"},
		{{.targets = LIST("8.8.8.8")}, EXIT_USAGE, "--ports is missing"},
		{{.targets = LIST("8.8.8.8,1.1.1.1:80")}, EXIT_USAGE, "--ports is missing"},
		{{.targets = LIST("8.8.8.8"), .ports = "80abc"}, EXIT_USAGE, "--ports: \"80abc\""},
		{{.targets = LIST("8.8.8.8"), .ports = ""}, EXIT_USAGE, "--ports: \"\""},
		{{.targets = LIST("8.8.8.x"), .ports = "80"}, EXIT_USAGE, "target: \"8.8.8.x\""},
		{{.targets = LIST("::1"), .ports = "80"},
		 EXIT_USAGE,
		 "target: \"::1\" is IPv6, and IPv6 is not supported by this version"},
		{{.targets_files = LIST("/nonexistent")},
		 EXIT_INPUT,
		 "/nonexistent: cannot be read: No such file or directory"},
		{{.targets_files = LIST("/")}, EXIT_INPUT, "/: cannot be read: Is a directory"},
		{{.targets = LIST("8.8.8.8"), .ports = "80", .exclude = LIST("foo")},
		 EXIT_USAGE,
		 "--exclude: \"foo\""},
		{{.targets = LIST("8.8.8.8"), .ports = "80", .exclude = LIST("8.8.8.8:80")},
		 EXIT_USAGE,
		 "--exclude: \"8.8.8.8:80\" names a port"},
		{{.targets = LIST("8.8.8.8"),
		  .ports = "80",
		  .blocklist_files = LIST("/nonexistent")},
		 EXIT_INPUT,
		 "/nonexistent: cannot be read"},
		{{.targets = LIST("8.8.8.8"), .ports = "80", .scope_files = LIST("/nonexistent")},
		 EXIT_INPUT,
		 "/nonexistent: cannot be read"},
		{{.targets = LIST("8.8.8.8"), .ports = "80", .allow_special = LIST("8.8.8.0/24")},
		 EXIT_USAGE,
		 "--allow-special: nothing in 8.8.8.0/24 is special-purpose, so there is nothing "
		 "to "
		 "lift"},
		{{.targets = LIST("8.8.8.8"),
		  .ports = "80",
		  .allow_special = LIST("10.0.0.0-10.0.0.9")},
		 EXIT_USAGE,
		 "--allow-special: \"10.0.0.0-10.0.0.9\" is not a prefix"},
		{{.targets = LIST("8.8.8.8"), .ports = "80", .allow_special = LIST("10.0.0.1/8")},
		 EXIT_USAGE,
		 "--allow-special: \"10.0.0.1/8\" has host bits set"},
		{{.targets = LIST("10.1.0.0/16"), .ports = "80"},
		 EXIT_REFUSED,
		 "all targets are special-purpose addresses: 10.0.0.0/8 is Private-Use (RFC 1918); "
		 "if "
		 "you mean it: --allow-special 10.1.0.0/16"},
		{{.targets = LIST("198.18.5.5:80")},
		 EXIT_REFUSED,
		 "all targets are special-purpose addresses: 198.18.0.0/15 is Benchmarking (RFC "
		 "2544); if you mean it: --allow-special 198.18.5.5/32"},
		{{.targets = LIST("255.255.255.255"), .ports = "80"},
		 EXIT_REFUSED,
		 "all targets are special-purpose addresses: 255.255.255.255/32 is Limited "
		 "Broadcast"},
		{{.targets = LIST("127.0.0.1,10.0.0.1"),
		  .ports = "80",
		  .exclude = LIST("10.0.0.1")},
		 EXIT_REFUSED,
		 "all targets are special-purpose addresses: 10.0.0.0/8"},
		{{.targets = LIST("8.8.8.8"), .ports = "80", .exclude = LIST("8.0.0.0/8")},
		 EXIT_USAGE,
		 "no targets are left: --exclude, --blocklist-file or --scope"},
		{{.targets = LIST("8.8.8.8,10.0.0.1"), .ports = "80", .exclude = LIST("8.0.0.0/8")},
		 EXIT_USAGE,
		 "no targets are left"},
		{{.targets = LIST("10.0.0.1"),
		  .ports = "80",
		  .allow_special = LIST("10.0.0.1"),
		  .exclude = LIST("10.0.0.1")},
		 EXIT_USAGE,
		 "no targets are left"},
		{{.targets_files = LIST("-", "-")},
		 EXIT_USAGE,
		 "stdin (-) is named 2 times, but can be read only once"},
		{{.targets_files = LIST("-"), .blocklist_files = LIST("-")},
		 EXIT_USAGE,
		 "stdin (-)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct loaded l;

		if (load(&l, &cases[i].conf) == 0)
			fail_msg("case %zu was accepted", i);
		if (strncmp(l.err.text, cases[i].text, strlen(cases[i].text)) != 0)
			fail_msg("%s\ninstead of: %s", l.err.text, cases[i].text);
		assert_int_equal(l.err.code, cases[i].code);
		assert_null(l.space);
		loaded_fini(&l);
	}
}

static void test_stdin(void **state)
{
	struct target_conf conf = {.targets_files = LIST("-"), .ports = "80"};
	int fds[2], saved = dup(STDIN_FILENO);
	struct loaded l;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "8.8.8.8\n1.1.1.1:x\n", 18), 18);
	close(fds[1]);
	dup2(fds[0], STDIN_FILENO);
	close(fds[0]);
	assert_true(load(&l, &conf) < 0);
	assert_int_equal(strncmp(l.err.text, "stdin:2:9: \"1.1.1.1:x\"", 22), 0);
	loaded_fini(&l);
	dup2(saved, STDIN_FILENO);
	close(saved);
}

/* An allowlist that names nothing allows nothing. */
static void test_empty_scope(void **state)
{
	char scope[32];
	struct target_conf conf = {
		.targets = LIST("8.8.8.8"), .ports = "80", .scope_files = LIST(scope)};
	struct loaded l;

	(void)state;
	file_make(scope, "# nothing yet\n");
	assert_true(load(&l, &conf) < 0);
	assert_int_equal(l.err.code, EXIT_USAGE);
	loaded_fini(&l);
	unlink(scope);
}

/* All of IPv4 but what is excluded by default, walked as a scan does: each address once, nothing
 * else.
 */
static void test_whole_internet_once(void **state)
{
	struct target_conf conf = {.targets = LIST("0.0.0.0/0"), .ports = "80"};
	uint64_t at[64], index[64], next = 0, found = 0, wrong = 0, *map, missing = 0;
	uint32_t addr[64];
	uint16_t port[64];
	time_t start = time(NULL);
	struct loaded l;
	struct walk w;
	unsigned n;

	(void)state;
	if (!test_long())
		TEST_SKIP("takes minutes: scripts/test --long");
	must_load(&l, &conf);
	map = calloc(UINT64_C(1) << 26, sizeof(*map));
	assert_non_null(map);
	assert_int_equal(walk_init(&w, target_space_size(l.space), 1, 0, 1, 0), 0);
	while ((n = walk_next(&w, &next, w.length, at, index, 64)) > 0) {
		target_space_pick(l.space, index, addr, port, n);
		for (unsigned i = 0; i < n; i++) {
			uint64_t mask = UINT64_C(1) << addr[i] % 64;

			wrong += (map[addr[i] / 64] & mask) != 0 || port[i] != 80;
			map[addr[i] / 64] |= mask;
		}
		found += n;
	}
	for (uint64_t a = 0, k; a < UINT64_C(1) << 32; a++) {
		bool special = false;

		for (k = 0; k < n_special_purpose; k++)
			special |= a >= special_purpose[k].first && a <= special_purpose[k].last;
		missing += (map[a / 64] >> a % 64 & 1) == special;
	}
	print_message("# %lu of %lu addresses in %ld s\n", found, UINT64_C(1) << 32,
		      (long)(time(NULL) - start));
	assert_int_equal(wrong, 0);
	assert_int_equal(missing, 0);
	assert_int_equal(found, l.counts.targets);
	free(map);
	loaded_fini(&l);
}

/* A million pairs and a million addresses, loaded: the promise is a second for each. */
static void test_million_targets(void **state)
{
	char path[32];
	struct target_conf conf = {.targets_files = LIST(path)};
	uint64_t seed = 15;
	struct loaded l;
	clock_t start;
	FILE *file;

	(void)state;
	for (int pairs = 0; pairs < 2; pairs++) {
		file_make(path, "");
		file = fopen(path, "w");
		assert_non_null(file);
		for (int i = 0; i < 1000000; i++) {
			uint64_t r = test_random(&seed);
			char text[ADDR4_TEXT];

			addr4_format(text, (uint32_t)r);
			fprintf(file, pairs ? "%s:%u\n" : "%.15s\n", text, (unsigned)(r >> 48));
		}
		fclose(file);
		conf.ports = pairs ? NULL : "80";
		start = clock();
		must_load(&l, &conf);
		print_message("# 10^6 %s loaded in %.3f s\n", pairs ? "pairs" : "addresses",
			      (double)(clock() - start) / CLOCKS_PER_SEC);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__clang__)
		assert_true(clock() - start < CLOCKS_PER_SEC);
#endif
		assert_true(l.counts.targets > 850000 && l.counts.targets <= 1000000);
		assert_int_equal(l.counts.special, l.counts.excluded);
		loaded_fini(&l);
		unlink(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_named_twice_counts_once),
		cmocka_unit_test(test_listed_addresses_times_ports),
		cmocka_unit_test(test_pairs_need_no_ports),
		cmocka_unit_test(test_exclusion_counts),
		cmocka_unit_test(test_reload_reads_the_files_again),
		cmocka_unit_test(test_a_bad_file_does_not_reload),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_stdin),
		cmocka_unit_test(test_empty_scope),
		cmocka_unit_test(test_whole_internet_once),
		cmocka_unit_test(test_million_targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
