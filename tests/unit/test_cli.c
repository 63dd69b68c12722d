/* SPDX-License-Identifier: BSD-3-Clause */

/* The command line: forms of writing options, every type's good and bad values. */

#include "test.h"

#include "job.h"

enum { WORDS_MAX = 16 };

static struct job job;
static struct err err;

/* Words are separated by blanks, which is enough here. Strings of the job point into line. */
static int parse_for(unsigned command, char *line)
{
	char *argv[WORDS_MAX], *rest;
	int argc = 0;

	job_fini(&job);
	for (char *word = strtok_r(line, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	return job_parse(&job, argc, argv, command, &err);
}

#define parse(text)                                                                                \
	({                                                                                         \
		static char line_[256];                                                            \
		snprintf(line_, sizeof(line_), "%s", text);                                        \
		parse_for(CMD_SCAN, line_);                                                        \
	})

static int forget(void **state)
{
	(void)state;
	job_fini(&job);
	job = (struct job){0};
	return 0;
}

/* A word of its own, the one for all, or nothing. */
static void test_words_for_devices(void **state)
{
	(void)state;
	assert_int_equal(parse("-i null -i sim:seed=7 -i pci:0000:3b:00.0 --vlan 7 "
			       "--vlan sim:seed=7=8 -G pci:0000:3b:00.0=02:00:00:00:00:01"),
			 0);
	assert_int_equal(job_vlan(&job, "null"), 7);
	assert_int_equal(job_vlan(&job, "sim:seed=7"), 8);
	assert_int_equal(job_vlan(&job, NULL), 7);
	assert_true(job_gateway_mac(&job, "pci:0000:3b:00.0").given);
	assert_int_equal(job_gateway_mac(&job, "pci:0000:3b:00.0").byte[5], 1);
	assert_false(job_gateway_mac(&job, "null").given);
	assert_false(job_source_mac(&job, "null").given);
	job_fini(&job);
}

static void test_forms(void **state)
{
	static const char *const same[] = {
		"--rate 20k --ports 80 --quiet --dry-run 192.0.2.1",
		"--rate=20k --ports=80 --quiet=true --dry-run 192.0.2.1",
		"-r20k -p80 -qd 192.0.2.1",
		"-r 20k -p 80 -q -d 192.0.2.1",
		"192.0.2.1 -qdr 20k -p 80",
		"-qdr20k -p80 -- 192.0.2.1",
		"--max-rate 20000 --target-ports 80 -dq 192.0.2.1",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		assert_int_equal(parse(same[i]), 0);
		assert_true(job.rate == 20000);
		assert_string_equal(job.target.ports, "80");
		assert_true(job.quiet && job.dry_run);
		assert_int_equal(job.target.targets.n, 1);
		assert_string_equal(job.target.targets.at[0], "192.0.2.1");
	}
}

static void test_lists_and_counts(void **state)
{
	(void)state;
	assert_int_equal(parse("-x 192.0.2.1,192.0.2.2 a -x 192.0.2.3 b -I - -w pairs -vvv c"), 0);
	assert_int_equal(job.target.exclude.n, 2);
	assert_string_equal(job.target.exclude.at[1], "192.0.2.3");
	assert_int_equal(job.target.targets.n, 3);
	assert_string_equal(job.target.targets.at[2], "c");
	assert_int_equal(job.target.targets_files.n, 2);
	assert_string_equal(job.target.targets_files.at[0], "-");
	assert_int_equal(job.verbose, 3);
	assert_int_equal(parse("-- -a --b"), 0);
	assert_string_equal(job.target.targets.at[1], "--b");
	assert_int_equal(parse("-"), 0);
	assert_string_equal(job.target.targets.at[0], "-");
}

static void test_values(void **state)
{
	static const uint8_t mac[6] = {2, 0, 0x5e, 0x10, 0xab, 0xff};
	struct mac gateway;

	(void)state;
	assert_int_equal(parse("-r max -B 1.5G --prefix-rate 1k/20 -n 12.5% -N 5 -t 5m -c 500ms"),
			 0);
	assert_true(job.rate == RATE_MAX);
	assert_true(job.bandwidth == 1500000000);
	assert_true(job.prefix_rate == 1000 && job.prefix_len == 20);
	assert_true(job.max_targets.percent == 12.5 && job.max_targets.count == 0);
	assert_true(job.max_results == 5);
	assert_true(job.max_runtime_ns == UINT64_C(300000000000));
	assert_true(job.cooldown_ns == 500000000);

	assert_int_equal(parse("-e 0 --shard 2/3 -s 40000-50000 -G 02:00:5e:10:AB:ff --vlan 4094"),
			 0);
	assert_true(job.seed_given && job.seed == 0);
	assert_true(job.shard.index == 2 && job.shard.total == 3);
	assert_true(job.source_ports.first == 40000 && job.source_ports.last == 50000);
	gateway = job_gateway_mac(&job, "sim");
	assert_true(gateway.given && memcmp(gateway.byte, mac, 6) == 0);
	assert_int_equal(job_vlan(&job, "sim"), 4094);

	assert_int_equal(parse("--tcp-options windows --rst never --color always -O json -s 7"), 0);
	assert_true(job.look == SYN_LOOK_WINDOWS && job.rst == RST_NEVER);
	assert_true(job.color == COLOR_ALWAYS);
	assert_string_equal(job.format, "ndjson");
	assert_true(job.source_ports.first == 7 && job.source_ports.last == 7);
	assert_int_equal(parse("--prefix-rate 100"), 0);
	assert_int_equal(job.prefix_len, 24);
}

/* --bandwidth alone is a ceiling of its own: the default rate would hide it. */
static void test_bandwidth_lifts_the_default_rate(void **state)
{
	(void)state;
	assert_int_equal(parse("-B 10M"), 0);
	assert_true(job.rate == RATE_MAX);
	assert_int_equal(parse("-B 10M -r 5k"), 0);
	assert_true(job.rate == 5000);
	assert_int_equal(parse("-p 80"), 0);
	assert_true(job.rate == 10000);
}

static void test_bad(void **state)
{
	static const struct {
		const char *line, *says;
	} bad[] = {
		{"--rate", "--rate lacks its value"},
		{"-r", "--rate lacks its value"},
		{"--rate=", "--rate: ''"},
		{"-r 0", "say max"},
		{"-r -5", "--rate: '-5'"},
		{"-r 99999999999999999999", "--rate: '99999999999999999999'"},
		{"-r 11G", "--rate: '11G'"},
		{"-r 1k -r 1k", "--rate is given more than once"},
		{"--probes 2 -P 2", "--attempts is given more than once"},
		{"-q -q", "--quiet is given more than once"},
		{"--output --open", "'--open' follows"},
		{"-o -q", "'-q' follows"},
		{"--quiet=yes", "--quiet: 'yes' is not true or false"},
		{"--verbose=10", "--verbose: '10'"},
		{"--rat 5", "did you mean --rate?"},
		{"--ra=5", "did you mean --rate?"},
		{"--max 5", "there is no option --max"},
		{"--truth", "an option of 'peal list'"},
		{"--shards 3", "--shard I/N"},
		{"-M icmp_echoscan", "there is no option -M"},
		{"-qZ", "there is no option -Z"},
		{"-P 0", "--attempts: '0' is not a whole number from 1 to 255"},
		{"-P 256", "--attempts: '256'"},
		{"-P 1k", "--attempts: '1k'"},
		{"-c 25h", "--cooldown: '25h'"},
		{"-t 0s", "--max-runtime: '0s'"},
		{"-n 0", "--max-targets: '0'"},
		{"-n 101%", "--max-targets: '101%'"},
		{"-N 0", "--max-results: '0'"},
		{"-e 1.5", "--seed: '1.5'"},
		{"-e 18446744073709551616", "--seed: '18446744073709551616'"},
		{"--shard 1", "--shard: '1' is not I/N"},
		{"--shard 3/3", "--shard: '3/3'"},
		{"--shard 0/0", "--shard: '0/0'"},
		{"--shard -1/3", "--shard: '-1/3'"},
		{"-B 999", "--bandwidth: '999'"},
		{"-B 10m", "--bandwidth: '10m'"},
		{"--prefix-rate 10/33", "--prefix-rate: '10/33'"},
		{"--prefix-rate 10/0", "--prefix-rate: '10/0'"},
		{"--prefix-rate /24", "--prefix-rate: '/24'"},
		{"-s 0", "--source-port: '0'"},
		{"-s 9-8", "--source-port: '9-8'"},
		{"-s 1-65536", "--source-port: '1-65536'"},
		{"-G 02:00:5e:10:00", "--gateway-mac:"},
		{"-G 02:00:5e:10:00:0g", "--gateway-mac:"},
		{"-G 01:00:5e:10:00:01", "hardware address of one device"},
		{"--source-mac 00:00:00:00:00:00", "--source-mac:"},
		{"--vlan 0", "--vlan: '0'"},
		{"--vlan 4095", "--vlan: '4095'"},
		{"--ttl 256", "--ttl: '256'"},
		{"--tcp-options macos", "mss, linux, windows, bsd, none"},
		{"--rst sometimes", "auto, always, never"},
		{"-O xml", "ndjson, csv, list"},
		{"-T 0", "--tx-cores: '0'"},
		{"-o \xff\xfe", "--output:"},
		{"--contact \xed\xa0\x80", "--contact:"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (parse(bad[i].line) == 0)
			fail_msg("'%s' was accepted", bad[i].line);
		assert_int_equal(err.code, EXIT_USAGE);
		if (strstr(err.text, bad[i].says) == NULL)
			fail_msg("'%s': \"%s\" lacks \"%s\"", bad[i].line, err.text, bad[i].says);
	}
}

/* What the user typed cannot write to the terminal but as text. */
static void test_quoting(void **state)
{
	(void)state;
	assert_true(parse("-r \x1b[2J\x07") < 0);
	assert_null(strchr(err.text, '\x1b'));
	assert_null(strchr(err.text, '\x07'));
	assert_true(parse("--\x1b[2J") < 0);
	assert_null(strchr(err.text, '\x1b'));
	assert_true(parse("-\x1b") < 0);
	assert_null(strchr(err.text, '\x1b'));
}

static void test_help_wins(void **state)
{
	(void)state;
	assert_int_equal(parse("-r nonsense --help -C /nonexistent"), 0);
	assert_true(job.help);
	assert_int_equal(parse("-V"), 0);
	assert_true(job.version);
	assert_int_equal(parse("--list-fields"), 0);
	assert_true(job.list_fields);
	assert_true(parse("--nonsense --help") < 0);
}

static void test_other_commands(void **state)
{
	char list[] = "--format ndjson --truth -i sim 192.0.2.1", rate[] = "-r 10",
	     csv[] = "-O csv";
	char doctor[] = "eth0", doctors[] = "eth0 eth1";

	(void)state;
	assert_int_equal(parse_for(CMD_LIST, list), 0);
	assert_true(job.truth);
	assert_string_equal(job.list_format, "ndjson");
	assert_null(job.format);
	assert_true(parse_for(CMD_LIST, rate) < 0);
	assert_non_null(strstr(err.text, "an option of 'peal scan', not of 'peal list'"));
	assert_true(parse_for(CMD_LIST, csv) < 0);
	assert_int_equal(parse_for(CMD_DOCTOR, doctor), 0);
	assert_string_equal(job.device, "eth0");
	assert_true(parse_for(CMD_DOCTOR, doctors) < 0);
	assert_string_equal(err.text, "DEVICE is given more than once");
}

static void test_quota(void **state)
{
	const struct quota none = {0}, some = {.count = 7}, half = {.percent = 50},
			   tiny = {.percent = 0.000000001}, whole = {.percent = 100};

	(void)state;
	assert_true(job_quota(&none, 100) == 0);
	assert_true(job_quota(&some, 100) == 7);
	assert_true(job_quota(&half, 8) == 4);
	assert_true(job_quota(&tiny, 8) == 1); /* 0 would be no limit */
	assert_true(job_quota(&whole, UINT64_C(1) << 48) == UINT64_C(1) << 48);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_for_devices),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_lists_and_counts),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_bandwidth_lifts_the_default_rate),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_quoting),
		cmocka_unit_test(test_help_wins),
		cmocka_unit_test(test_other_commands),
		cmocka_unit_test(test_quota),
	};

	return cmocka_run_group_tests(tests, NULL, forget);
}
