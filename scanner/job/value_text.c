/* SPDX-License-Identifier: BSD-3-Clause */

#include <inttypes.h>
#include <string.h>

#include "number.h"
#include "value.h"

#define NS_PER_MS 1000000

/* A plain number, or NULL for the 0 that stands for "not given" where 0 cannot be. */
static const char *number_text(uint64_t n, uint64_t min, char *buf)
{
	if (n < min)
		return NULL;
	snprintf(buf, VALUE_TEXT, "%" PRIu64, n);
	return buf;
}

static const char *rate_text(uint64_t rate, char *buf)
{
	return rate == RATE_MAX ? "max" : number_text(rate, 1, buf);
}

static const char *prefix_rate_text(uint64_t rate, uint32_t len, char *buf)
{
	if (rate == 0)
		return NULL;
	snprintf(buf, VALUE_TEXT, "%" PRIu64 "/%" PRIu32, rate, len);
	return buf;
}

static const char *quota_text(const struct quota *quota, char *buf)
{
	if (quota->percent == 0)
		return number_text(quota->count, 1, buf);
	number_percent_format(buf, quota->percent);
	memcpy(buf + strlen(buf), "%", 2);
	return buf;
}

static const char *ports_text(const struct port_range *range, char *buf)
{
	if (range->first == range->last)
		return number_text(range->first, 1, buf);
	snprintf(buf, VALUE_TEXT, "%u-%u", range->first, range->last);
	return buf;
}

static const char *shard_text(const struct shard *shard, char *buf)
{
	snprintf(buf, VALUE_TEXT, "%" PRIu32 "/%" PRIu32, shard->index, shard->total);
	return buf;
}

static const char *duration_text(uint64_t ns, const struct option *opt, char *buf)
{
	if (ns / NS_PER_MS < opt->min)
		return NULL;
	number_duration_format(buf, ns / NS_PER_MS);
	return buf;
}

const char *value_text(const struct job *job, const struct option *opt, char buf[VALUE_TEXT])
{
	const void *from = (const char *)job + opt->offset;
	const void *beside = (const char *)job + opt->second;

	switch (opt->type) {
	case OPT_FLAG:
		return *(const bool *)from ? "true" : NULL;
	case OPT_COUNT:
		return number_text(*(const uint32_t *)from, 1, buf);
	case OPT_TEXT:
	case OPT_JOINED:
	case OPT_WORD:
		return *(const char *const *)from;
	case OPT_LIST:
	case OPT_MAC:
		return NULL;
	case OPT_ENUM:
		return opt->names[*(const unsigned *)from];
	case OPT_U32:
		return number_text(*(const uint32_t *)from, opt->min, buf);
	case OPT_U64:
		return number_text(*(const uint64_t *)from, opt->min, buf);
	case OPT_SEED:
		return *(const bool *)beside ? number_text(*(const uint64_t *)from, 0, buf) : NULL;
	case OPT_DURATION:
		return duration_text(*(const uint64_t *)from, opt, buf);
	case OPT_RATE:
		return rate_text(*(const uint64_t *)from, buf);
	case OPT_PREFIX_RATE:
		return prefix_rate_text(*(const uint64_t *)from, *(const uint32_t *)beside, buf);
	case OPT_QUOTA:
		return quota_text(from, buf);
	case OPT_SHARD:
		return shard_text(from, buf);
	case OPT_PORTS:
		return ports_text(from, buf);
	}
	return NULL;
}
