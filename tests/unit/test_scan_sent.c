/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include "cmd/scan.h"

/* A card's count that lags, stays behind, or goes ahead; what is said is what the count is. */

void __wrap_io_stats(const struct io_dev *dev, struct io_stats *stats);
int __wrap_usleep(unsigned us);

static struct {
	uint64_t count, grows, looks;
	bool down;
} card;

static struct scan scan;
static struct snapshot s;

void __wrap_io_stats(const struct io_dev *dev, struct io_stats *stats)
{
	(void)dev;
	*stats = (struct io_stats){.opackets = card.count - 3, .oerrors = 3, .link_up = !card.down};
	card.count += card.grows;
	card.looks++;
}

int __wrap_usleep(unsigned us)
{
	(void)us;
	return 0;
}

/* What is unsent when the card counted `before` at the start, and `count` once it took 1000. */
static uint64_t unsent(unsigned limits, uint64_t before, uint64_t count)
{
	static struct uplink uplink;

	uplink = (struct uplink){.dev = {.limits = limits}};
	scan.uplink[0] = uplink;
	scan.n_uplinks = 1;
	s.device[0] = (struct device_count){.name = "card", .taken = 1000};
	card.count = before;
	scan_sent_begin(&scan);
	card.count = count;
	card.looks = 0;
	scan_sent_check(&scan, &s);
	return s.device[0].unsent;
}

static void test_count(void **state)
{
	(void)state;
	assert_int_equal(unsent(IO_PCI, 50, 1050), 0);
	assert_int_equal(card.looks, 1);
	assert_int_equal(unsent(IO_PCI, 50, 1040), 10);
	assert_in_range(card.looks, 10, 1000); /* it was given time */
	assert_int_equal(unsent(IO_PCI, 50, 1060), 0);
	assert_int_equal(unsent(IO_PCI, 50, 50), 0); /* it does not count at all */
	card.grows = 5;
	assert_int_equal(unsent(IO_PCI, 50, 990), 0); /* it is late */
	card.grows = 0;
}

/* Nobody is alarmed by what has other causes. */
static void test_no_alarm(void **state)
{
	(void)state;
	assert_int_equal(unsent(IO_KERNEL, 50, 1040), 0);
	s.outages = 1;
	assert_int_equal(unsent(IO_PCI, 50, 1040), 0);
	s.outages = 0;
	card.down = true;
	assert_int_equal(unsent(IO_PCI, 50, 1040), 0);
	card.down = false;
	scan.end = END_DEVICE;
	assert_int_equal(unsent(IO_PCI, 50, 1040), 0);
	scan.end = END_COMPLETE;
	assert_int_equal(unsent(IO_PCI, 50, 1040), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_no_alarm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
