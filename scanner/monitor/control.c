/* SPDX-License-Identifier: BSD-3-Clause */

#include "monitor.h"

#include <errno.h>
#include <pthread.h>
#include <rte_telemetry.h>

#include "counter.h"
#include "meter.h"

/*
 * Telemetry's callbacks take no argument of ours, so what they read is global: the last snapshot
 * that main published, copied under a lock that neither side holds for longer than the copy.
 */
static struct {
	pthread_mutex_t lock;
	struct snapshot snapshot;
	struct meter meter;
} published = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void published_copy(struct snapshot *s, struct meter *m)
{
	pthread_mutex_lock(&published.lock);
	*s = published.snapshot;
	*m = published.meter;
	pthread_mutex_unlock(&published.lock);
}

static int control_status(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct snapshot s;
	struct meter m;
	double left;

	(void)cmd;
	(void)params;
	published_copy(&s, &m);
	left = meter_left(&m, &s);

	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_string(d, "phase", scan_phase_name(s.phase));
	rte_tel_data_add_dict_string(d, "paused", s.paused ? "yes" : "no");
	rte_tel_data_add_dict_u64(d, "elapsed_ms", (uint64_t)(s.elapsed * 1000));
	rte_tel_data_add_dict_u64(d, "percent", (uint64_t)stats_percent(&s));
	if (left >= 0) /* absent while not known: telemetry has no null */
		rte_tel_data_add_dict_u64(d, "eta_seconds", (uint64_t)left);
	rte_tel_data_add_dict_u64(d, "sent", s.sent);
	rte_tel_data_add_dict_u64(d, "sent_rate", (uint64_t)m.sent_rate);
	rte_tel_data_add_dict_u64(d, "received", s.received);
	rte_tel_data_add_dict_u64(d, "received_rate", (uint64_t)m.received_rate);
	rte_tel_data_add_dict_u64(d, "records", s.written);
	rte_tel_data_add_dict_u64(d, "open", s.first[STATE_OPEN]);
	return rte_tel_data_add_dict_u64(d, "lost", stats_missing(&s));
}

static int control_counters(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct rte_tel_data *rejected = rte_tel_data_alloc();
	struct snapshot s;
	struct meter m;

	(void)cmd;
	(void)params;
	if (rejected == NULL)
		return -ENOMEM;
	published_copy(&s, &m);

	rte_tel_data_start_dict(d);
	for (size_t i = 0; i < n_counters; i++)
		if (counters[i].shown & IN_TELEMETRY)
			rte_tel_data_add_dict_u64(d, counters[i].name,
						  counter_value(&counters[i], &s));
	rte_tel_data_start_dict(rejected);
	for (int i = 0; i < REJECT_COUNT; i++)
		rte_tel_data_add_dict_u64(rejected, reject_name((enum reject)i), s.rejected[i]);
	return rte_tel_data_add_dict_container(d, "rejected", rejected, 0);
}

int control_start(void)
{
	int rc = rte_telemetry_register_cmd("/peal/status", control_status,
					    "Phase, progress and rates. Takes no parameters");

	if (rc < 0)
		return rc;
	return rte_telemetry_register_cmd("/peal/counters", control_counters,
					  "All counters of the scan. Takes no parameters");
}

void control_publish(const struct snapshot *s)
{
	pthread_mutex_lock(&published.lock);
	published.snapshot = *s;
	/* rates over a second: main publishes more often than that */
	if (s->elapsed - published.meter.elapsed >= 1)
		meter_read(&published.meter, s);
	pthread_mutex_unlock(&published.lock);
}
