/* SPDX-License-Identifier: BSD-3-Clause */

#include <string.h>

#include "addr.h"
#include "job.h"
#include "stats.h"
#include "value.h"

/*
 * With several devices, values of some options belong to one of them: DEVICE=VALUE, where DEVICE is
 * what -i says, as it says it.
 */

static const char *behind(const char *text, const char *device)
{
	size_t len = strlen(device);

	return strncmp(text, device, len) == 0 && text[len] == '=' ? text + len + 1 : NULL;
}

/* Of whichever device text names: NULL when it names none. */
static const char *behind_any(const struct job *job, const char *text)
{
	const char *value = NULL;

	for (size_t i = 0; i < job->devices.n && value == NULL; i++)
		value = behind(text, job->devices.at[i]);
	return value;
}

const char *job_value_for(const struct job *job, const char *text, const char *device)
{
	const char *value = device != NULL ? behind(text, device) : NULL;

	if (value != NULL)
		return value;
	return behind_any(job, text) != NULL ? NULL : text; /* NULL: another's */
}

const char *job_gateway_ip(const struct job *job, const char *device)
{
	const char *found = NULL;

	for (size_t i = 0; i < job->gateway_ips.n; i++) {
		const char *text = job->gateway_ips.at[i];
		const char *value = job_value_for(job, text, device);

		if (value != NULL && (found == NULL || value != text))
			found = value;
	}
	return found;
}

static int check_gateways(const struct job *job, struct err *err)
{
	for (size_t i = 0; i < job->gateway_ips.n; i++) {
		const char *text = job->gateway_ips.at[i], *value = behind_any(job, text);
		uint32_t addr;

		if (value == NULL)
			value = text;
		if (addr4_parse(value, strlen(value), &addr) < 0)
			return err_set(err, EXIT_USAGE,
				       "--gateway-ip: '%s' is not an IPv4 address such as "
				       "192.0.2.1",
				       value_quote(text).text);
	}
	return 0;
}

static int check_sources(const struct job *job, struct err *err)
{
	for (size_t i = 0; i < job->source_ips.n && job->devices.n > 1; i++) {
		const char *text = job->source_ips.at[i];

		if (behind_any(job, text) == NULL)
			return err_set(err, EXIT_USAGE,
				       "--source-ip: '%s' belongs to which device? With several it "
				       "is --source-ip DEVICE=LIST, DEVICE being what -i says",
				       value_quote(text).text);
	}
	return 0;
}

int job_check_devices(const struct job *job, struct err *err)
{
	const struct strlist *devices = &job->devices;

	if (devices->n > DEVICES_MAX)
		return err_set(err, EXIT_USAGE, "--device: %zu devices are more than %d",
			       devices->n, DEVICES_MAX);
	for (size_t i = 1; i < devices->n; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(devices->at[i], devices->at[k]) == 0)
				return err_set(err, EXIT_USAGE, "--device: '%s' is named twice",
					       value_quote(devices->at[i]).text);
	if (devices->n > 1 && job->source_mac.given)
		return err_set(err, EXIT_USAGE,
			       "--source-mac: %zu devices cannot share a hardware address",
			       devices->n);
	if (check_gateways(job, err) < 0)
		return -1;
	return check_sources(job, err);
}
