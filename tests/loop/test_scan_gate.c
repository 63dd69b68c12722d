/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * A whole scan whose target space is broken: the linker puts a target_load() in front of the real
 * one (--wrap), which forgets what was excluded, but keeps the lists that the gate is built from.
 */

#include "loop.h"

#include "forked.h"
#include "target.h"

int __real_target_load(const struct target_conf *conf, struct target_space **space,
		       struct exclusion *excl, struct target_counts *counts, struct err *err);
int __wrap_target_load(const struct target_conf *conf, struct target_space **space,
		       struct exclusion *excl, struct target_counts *counts, struct err *err);

static bool broken;

int __wrap_target_load(const struct target_conf *conf, struct target_space **space,
		       struct exclusion *excl, struct target_counts *counts, struct err *err)
{
	const char *all = "0.0.0.0/0";
	struct target_conf forgetful = *conf;
	struct exclusion unused;
	int rc = __real_target_load(conf, space, excl, counts, err);

	if (rc < 0 || !broken)
		return rc;
	target_space_destroy(*space);
	forgetful.exclude = forgetful.blocklist_files = forgetful.scope_files = (struct strlist){0};
	forgetful.allow_special = (struct strlist){&all, 1, 1};
	rc = __real_target_load(&forgetful, space, &unused, counts, err);
	if (rc == 0)
		exclusion_fini(&unused);
	return rc;
}

static char pcap[64], device[80];

/* A scan of 768 good targets, and of 272 bad ones if the space is broken; the packets go to a
 * capture file. */
static int scan(const char *rate)
{
	const char *argv[] = {"198.18.0.0/22",
			      "10.9.0.0/28",
			      "-x",
			      "198.18.1.0/24",
			      "--allow-special",
			      "198.18.0.0/15",
			      "-p",
			      "80",
			      "-i",
			      device,
			      "-S",
			      "198.19.0.1",
			      "--gateway-mac",
			      "02:00:00:00:00:01",
			      "-r",
			      rate,
			      "-c",
			      "50ms",
			      "-o",
			      "/dev/null",
			      "-m",
			      folder.summary,
			      "-q"};

	return forked(&cmd_scan, argv, ARRAY_LEN(argv));
}

/* How many frames left; none may be for an address that is excluded. */
static uint64_t captured(void)
{
	uint8_t header[24], record[16], frame[256];
	FILE *file = fopen(pcap, "rb");
	uint64_t n = 0;

	assert_non_null(file);
	assert_int_equal(fread(header, sizeof(header), 1, file), 1);
	for (; fread(record, sizeof(record), 1, file) == 1; n++) {
		uint32_t len, addr;

		memcpy(&len, record + 8, sizeof(len));
		assert_in_range(len, 54, sizeof(frame));
		assert_int_equal(fread(frame, len, 1, file), 1);
		addr = get_be32(frame + 30);
		assert_int_equal(addr >> 10, 0xc6120000 >> 10);
		assert_int_not_equal(addr >> 8, 0xc61201);
	}
	fclose(file);
	return n;
}

static void check_summary(const char *reason, uint64_t *sent, uint64_t *not_reached)
{
	json_t *json = forked_summary(reason);

	assert_int_equal(json_is_true(json_object_get(json, "complete")),
			 strcmp(reason, "complete") == 0);
	*sent = forked_count(json, "sent");
	*not_reached = forked_count(json, "not_reached");
	json_decref(json);
}

/* Slow enough that most of the scan is still ahead when the gate is hit: it ends there. */
static void test_gate_ends_the_scan(void **state)
{
	uint64_t sent, not_reached;

	(void)state;
	broken = true;
	assert_int_equal(scan("50"), EXIT_BOOKS);
	check_summary("gate", &sent, &not_reached);
	assert_true(not_reached > 0);
	assert_int_equal(captured(), sent);
}

/* The same scan with a target space that is right. */
static void test_no_gate_without_a_bug(void **state)
{
	uint64_t sent, not_reached;

	(void)state;
	broken = false;
	assert_int_equal(scan("100k"), EXIT_COMPLETE);
	check_summary("complete", &sent, &not_reached);
	assert_int_equal(sent, 768);
	assert_int_equal(not_reached, 0);
	assert_int_equal(captured(), 768);
}

static int setup(void **state)
{
	(void)state;
	if (folder_make() < 0)
		return -1;
	snprintf(pcap, sizeof(pcap), "%s/sent.pcap", folder.dir);
	snprintf(device, sizeof(device), "pcap:%s", pcap);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	folder_empty();
	return rmdir(folder.dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gate_ends_the_scan),
		cmocka_unit_test(test_no_gate_without_a_bug),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
