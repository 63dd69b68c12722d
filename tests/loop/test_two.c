/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Two devices in one scan. Both are simulated; the test stands between the scan and them, counts
 * what each is given, lets one hear the other's answers, or takes one out of use for a while.
 */

#include "loop.h"

#include <errno.h>
#include <sys/mman.h>

#include "forked.h"
#include "reset_event.h"

int __real_rte_eth_stats_get(uint16_t port, struct rte_eth_stats *stats);
int __wrap_rte_eth_stats_get(uint16_t port, struct rte_eth_stats *stats);
int __real_rte_eth_dev_start(uint16_t port);
int __wrap_rte_eth_dev_start(uint16_t port);
int __wrap_rte_eth_dev_reset(uint16_t port);

enum { TARGETS = 1 << 14, FIRST = 0xc6120000, SOURCE = 0xc0000201 };

/* Shared with the scan, which is a process of its own. */
static struct play {
	bool cross;	  /* the second device has the answers of the first */
	uint64_t fail_at; /* frames after which the second device asks for a reset, */
	unsigned not_yet; /* which comes too early so often, */
	int verdict;	  /* and then this */
	unsigned resets;
	uint64_t at_first, at_last; /* resets: what the first device has sent by then */
	uint64_t sent[2];	    /* probes */
	uint64_t wrong;		    /* of them: neither of us, nor for a target */
	uint8_t times[TARGETS];	    /* that it was probed */
} * play;

static eth_tx_burst_t real_tx[2];

struct sighting {
	uint32_t saddr, daddr;
	bool probe;
};

static void note(unsigned device, const struct sighting *seen)
{
	if (!seen->probe)
		return;
	play->sent[device]++;
	if (seen->saddr != SOURCE + device || seen->daddr - FIRST >= TARGETS)
		play->wrong++;
	else
		play->times[seen->daddr - FIRST]++;
}

/* Counts what the device takes. */
static uint16_t count(unsigned device, void *queue, struct rte_mbuf **mbuf, uint16_t n)
{
	struct sighting seen[64];
	uint16_t taken;

	n = RTE_MIN(n, (uint16_t)ARRAY_LEN(seen));
	for (unsigned i = 0; i < n; i++) {
		const uint8_t *ip = rte_pktmbuf_mtod(mbuf[i], const uint8_t *) + 14;

		seen[i] = (struct sighting){
			get_be32(ip + 12), get_be32(ip + 16), ip[9] == 6 && ip[33] == 2, /* SYN */
		};
	}
	taken = real_tx[device](queue, mbuf, n);
	for (unsigned i = 0; i < taken; i++)
		note(device, &seen[i]);
	return taken;
}

static uint16_t count_first(void *queue, struct rte_mbuf **mbuf, uint16_t n)
{
	return count(0, queue, mbuf, n);
}

static uint16_t count_second(void *queue, struct rte_mbuf **mbuf, uint16_t n)
{
	return count(1, queue, mbuf, n);
}

int __wrap_rte_eth_dev_start(uint16_t port)
{
	int rc = __real_rte_eth_dev_start(port);
	struct rte_eth_fp_ops *ops = rte_eth_fp_ops;

	real_tx[port] = ops[port].tx_pkt_burst;
	ops[port].tx_pkt_burst = port == 0 ? count_first : count_second;
	if (play->cross && port == 1) {
		struct rte_ethdev_qdata first = ops[0].rxq;

		ops[0].rxq = ops[1].rxq;
		ops[1].rxq = first;
	}
	return rc;
}

/* The scan looks at its devices, before it sees whether one has something to say. */
int __wrap_rte_eth_stats_get(uint16_t port, struct rte_eth_stats *stats)
{
	int rc = __real_rte_eth_stats_get(port, stats);

	if (port == 1 && play->fail_at != 0 && stats->opackets > play->fail_at) {
		play->fail_at = 0;
		reset_event(port);
	}
	return rc;
}

int __wrap_rte_eth_dev_reset(uint16_t port)
{
	if (play->resets == 0) {
		rte_eth_dev_stop(port);
		play->at_first = play->sent[0];
	}
	play->at_last = play->sent[0];
	return play->resets++ < play->not_yet ? -EAGAIN : play->verdict;
}

static int scan(const struct play *how, const char *first, const char *second)
{
	const char *argv[] = {"198.18.0.0/18",
			      "--allow-special",
			      "198.18.0.0/15",
			      "-p",
			      "80",
			      "-i",
			      first,
			      "-i",
			      second,
			      "-r",
			      "20k",
			      "-c",
			      "1s",
			      "--state-dir",
			      folder.state,
			      "-O",
			      "ndjson",
			      "-o",
			      folder.records,
			      "-m",
			      folder.summary,
			      "-q"};

	*play = *how;
	return forked(&cmd_scan, argv, ARRAY_LEN(argv));
}

static json_t *check_summary(const char *reason)
{
	json_t *json = forked_summary(reason);

	assert_int_equal(forked_count(json, "sent") + forked_count(json, "not_reached"), TARGETS);
	assert_int_equal(forked_count(json, "records") + forked_count(json, "repeats"),
			 forked_count(json, "received"));
	return json;
}

static void check_sent_by_each(const json_t *json)
{
	assert_int_equal(play->wrong, 0);
	assert_int_equal(forked_count(json, "devices.0.sent"), play->sent[0]);
	assert_int_equal(forked_count(json, "devices.1.sent"), play->sent[1]);
	assert_int_equal(play->sent[0] + play->sent[1], TARGETS);
	for (unsigned i = 0; i < TARGETS; i++)
		assert_int_equal(play->times[i], 1);
	/* one rate, in equal parts, of which RSTs take some */
	assert_in_range(play->sent[0], TARGETS / 4, TARGETS * 3 / 4);
}

/* Everybody answers, and is asked once, by one of the two. */
static void test_each_sends_its_share(void **state)
{
	json_t *json;

	(void)state;
	assert_int_equal(scan(&(struct play){0}, "sim:alive=1,open=1,retransmit=0",
			      "sim:alive=1,open=1,retransmit=0,rtt=20ms"),
			 EXIT_COMPLETE);
	json = check_summary("complete");
	check_sent_by_each(json);
	assert_int_equal(forked_count(json, "records"), TARGETS);
	assert_int_equal(forked_count(json, "devices.0.received"), play->sent[0]);
	assert_int_equal(forked_count(json, "devices.1.received"), play->sent[1]);
	json_decref(json);
	folder_empty();
}

/* Nobody answers the second device, which hears all that is said to the first: this counts, and it
 * is the second that closes what was opened. */
static void test_answers_by_the_other(void **state)
{
	json_t *json;

	(void)state;
	assert_int_equal(scan(&(struct play){.cross = true}, "sim:alive=1,open=1,retransmit=0",
			      "sim:alive=0,icmp=0"),
			 EXIT_COMPLETE);
	json = check_summary("complete");
	check_sent_by_each(json);
	assert_int_equal(forked_count(json, "records"), play->sent[0]);
	assert_int_equal(forked_count(json, "devices.0.received"), 0);
	assert_int_equal(forked_count(json, "devices.1.received"), play->sent[0]);
	assert_int_equal(forked_count(json, "devices.0.control"), 0);
	assert_true(forked_count(json, "devices.1.control") > 1000);
	json_decref(json);
	folder_empty();
}

/* The second is out of use for half a second: the first goes on, and all is found. */
static void test_one_goes_on(void **state)
{
	const struct play how = {.fail_at = 3000, .not_yet = 25};
	json_t *json;

	(void)state;
	assert_int_equal(scan(&how, "sim:alive=1,open=1,retransmit=0",
			      "sim:alive=1,open=1,retransmit=0,rtt=20ms"),
			 EXIT_COMPLETE);
	json = check_summary("complete");
	assert_int_equal(play->resets, 26);
	assert_int_equal(play->wrong, 0);
	assert_true(play->at_last > play->at_first + 1000);
	assert_int_equal(forked_count(json, "records"), TARGETS);
	assert_int_equal(forked_count(json, "outages"), 1);
	assert_int_equal(play->sent[0] + play->sent[1], TARGETS + forked_count(json, "resent"));
	json_decref(json);
	folder_empty();
}

/* It does not come back: what it had taken is left to the run that goes on with the first alone. */
static void test_one_is_lost(void **state)
{
	const struct play how = {.fail_at = 3000, .not_yet = 5, .verdict = -EIO};
	const char *argv[] = {folder.state, "-i", "sim:alive=1,open=1,retransmit=0", "-q"};
	json_t *json;

	(void)state;
	assert_int_equal(scan(&how, "sim:alive=1,open=1,retransmit=0",
			      "sim:alive=1,open=1,retransmit=0,rtt=20ms"),
			 EXIT_STOPPED);
	json_decref(check_summary("device"));
	assert_int_equal(play->sent[0] + play->sent[1] < TARGETS, 1);
	play->fail_at = 0;
	assert_int_equal(forked(&cmd_resume, argv, ARRAY_LEN(argv)), EXIT_COMPLETE);
	json = check_summary("complete");
	assert_int_equal(play->wrong, 0);
	assert_int_equal(forked_count(json, "records"), TARGETS);
	for (unsigned i = 0; i < TARGETS; i++)
		assert_true(play->times[i] >= 1);
	json_decref(json);
	folder_empty();
}

static int setup(void **state)
{
	(void)state;
	if (folder_make() < 0)
		return -1;
	play = mmap(NULL, sizeof(*play), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return play != MAP_FAILED ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	munmap(play, sizeof(*play));
	return rmdir(folder.dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_sends_its_share),
		cmocka_unit_test(test_answers_by_the_other),
		cmocka_unit_test(test_one_goes_on),
		cmocka_unit_test(test_one_is_lost),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
