/* SPDX-License-Identifier: BSD-3-Clause */

#include "service.h"

#include <strings.h>

const char *service_name(uint16_t port)
{
	size_t low = 0, high = n_services;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (services[mid].port < port)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n_services && services[low].port == port ? services[low].name : NULL;
}

int service_port(const char *name)
{
	for (size_t i = 0; i < n_services; i++)
		if (strcasecmp(services[i].name, name) == 0)
			return services[i].port;
	return -1;
}

const char *service_port_range(uint16_t port)
{
	if (port < 1024)
		return "system";
	return port < 49152 ? "user" : "dynamic";
}
