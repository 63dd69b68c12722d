/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Any text as --ports. Besides memory errors: an error is a usage error of one printable line that
 * names the option; a list that is accepted has a port, and written out as ranges it reads back as
 * the same ports.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "reach.h"
#include "target/portset.h"

enum { PORTS_READ, PORTS_REFUSED };
struct reach reached[] = {[PORTS_READ] = {"ports", 0}, [PORTS_REFUSED] = {"refused", 0}, {NULL, 0}};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(const struct err *err)
{
	CHECK(err->code == EXIT_USAGE);
	CHECK(strncmp(err->text, "--ports: \"", 10) == 0);
	for (const char *c = err->text; *c != '\0'; c++)
		CHECK(*c >= ' ' && *c <= '~');
}

static void check_reads_back(const struct portset *set)
{
	static char text[PORTS * 7];
	struct portset again = {0};
	struct err err;
	size_t len = 0;

	for (uint32_t first = 0, last; first < PORTS; first = last + 1) {
		last = set->bits[first / 64] == 0 ? first | 63 : first;
		if (!portset_contains(set, (uint16_t)first))
			continue;
		while (last + 1 < PORTS && portset_contains(set, (uint16_t)(last + 1)))
			last++;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%u-%u",
					len > 0 ? "," : "", first, last);
	}
	CHECK(portset_parse(&again, text, &err) == 0);
	CHECK(memcmp(&again, set, sizeof(again)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1); /* exact, so that one byte too many is seen */
	struct portset set = {0};
	struct err err;

	CHECK(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	if (portset_parse(&set, text, &err) < 0) {
		reached[PORTS_REFUSED].n++;
		check_error(&err);
	} else {
		reached[PORTS_READ].n++;
		CHECK(portset_count(&set) > 0);
		check_reads_back(&set);
	}
	free(text);
	return 0;
}
