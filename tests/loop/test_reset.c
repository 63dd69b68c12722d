/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * A device that asks for a reset in mid-scan (RTE_ETH_EVENT_INTR_RESET), as parts of a card do when
 * the whole of it was reset. No driver that runs without such a card asks, or can be reset, so the
 * simulated one is made to: from some frame on it takes all and sends none, then its driver raises
 * the event, and rte_eth_dev_reset() is the test's.
 */

#include "loop.h"

#include <errno.h>
#include <sys/mman.h>

#include "forked.h"
#include "reset_event.h"

int __real_rte_eth_stats_get(uint16_t port, struct rte_eth_stats *stats);
int __wrap_rte_eth_stats_get(uint16_t port, struct rte_eth_stats *stats);
int __wrap_rte_eth_dev_reset(uint16_t port);

/* Shared with the scan, which is a process of its own. */
static struct play {
	uint64_t fail_at; /* after so many frames sent */
	int verdict;	  /* of a reset, */
	unsigned not_yet; /* after so many that come too early */
	bool dead, raised;
	uint64_t swallowed, touched, resets;
} * play;

static uint16_t swallow(void *queue, struct rte_mbuf **mbuf, uint16_t n)
{
	(void)queue;
	rte_pktmbuf_free_bulk(mbuf, n);
	play->swallowed += n;
	return n;
}

/* Between reset and start nobody may use the device. */
static uint16_t touch(void *queue, struct rte_mbuf **mbuf, uint16_t n)
{
	(void)queue, (void)mbuf, (void)n;
	play->touched++;
	return 0;
}

/* The scan looks at its device: at one look it dies, at the next it says so. */
int __wrap_rte_eth_stats_get(uint16_t port, struct rte_eth_stats *stats)
{
	int rc = __real_rte_eth_stats_get(port, stats);

	if (play->dead && !play->raised) {
		play->raised = true;
		reset_event(port);
	} else if (!play->dead && play->fail_at != 0 && stats->opackets > play->fail_at) {
		play->dead = true;
		rte_eth_fp_ops[port].tx_pkt_burst = swallow;
	}
	return rc;
}

int __wrap_rte_eth_dev_reset(uint16_t port)
{
	rte_eth_dev_stop(port);
	rte_eth_fp_ops[port].tx_pkt_burst = rte_eth_fp_ops[port].rx_pkt_burst = touch;
	if (play->resets++ < play->not_yet)
		return -EAGAIN;
	usleep(10000);
	return play->verdict;
}

/* A scan of 16,384 targets, at a rate of which a look is some 400 probes. */
static int scan(const struct play *how)
{
	const char *argv[] = {"198.18.0.0/18",
			      "--allow-special",
			      "198.18.0.0/15",
			      "-p",
			      "80",
			      "-i",
			      "sim:alive=1,open=0.3,rtt=10ms",
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

	assert_int_equal(play->touched, 0);
	return json;
}

/* All of the truth is found, with what the dead device swallowed. */
static void check_complete(const json_t *json)
{
	assert_true(forked_count(json, "truth.open") > 0);
	assert_int_equal(forked_count(json, "truth.found"), forked_count(json, "truth.open"));
	assert_int_equal(forked_count(json, "sent"), 16384);
	assert_int_equal(forked_count(json, "not_reached"), 0);
}

static void check_goes_on(const struct play *how)
{
	json_t *json;

	assert_int_equal(scan(how), EXIT_COMPLETE);
	json = check_summary("complete");
	check_complete(json);
	assert_int_equal(play->resets, how->not_yet + 1);
	assert_true(play->swallowed > 0);
	assert_true(forked_count(json, "resent") >= play->swallowed);
	assert_int_equal(forked_count(json, "outages"), 1);
	json_decref(json);
	folder_empty();
}

static void test_reset_at_once(void **state)
{
	(void)state;
	check_goes_on(&(struct play){.fail_at = 6000});
}

/* Once more at each look, until it can be. */
static void test_reset_later(void **state)
{
	(void)state;
	check_goes_on(&(struct play){.fail_at = 6000, .not_yet = 10});
}

/* It never comes back: the scan ends with its state, and goes on upon another device. */
static void test_reset_fails(void **state)
{
	const char *argv[] = {folder.state, "-q"};
	json_t *json;
	uint64_t sent;

	(void)state;
	assert_int_equal(scan(&(struct play){.fail_at = 6000, .not_yet = 2, .verdict = -EIO}),
			 EXIT_STOPPED);
	json = check_summary("device");
	sent = forked_count(json, "sent");
	assert_in_range(sent, 1, 16383);
	assert_int_equal(sent + forked_count(json, "not_reached"), 16384);
	json_decref(json);

	*play = (struct play){0};
	assert_int_equal(forked(&cmd_resume, argv, ARRAY_LEN(argv)), EXIT_COMPLETE);
	json = check_summary("complete");
	check_complete(json);
	json_decref(json);
	folder_empty();
}

/* Most drivers cannot. */
static void test_reset_unknown(void **state)
{
	(void)state;
	assert_int_equal(scan(&(struct play){.fail_at = 6000, .verdict = -ENOTSUP}), EXIT_STOPPED);
	json_decref(check_summary("device"));
	assert_int_equal(play->resets, 1);
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
		cmocka_unit_test(test_reset_at_once),
		cmocka_unit_test(test_reset_later),
		cmocka_unit_test(test_reset_fails),
		cmocka_unit_test(test_reset_unknown),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
