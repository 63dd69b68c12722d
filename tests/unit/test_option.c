/* SPDX-License-Identifier: BSD-3-Clause */

/* The option table itself: complete, without collisions, and every default readable. */

#include "test.h"

#include "job.h"
#include "job/job_json.h"
#include "job/option.h"
#include "job/value.h"

static const unsigned commands[] = {CMD_SCAN, CMD_LIST, CMD_DOCTOR, CMD_RESUME};

/* How many rows of a command have this long name or alias. */
static unsigned count_named(const char *name, size_t len, unsigned command)
{
	unsigned n = 0;

	for (size_t i = 0; i < n_options; i++) {
		const struct option *opt = &options[i];
		const char *alias = opt->aliases;

		if (opt->name == NULL || (opt->commands & command) == 0)
			continue;
		n += strlen(opt->name) == len && strncmp(opt->name, name, len) == 0;
		while (alias != NULL && *alias != '\0') {
			size_t end = strcspn(alias, " ");

			n += end == len && strncmp(alias, name, len) == 0;
			alias += end + (alias[end] == ' ');
		}
	}
	return n;
}

static void test_names_are_unique(void **state)
{
	(void)state;
	for (size_t c = 0; c < ARRAY_LEN(commands); c++) {
		for (size_t i = 0; i < n_options; i++) {
			const struct option *opt = &options[i];
			const char *alias = opt->aliases;

			if (opt->name == NULL || (opt->commands & commands[c]) == 0)
				continue;
			assert_int_equal(count_named(opt->name, strlen(opt->name), commands[c]), 1);
			while (alias != NULL && *alias != '\0') {
				size_t end = strcspn(alias, " ");

				assert_int_equal(count_named(alias, end, commands[c]), 1);
				assert_ptr_equal(option_find(alias, end, commands[c]), opt);
				alias += end + (alias[end] == ' ');
			}
		}
	}
}

static void test_letters_are_unique(void **state)
{
	(void)state;
	for (size_t c = 0; c < ARRAY_LEN(commands); c++) {
		unsigned seen[256] = {0};

		for (size_t i = 0; i < n_options; i++) {
			const char *letter = options[i].shorts;

			if ((options[i].commands & commands[c]) == 0)
				continue;
			for (; letter != NULL && *letter != '\0'; letter++) {
				assert_int_equal(seen[(unsigned char)*letter]++, 0);
				assert_ptr_equal(option_find_short(*letter, commands[c]),
						 &options[i]);
			}
		}
	}
}

static void test_keys_are_unique(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_options; i++) {
		if (options[i].key == NULL)
			continue;
		assert_ptr_equal(option_find_key(options[i].key), &options[i]);
		assert_int_equal(strspn(options[i].key, "abcdefghijklmnopqrstuvwxyz_"),
				 strlen(options[i].key));
	}
}

static void test_rows_are_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_options; i++) {
		const struct option *opt = &options[i];

		assert_non_null(opt->help);
		assert_true(opt->commands != 0);
		assert_true(opt->group < GROUP_COUNT);
		assert_true(option_takes_arg(opt) == (opt->arg != NULL));
		assert_true((opt->names != NULL) ==
			    (opt->type == OPT_ENUM || opt->type == OPT_WORD));
		assert_true((opt->second != 0) ==
			    (opt->type == OPT_SEED || opt->type == OPT_PREFIX_RATE));
		if (opt->type == OPT_U32 || opt->type == OPT_DURATION)
			assert_true(opt->max > opt->min);
		assert_true(opt->initial == NULL || opt->shown == NULL);
	}
}

/* What a ZMap user types blind has a meaning, and ZMap's. */
static void test_zmap_letters(void **state)
{
	static const struct {
		char letter;
		const char *name;
	} zmap[] = {
		{'p', "ports"},	       {'o', "output"},	      {'b', "blocklist-file"},
		{'w', "targets-file"}, {'I', "targets-file"}, {'r', "rate"},
		{'B', "bandwidth"},    {'n', "max-targets"},  {'N', "max-results"},
		{'t', "max-runtime"},  {'P', "attempts"},     {'c', "cooldown"},
		{'e', "seed"},	       {'s', "source-port"},  {'S', "source-ip"},
		{'G', "gateway-mac"},  {'i', "device"},	      {'f', "fields"},
		{'O', "format"},       {'T', "tx-cores"},     {'C', "job"},
		{'d', "dry-run"},      {'q', "quiet"},	      {'v', "verbose"},
		{'l', "log-file"},     {'m', "summary"},      {'u', "status-file"},
		{'h', "help"},	       {'V', "version"},      {'x', "exclude"},
	};
	static const char *const names[] = {
		"target-ports",	 "output-file",	  "allowlist-file", "blocklist-file",
		"max-targets",	 "cooldown-time", "probes",	    "interface",
		"output-fields", "output-module", "output-filter",  "list-output-fields",
		"probe-ttl",	 "source-mac",	  "metadata-file",  "status-updates-file",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(zmap); i++) {
		const struct option *opt = option_find_short(zmap[i].letter, CMD_SCAN);

		assert_non_null(opt);
		assert_string_equal(opt->name, zmap[i].name);
	}
	assert_null(option_find_short('M', CMD_SCAN)); /* ZMap's, and never another thing */
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_non_null(option_find(names[i], strlen(names[i]), CMD_SCAN));
}

static void test_defaults(void **state)
{
	const struct place place = {"default", EXIT_USAGE};
	struct job job, again = {0};
	struct err err;

	(void)state;
	for (size_t i = 0; i < n_options; i++) {
		if (options[i].initial != NULL)
			assert_int_equal(
				value_set(&again, &options[i], options[i].initial, &place, &err),
				0);
	}
	job_defaults(&job);
	assert_int_equal(job.attempts, 1);
	assert_true(job.cooldown_ns == UINT64_C(8000000000));
	assert_true(job.rate == 10000);
	assert_int_equal(job.source_ports.first, 32768);
	assert_int_equal(job.source_ports.last, 61000);
	assert_int_equal(job.shard.total, 1);
	assert_int_equal(job.ttl, 255);
	assert_true(job.look == SYN_LOOK_MSS && job.rst == RST_AUTO && job.color == COLOR_AUTO);
	assert_false(job.seed_given || job_gateway_mac(&job, NULL).given ||
		     job_source_mac(&job, NULL).given || job_vlan(&job, NULL) != 0);
	assert_null(job.format);
	assert_string_equal(job.list_format, "text");
	job_fini(&job);
}

static void test_nearest(void **state)
{
	static const struct {
		const char *typed, *meant;
	} slips[] = {
		{"rat", "rate"},
		{"ports,", "ports"},
		{"port", "ports"},
		{"cooldwon", "cooldown"},
		{"max-target", "max-targets"},
		{"out-put", "output"},
		{"fitler", "filter"},
		{"xyzzy", NULL},
		{"", NULL},
		{"a-very-long-name-that-is-none-of-all-the-options", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(slips); i++) {
		const char *found =
			option_nearest(slips[i].typed, strlen(slips[i].typed), CMD_SCAN);

		if (slips[i].meant == NULL)
			assert_null(found);
		else
			assert_string_equal(found, slips[i].meant);
	}
}

/* Grouped and short: it fits a screen's width, and says every option of the command. */
static void test_help(void **state)
{
	(void)state;
	for (size_t c = 0; c < ARRAY_LEN(commands); c++) {
		char *text = NULL;
		size_t size = 0;
		unsigned lines = 0;
		FILE *to = open_memstream(&text, &size);

		job_help(to, commands[c]);
		fclose(to);
		for (const char *line = text; *line != '\0'; lines++) {
			size_t len = strcspn(line, "\n");

			assert_in_range(len, 0, 100);
			line += len + 1;
		}
		assert_in_range(lines, 5, 95);
		assert_non_null(strstr(text, "Examples:"));
		for (size_t i = 0; i < n_options; i++) {
			char name[64];

			if (options[i].name == NULL || (options[i].commands & commands[c]) == 0)
				continue;
			snprintf(name, sizeof(name), "--%s ", options[i].name);
			assert_non_null(strstr(text, name));
		}
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_are_unique), cmocka_unit_test(test_letters_are_unique),
		cmocka_unit_test(test_keys_are_unique),	 cmocka_unit_test(test_rows_are_whole),
		cmocka_unit_test(test_zmap_letters),	 cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_nearest),		 cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
