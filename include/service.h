/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Names of TCP ports after the IANA Service Name and Transport Protocol Port Number Registry, and
 * what people call them where that differs (as aliases). Pure.
 */

struct service {
	uint16_t port;
	const char *name;
};

/* All names, by ascending port; the first of a port is its name, the others are aliases. The table
 * is made from scanner/service/services.csv. */
extern const struct service services[];
extern const size_t n_services;

/* The service name of a TCP port, or NULL. Static text: letters, digits, '-' only. */
const char *service_name(uint16_t port);

/* The TCP port of a service name (or of a well-known alias), or -1. Case is ignored. */
int service_port(const char *name);

/* "system" (0-1023), "user" (1024-49151) or "dynamic" (RFC 6335, section 6). */
const char *service_port_range(uint16_t port);
