/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * How fast a scan sends, and how many lcores do it.
 *
 * One lcore fills any card. But below a Linux interface is the kernel, which works on the processor
 * of whoever sends: it carries the frame, and over a virtual cable the answer as well, before the
 * call returns. There, a processor is good for little more than KERNEL_PPS; as many of them work
 * as the rate needs.
 */

#include "scan.h"

#include <rte_common.h>

enum {
	WIRE_OVERHEAD = 24, /* bytes a frame takes beside itself: FCS, preamble, gap */
	FRAME_MIN = 60,
	KERNEL_PPS = 100000, /* that one lcore sends over a Linux interface in any case */
	KERNEL_CORES = 4,    /* more of them would wait for each other */
};

static uint64_t wire_bits(unsigned frame)
{
	return ((frame < FRAME_MIN ? FRAME_MIN : frame) + WIRE_OVERHEAD) * 8;
}

void scan_rate(struct scan *scan)
{
	const struct job *job = scan->job;

	scan->rate = job->rate;
	if (job->bandwidth != 0) {
		uint64_t frames = job->bandwidth / wire_bits(scan->stream.probe.template.len);

		scan->rate = RTE_MIN(scan->rate, RTE_MAX(frames, 1u));
	}
	if (job->prefix_rate != 0) {
		/* what the largest prefix can take on average: faster would only put probes off */
		uint64_t largest = target_space_largest_prefix(scan->space, job->prefix_len);
		double most = (double)job->prefix_rate * (double)target_space_size(scan->space) /
			      (double)largest;

		if (most < (double)scan->rate)
			scan->rate = most < 1 ? 1 : (uint64_t)most;
	}
}

/* How many lcores the devices can make use of, where nobody says. */
static unsigned cores_of_use(const struct scan *scan)
{
	uint64_t cores = 1 + (scan->rate - 1) / KERNEL_PPS;

	for (unsigned i = 0; i < scan->n_uplinks; i++)
		if (!(scan->uplink[i].spec.driver->limits & IO_KERNEL))
			return 1;
	return (unsigned)RTE_MIN(cores, (uint64_t)KERNEL_CORES);
}

int scan_roles(struct scan *scan, struct err *err)
{
	const struct job *job = scan->job;
	struct roles_conf conf = {
		.tx = job->tx_cores,
		.rx = job->rx_cores,
		.of_use = cores_of_use(scan),
		.list = job->cores,
	};
	char near[256] = "";

	if (scan->n_uplinks == 1)
		io_near(&scan->uplink[0].spec, near, sizeof(near));
	conf.near = near;
	return roles_init(&scan->roles, &conf, err);
}
