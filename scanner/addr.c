/* SPDX-License-Identifier: BSD-3-Clause */

#include "addr.h"

#include <errno.h>

/* One number up to 255 at text[*at]; moves *at behind it. */
static int octet_parse(const char *text, size_t len, size_t *at, uint32_t *octet)
{
	size_t start = *at;
	uint32_t value = 0;

	while (*at < len && *at < start + 3 && text[*at] >= '0' && text[*at] <= '9')
		value = value * 10 + (uint32_t)(text[(*at)++] - '0');
	if (*at == start || value > 255 || (text[start] == '0' && *at > start + 1))
		return -EINVAL;
	*octet = value;
	return 0;
}

int addr4_parse(const char *text, size_t len, uint32_t *addr)
{
	uint32_t value = 0, octet;
	size_t at = 0;

	for (int i = 0; i < 4; i++) {
		if (i > 0 && (at == len || text[at++] != '.'))
			return -EINVAL;
		if (octet_parse(text, len, &at, &octet) < 0)
			return -EINVAL;
		value = value << 8 | octet;
	}
	if (at != len)
		return -EINVAL;
	*addr = value;
	return 0;
}

size_t addr4_format(char buf[ADDR4_TEXT], uint32_t addr)
{
	char *to = buf;

	for (int shift = 24; shift >= 0; shift -= 8) {
		uint32_t octet = addr >> shift & 0xff;

		if (octet >= 100)
			*to++ = (char)('0' + octet / 100);
		if (octet >= 10)
			*to++ = (char)('0' + octet / 10 % 10);
		*to++ = (char)('0' + octet % 10);
		*to++ = shift > 0 ? '.' : '\0';
	}
	return (size_t)(to - buf) - 1;
}
