/* SPDX-License-Identifier: BSD-3-Clause */

#include "portset.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "quote.h"
#include "service.h"

struct item {
	const char *text;
	size_t len;
};

int port_parse(const char *text, size_t len, uint16_t *port)
{
	uint32_t value = 0;

	if (len == 0 || len > 5)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		value = value * 10 + (uint32_t)(text[i] - '0');
	}
	if (value >= PORTS)
		return -EINVAL;
	*port = (uint16_t)value;
	return 0;
}

static int item_error(struct item item, const char *why, struct err *err)
{
	char text[QUOTE_MAX];

	return err_set(err, EXIT_USAGE, "--ports: \"%s\" %s", quote(text, item.text, item.len),
		       why);
}

static void portset_add(struct portset *set, uint32_t first, uint32_t last)
{
	for (uint32_t port = first; port <= last; port++)
		set->bits[port / 64] |= UINT64_C(1) << port % 64;
}

/* A service name, or the error that the item is nothing that we know. */
static int name_parse(struct portset *set, struct item item, struct err *err)
{
	char name[32];
	int port = -1;

	if (item.len < sizeof(name)) {
		memcpy(name, item.text, item.len);
		name[item.len] = '\0';
		port = service_port(name);
	}
	if (port < 0)
		return item_error(item,
				  "is not a port (a number 0-65535, a range like 8000-8100, "
				  "a service name or *)",
				  err);
	portset_add(set, (uint32_t)port, (uint32_t)port);
	return 0;
}

/* What comes behind the prefix of a protocol. */
static int ports_parse(struct portset *set, struct item item, struct err *err)
{
	const char *dash = memchr(item.text, '-', item.len);
	size_t before = dash ? (size_t)(dash - item.text) : item.len;
	uint16_t first, last;

	if (item.len == 1 && item.text[0] == '*') {
		portset_add(set, 0, PORTS - 1);
		return 0;
	}
	if (port_parse(item.text, before, &first) < 0)
		return name_parse(set, item, err);
	if (dash == NULL)
		last = first;
	else if (port_parse(dash + 1, item.len - before - 1, &last) < 0)
		return name_parse(set, item, err);
	if (first > last)
		return item_error(
			item, "is a range that runs backwards: the lower port comes first", err);
	portset_add(set, first, last);
	return 0;
}

static int item_parse(struct portset *set, struct item item, struct err *err)
{
	if (item.len == 4 && strncasecmp(item.text, "icmp", 4) == 0)
		return item_error(item, "is not a TCP port: this version probes TCP ports only",
				  err);
	if (item.len < 2 || item.text[1] != ':')
		return ports_parse(set, item, err);
	if (item.text[0] != 'T' && item.text[0] != 't')
		return item_error(item, "is not a TCP port: this version probes TCP ports only",
				  err);
	item.text += 2;
	item.len -= 2;
	return ports_parse(set, item, err);
}

int portset_parse(struct portset *set, const char *text, struct err *err)
{
	for (;;) {
		struct item item = {text, strcspn(text, ",")};

		text += item.len;
		while (item.len > 0 && item.text[0] == ' ')
			item.text++, item.len--;
		while (item.len > 0 && item.text[item.len - 1] == ' ')
			item.len--;
		if (item_parse(set, item, err) < 0)
			return -EINVAL;
		if (*text++ == '\0')
			return 0;
	}
}

uint32_t portset_count(const struct portset *set)
{
	uint32_t count = 0;

	for (size_t i = 0; i < PORTS / 64; i++)
		count += (uint32_t)__builtin_popcountll(set->bits[i]);
	return count;
}
