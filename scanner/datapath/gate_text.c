/* SPDX-License-Identifier: BSD-3-Clause */

#include "gate_text.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* What is left to read. */
struct text {
	const char *at, *end;
	unsigned line;
};

static bool is_separator(char c)
{
	return c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool text_take(struct text *t, char c)
{
	if (t->at == t->end || *t->at != c)
		return false;
	t->at++;
	return true;
}

/* A decimal number up to max, without leading zeros; false if there is none. */
static bool text_number(struct text *t, uint32_t max, uint32_t *value)
{
	const char *start = t->at;

	*value = 0;
	while (t->at < t->end && *t->at >= '0' && *t->at <= '9' && *value <= max)
		*value = *value * 10 + (uint32_t)(*t->at++ - '0');
	return t->at > start && *value <= max && (*start != '0' || t->at == start + 1);
}

static bool text_addr(struct text *t, uint32_t *addr)
{
	uint32_t octet;

	*addr = 0;
	for (int i = 0; i < 4; i++) {
		if ((i > 0 && !text_take(t, '.')) || !text_number(t, 255, &octet))
			return false;
		*addr = *addr << 8 | octet;
	}
	return true;
}

/* The address bits that a prefix length, one or two digits, leaves to the host. */
static bool text_host_mask(struct text *t, uint32_t *mask)
{
	bool zero = t->end - t->at > 1 && t->at[0] == '0' && t->at[1] >= '0' && t->at[1] <= '9';
	uint32_t len;

	t->at += zero;
	if (!text_number(t, zero ? 9 : 32, &len))
		return false;
	*mask = len == 0 ? UINT32_MAX : (UINT32_C(1) << (32 - len)) - 1;
	return true;
}

static bool text_range(struct text *t, struct gate_range *range)
{
	uint32_t host;

	if (!text_addr(t, &range->first))
		return false;
	range->last = range->first;
	if (text_take(t, '/')) {
		if (!text_host_mask(t, &host))
			return false;
		range->first &= ~host;
		range->last |= host;
	} else if (text_take(t, '-')) {
		if (!text_addr(t, &range->last) || range->last < range->first)
			return false;
	}
	return t->at == t->end || is_separator(*t->at) || *t->at == '#';
}

/* To the next word; false at the end. */
static bool text_skip(struct text *t)
{
	while (t->at < t->end && (is_separator(*t->at) || *t->at == '#')) {
		if (*t->at == '#') {
			t->at = memchr(t->at, '\n', (size_t)(t->end - t->at));
			if (t->at == NULL)
				t->at = t->end;
			continue;
		}
		t->line += *t->at == '\n';
		t->at++;
	}
	return t->at < t->end;
}

static int listing_read(const struct listing *listing, struct gate_ranges *ranges, struct err *err)
{
	struct text t = {listing->text, listing->text + listing->len, 1};
	struct gate_range range;

	if (listing->len >= 3 && memcmp(listing->text, "\xef\xbb\xbf", 3) == 0)
		t.at += 3;
	while (text_skip(&t)) {
		if (!text_range(&t, &range))
			return err_set(err, EXIT_BOOKS,
				       "gate and target parser disagree at %s:%u; this is a bug, "
				       "please report that line",
				       listing->name, t.line);
		if (vec_push(ranges, range) < 0) {
			err_set(err, EXIT_DEVICE, "not enough memory for %s", listing->name);
			return -ENOMEM;
		}
	}
	return 0;
}

int gate_text_read(const struct listing *listing, size_t n, struct gate_ranges *ranges,
		   struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = listing_read(&listing[i], ranges, err);
	return rc;
}
