/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include <time.h>

#include "sim_internet.h"
#include "sim_sieve.h"

/* The simulated internet as a function: shares are what was asked for, and nothing else counts. */

static struct sim_internet *create(const char *arg)
{
	struct sim_internet *internet;
	struct err err;

	if (sim_internet_create(arg, &internet, &err) < 0)
		fail_msg("%s: %s", arg, err.text);
	return internet;
}

struct shares {
	double of[5]; /* by enum sim_state */
};

enum { SAMPLES = 1 << 20 };

static struct shares measure(const char *arg, uint16_t port)
{
	struct sim_internet *internet = create(arg);
	struct shares shares = {{0}};

	for (uint32_t i = 0; i < SAMPLES; i++)
		shares.of[sim_internet_find(internet, i * 2654435761u, port)] += 1.0 / SAMPLES;
	sim_internet_destroy(internet);
	return shares;
}

static void near(double is, double wanted)
{
	/* six standard deviations; /24s come in blocks of samples, hence the floor */
	if (is < wanted - 0.004 || is > wanted + 0.004)
		fail_msg("%f is not near %f", is, wanted);
}

static void shares_are_as_asked(void **state)
{
	struct shares s = measure("alive=0.4,open=0.05,closed=0.5,icmp=0.2", 12345);

	(void)state;
	near(s.of[SIM_OPEN], 0.4 * 0.05);
	near(s.of[SIM_CLOSED], 0.4 * 0.95 * 0.5);
	near(s.of[SIM_FILTERED], 0.4 * 0.95 * 0.5 * 0.2);
	near(s.of[SIM_UNREACHABLE], 0.6 * 0.2);
	near(measure("alive=0.4,open=0.05", 443).of[SIM_OPEN], 0.4 * 0.5);
	near(measure("alive=0,icmp=0", 80).of[SIM_SILENT], 1);
	near(measure("alive=1,open=1", 80).of[SIM_OPEN], 1);
	near(measure("alive=1,open=0,closed=1", 80).of[SIM_CLOSED], 1);
	near(measure("alive=1,open=0,closed=0,icmp=1", 80).of[SIM_FILTERED], 1);
	near(measure("alive=0,icmp=1", 80).of[SIM_UNREACHABLE], 1);
	near(measure("alive=0,icmp=0,hostile=1", 80).of[SIM_OPEN], 0.25);
}

static void only_seed_and_shares_decide(void **state)
{
	struct sim_internet *a = create("seed=5"), *b = create("seed=5,rtt=1ms,loss=0.5,dup=1");
	struct sim_internet *c = create("seed=6");
	unsigned differ = 0;

	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		enum sim_state is = sim_internet_find(a, i * 977, (uint16_t)i);

		assert_int_equal(is, sim_internet_find(b, i * 977, (uint16_t)i));
		differ += is != sim_internet_find(c, i * 977, (uint16_t)i);
	}
	assert_true(differ > 10000);
	sim_internet_destroy(a);
	sim_internet_destroy(b);
	sim_internet_destroy(c);
}

/* Known answers: a change of the function breaks everybody's recorded truths. */
static void the_function_stays(void **state)
{
	struct sim_internet *internet = create("");
	uint64_t digest = 0;

	(void)state;
	for (uint32_t i = 0; i < 100000; i++)
		digest = digest * 31 + (uint64_t)sim_internet_find(internet, i * 40503, 80);
	assert_int_equal(digest, UINT64_C(0x6adae23184edb12c));
	sim_internet_destroy(internet);
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void rtt_has_its_median_and_a_tail(void **state)
{
	static uint64_t rtt[10001];
	struct sim_internet *internet = create("rtt=40ms");
	struct sim_host host;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(rtt); i++) {
		sim_internet_host(internet, i * 7919, &host);
		rtt[i] = host.rtt_ns;
		sim_internet_host(internet, i * 7919, &host);
		assert_int_equal(rtt[i], host.rtt_ns);
	}
	qsort(rtt, ARRAY_LEN(rtt), sizeof(rtt[0]), compare);
	assert_in_range(rtt[5000], 38000000, 42000000);
	assert_in_range(rtt[0], 4000000, 10000000);
	assert_in_range(rtt[9000], 75000000, 95000000);
	assert_in_range(rtt[10000], 250000000, 330000000);
	sim_internet_destroy(internet);
}

static void tricks_are_dealt_evenly(void **state)
{
	struct sim_internet *internet = create("alive=1,hostile=0.5");
	unsigned n[SIM_TRICKS] = {0};
	struct sim_host host;

	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		sim_internet_host(internet, i * 7919, &host);
		n[host.trick]++;
	}
	assert_in_range(n[SIM_HONEST], 49000, 51000);
	for (unsigned t = 1; t < SIM_TRICKS; t++)
		assert_in_range(n[t], 50000 / (SIM_TRICKS - 1) - 500,
				50000 / (SIM_TRICKS - 1) + 500);
	sim_internet_destroy(internet);
}

static void speed(void **state)
{
	struct sim_internet *internet = create("");
	struct timespec a, b;
	unsigned open = 0;
	double ns;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (uint32_t i = 0; i < 4000000; i++)
		open += sim_internet_find(internet, i, 80) == SIM_OPEN;
	clock_gettime(CLOCK_MONOTONIC, &b);
	ns = ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) / 4e6;
	print_message("# %.1f ns a state\n", ns);
	assert_true(open > 0 && ns < 1000); /* a bound for slow machines and sanitizers */
	sim_internet_destroy(internet);
}

static void sieve_is(const struct sim_internet *internet, const uint32_t *addr,
		     const uint16_t *port, unsigned n, bool all)
{
	uint64_t want = 0, got = sim_sieve(internet, addr, port, n);

	for (unsigned i = 0; i < n; i++)
		if (all || sim_internet_find(internet, addr[i], port[i]) != SIM_SILENT)
			want |= UINT64_C(1) << i;
	assert_int_equal(got, want);
}

/* Those that are not silent, under each instruction set; all where tricks are played. */
static void sieve_keeps_who_answers(void **state)
{
	static const char *const args[] = {
		"",
		"alive=1,open=0.02,closed=0,icmp=0",
		"alive=1,open=0.05,closed=0.1,icmp=0.2",
		"alive=0.3,open=0.05,closed=0,icmp=0",
		"alive=0.3,open=0.2,closed=0.2,icmp=0.3",
		"alive=0",
		"alive=1,open=1",
		"alive=0.5,hostile=0.1",
	};
	static const uint16_t ports[] = {0,   21,  22,	 25,   53,   80,   110,	 143,  443,  587,
					 993, 995, 3306, 3389, 7547, 8080, 8443, 5000, 65535};
	uint64_t random = 1;

	(void)state;
	for (unsigned k = 0; k < 2 * sizeof(args) / sizeof(args[0]); k++) {
		struct sim_internet *internet;

		if (k % 2 == 1)
			setenv("PEAL_ISA", "plain", 1);
		internet = create(args[k / 2]);
		unsetenv("PEAL_ISA");
		for (unsigned n = 0; n <= 20 * SIM_SIEVE; n++) {
			uint32_t addr[SIM_SIEVE];
			uint16_t port[SIM_SIEVE];

			for (unsigned i = 0; i < SIM_SIEVE; i++) {
				addr[i] = (uint32_t)test_random(&random);
				port[i] = ports[test_random(&random) %
						(sizeof(ports) / sizeof(ports[0]))];
			}
			sieve_is(internet, addr, port, n % (SIM_SIEVE + 1),
				 strstr(args[k / 2], "hostile") != NULL);
		}
		sim_internet_destroy(internet);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_are_as_asked),
		cmocka_unit_test(only_seed_and_shares_decide),
		cmocka_unit_test(the_function_stays),
		cmocka_unit_test(rtt_has_its_median_and_a_tail),
		cmocka_unit_test(tricks_are_dealt_evenly),
		cmocka_unit_test(sieve_keeps_who_answers),
		cmocka_unit_test(speed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
