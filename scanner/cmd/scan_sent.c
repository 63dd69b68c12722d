/* SPDX-License-Identifier: BSD-3-Clause */

#include "scan.h"

#include <inttypes.h>
#include <unistd.h>

#include "log.h"

/*
 * Whether cards have sent what they took. Only cards: a Linux interface counts for others, too, and
 * what the rest say is what we gave them. Only when the link was up all the time: what waits in a
 * card for its link may be forgotten, and is sent again.
 */

enum {
	PATIENCE_MS = 1500, /* some drivers fetch their counters once a second */
	LOOK_MS = 20,
};

static uint64_t sent_counted(const struct io_dev *dev, struct io_stats *io)
{
	io_stats(dev, io);
	return io->opackets + io->oerrors;
}

/* What was sent before belongs to nobody: late counts of it can hide a loss, not feign one. */
void scan_sent_begin(struct scan *scan)
{
	struct io_stats io;

	for (unsigned i = 0; i < scan->n_uplinks; i++)
		if (scan->uplink[i].dev.limits & IO_PCI)
			scan->sent_before[i] = sent_counted(&scan->uplink[i].dev, &io);
}

static uint64_t sent_unsent(const struct io_dev *dev, uint64_t taken, uint64_t before)
{
	struct io_stats io = {0};
	uint64_t unsent = 0;

	for (unsigned ms = 0; ms < PATIENCE_MS; ms += LOOK_MS) {
		uint64_t counted = sent_counted(dev, &io);

		unsent = stats_unsent(taken, counted > before ? counted - before : 0);
		if (unsent == 0 || io.removed || !io.link_up)
			return 0;
		usleep(LOOK_MS * 1000);
	}
	return unsent;
}

void scan_sent_check(struct scan *scan, struct snapshot *s)
{
	if (s->outages != 0 || scan->end == END_DEVICE)
		return;
	for (unsigned i = 0; i < scan->n_uplinks; i++) {
		const struct io_dev *dev = &scan->uplink[i].dev;
		struct device_count *device = &s->device[i];

		if (dev->limits & IO_PCI)
			device->unsent = sent_unsent(dev, device->taken, scan->sent_before[i]);
		if (device->unsent != 0)
			LOG(WARN,
			    "%s: took %" PRIu64 " frames, and %" PRIu64 " of them are neither sent "
			    "nor dropped by its own count: what these asked for may be missing "
			    "(device_counters in the summary may tell more)",
			    device->name, device->taken, device->unsent);
	}
}
