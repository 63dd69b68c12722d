/* SPDX-License-Identifier: BSD-3-Clause */

#include <string.h>

#include "addr.h"
#include "job.h"
#include "number.h"
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

/* What the list says for the device itself, else what it says for any. */
static const char *text_for(const struct job *job, const struct strlist *list, const char *device)
{
	const char *found = NULL;

	for (size_t i = 0; i < list->n; i++) {
		const char *text = list->at[i], *value = job_value_for(job, text, device);

		if (value != NULL && (found == NULL || value != text))
			found = value;
	}
	return found;
}

const char *job_gateway_ip(const struct job *job, const char *device)
{
	return text_for(job, &job->gateway_ips, device);
}

/* What the texts are was looked at when they were read. */
static struct mac mac_for(const struct job *job, const struct strlist *list, const char *device)
{
	const char *text = text_for(job, list, device);
	struct mac mac = {.given = false};

	if (text != NULL)
		value_mac(text, &mac);
	return mac;
}

struct mac job_gateway_mac(const struct job *job, const char *device)
{
	return mac_for(job, &job->gateway_macs, device);
}

struct mac job_source_mac(const struct job *job, const char *device)
{
	return mac_for(job, &job->source_macs, device);
}

uint16_t job_vlan(const struct job *job, const char *device)
{
	const char *text = text_for(job, &job->vlans, device);
	uint64_t id = 0;

	if (text != NULL)
		number_plain(text, strlen(text), UINT16_MAX, &id);
	return (uint16_t)id;
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

/* How much of the text names the device that it is for: 0 when it is for any. */
static size_t device_len(const struct job *job, const char *text)
{
	const char *value = behind_any(job, text);

	return value != NULL ? (size_t)(value - text) : 0;
}

/* One word for each device at most, and none for a device that is not there. */
static int check_owners(const struct job *job, const char *option, const struct strlist *list,
			struct err *err)
{
	for (size_t i = 0; i < list->n; i++) {
		const char *text = list->at[i];
		size_t len = device_len(job, text);

		if (len == 0 && strchr(text, '=') != NULL)
			return err_set(err, EXIT_USAGE,
				       "--%s: '%s' is for a device that no -i names as it does",
				       option, value_quote(text).text);
		for (size_t k = 0; k < i; k++)
			if (device_len(job, list->at[k]) == len &&
			    strncmp(list->at[k], text, len) == 0)
				return err_set(err, EXIT_USAGE,
					       "--%s: '%s' follows '%s': a device has one", option,
					       value_quote(text).text,
					       value_quote(list->at[k]).text);
	}
	return 0;
}

static int check_links(const struct job *job, struct err *err)
{
	const struct {
		const char *option;
		const struct strlist *list;
	} links[] = {
		{"gateway-mac", &job->gateway_macs},
		{"gateway-ip", &job->gateway_ips},
		{"source-mac", &job->source_macs},
		{"vlan", &job->vlans},
	};

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (check_owners(job, links[i].option, links[i].list, err) < 0)
			return -1;
	for (size_t i = 0; i < job->source_macs.n && job->devices.n > 1; i++)
		if (device_len(job, job->source_macs.at[i]) == 0)
			return err_set(err, EXIT_USAGE,
				       "--source-mac: %zu devices cannot share a hardware address: "
				       "it is --source-mac DEVICE=MAC, DEVICE being what -i says",
				       job->devices.n);
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
	if (check_gateways(job, err) < 0 || check_links(job, err) < 0)
		return -1;
	return check_sources(job, err);
}
