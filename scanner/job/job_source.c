/* SPDX-License-Identifier: BSD-3-Clause */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "job.h"
#include "number.h"
#include "value.h"
#include "vec.h"

enum { SOURCES_MAX = 65536 }; /* a cookie chooses among them by 16 bits */

struct range {
	uint32_t first, last;
};

struct sources {
	uint32_t *at;
	size_t n, cap;
};

/* "a", "a-b" or "a/len", where a is the first of the block. */
static int range_parse(const char *text, size_t len, struct range *r)
{
	const char *cut = memchr(text, '-', len);
	uint64_t bits;
	uint32_t host;
	size_t end;

	if (cut == NULL)
		cut = memchr(text, '/', len);
	end = cut != NULL ? (size_t)(cut - text) : len;
	if (addr4_parse(text, end, &r->first) < 0)
		return -EINVAL;
	r->last = r->first;
	if (cut == NULL)
		return 0;
	if (*cut == '-')
		return addr4_parse(cut + 1, len - end - 1, &r->last) < 0 || r->last < r->first
			       ? -EINVAL
			       : 0;
	if (number_plain(cut + 1, len - end - 1, 32, &bits) < 0)
		return -EINVAL;
	host = bits == 0 ? UINT32_MAX : UINT32_MAX >> 1 >> (bits - 1);
	r->last = r->first | host;
	return (r->first & host) == 0 ? 0 : -EINVAL;
}

/* "this" network, multicast and beyond: nothing can be sent from there. */
static bool is_source(const struct range *r)
{
	return r->first >= UINT32_C(0x01000000) && r->last < UINT32_C(0xe0000000);
}

static int add_range(struct sources *s, const char *word, size_t len, struct err *err)
{
	char copy[64];
	struct range r;

	snprintf(copy, sizeof(copy), "%.*s", (int)(len < 60 ? len : 60), word);
	if (range_parse(word, len, &r) < 0)
		return err_set(err, EXIT_USAGE,
			       "--source-ip: '%s' is not an address, a range a-b or a CIDR block "
			       "such as 192.0.2.16/28",
			       value_quote(copy).text);
	if (!is_source(&r))
		return err_set(err, EXIT_USAGE,
			       "--source-ip: '%s' cannot send: sources are unicast addresses",
			       value_quote(copy).text);
	if (r.last - r.first >= SOURCES_MAX || s->n + (r.last - r.first) + 1 > SOURCES_MAX)
		return err_set(err, EXIT_USAGE,
			       "--source-ip: '%s' makes more than %d addresses: name fewer",
			       value_quote(copy).text, SOURCES_MAX);
	for (uint64_t addr = r.first; addr <= r.last; addr++) {
		if (vec_push(s, (uint32_t)addr) < 0)
			return err_set(err, EXIT_DEVICE, "--source-ip: out of memory");
	}
	return 0;
}

static int add_list(struct sources *s, const char *text, struct err *err)
{
	int rc = 0;

	while (rc == 0) {
		size_t len = strcspn(text, ",");

		rc = add_range(s, text, len, err);
		if (text[len] == '\0')
			break;
		text += len + 1;
	}
	return rc;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

int job_source_addrs(const struct job *job, const char *device, uint32_t **addr, uint32_t *n,
		     struct err *err)
{
	struct sources s = {0};
	size_t unique = 0;

	for (size_t i = 0; i < job->source_ips.n; i++) {
		const char *list = job_value_for(job, job->source_ips.at[i], device);
		int rc = list != NULL ? add_list(&s, list, err) : 0;

		if (rc < 0) {
			vec_free(&s);
			return rc;
		}
	}
	if (s.n > 0)
		qsort(s.at, s.n, sizeof(*s.at), compare);
	for (size_t i = 0; i < s.n; i++) {
		if (unique == 0 || s.at[unique - 1] != s.at[i])
			s.at[unique++] = s.at[i];
	}
	*addr = s.at;
	*n = (uint32_t)unique;
	return 0;
}
