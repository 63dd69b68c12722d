/* SPDX-License-Identifier: BSD-3-Clause */

#include "value.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "number.h"
#include "vec.h"

#define NS_PER_MS    1000000
#define MS_PER_DAY   86400000
#define RATE_CEILING UINT64_C(10000000000) /* packets/s; no device comes near it */

enum { PREFIX_LEN_DEFAULT = 24 };

struct value_quote value_quote(const char *text)
{
	struct value_quote q = {""};
	size_t len = strlen(text), max = sizeof(q.text) - 1, n = len <= max ? len : max - 3;

	for (size_t i = 0; i < n; i++)
		q.text[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i];
	if (n < len)
		memcpy(q.text + n, "...", 4);
	return q;
}

static void *field(struct job *job, const struct option *opt)
{
	return (char *)job + opt->offset;
}

static void *second(struct job *job, const struct option *opt)
{
	return (char *)job + opt->second;
}

struct strlist *value_list(struct job *job, const struct option *opt)
{
	return field(job, opt);
}

void value_reset(struct job *job, const struct option *opt)
{
	if (opt->type == OPT_LIST)
		value_list(job, opt)->n = 0;
	else if (opt->type == OPT_COUNT)
		*(uint32_t *)field(job, opt) = 0;
}

/* What would be right, after "is not". */
static const char *const expected[] = {
	[OPT_FLAG] = "true or false",
	[OPT_COUNT] = "a whole number from 0 to 9",
	[OPT_TEXT] = "valid UTF-8 text of at least one character",
	[OPT_JOINED] = "valid UTF-8 text of at least one character",
	[OPT_LIST] = "valid UTF-8 text of at least one character",
	[OPT_SEED] = "a whole number from 0 to 18446744073709551615",
	[OPT_RATE] = "packets per second, such as 500, 10k, 1M; "
		     "for as fast as the device goes say max",
	[OPT_PREFIX_RATE] = "packets per second, perhaps with a prefix length: 100, 1k/24",
	[OPT_QUOTA] = "a number of at least 1, such as 5000 or 1M, or a share such as 5%",
	[OPT_SHARD] = "I/N, the I-th of N parts, counted from 0: two parts are 0/2 and 1/2",
	[OPT_PORTS] = "a port or a range of ports from 1 to 65535, such as 40000-49999",
	[OPT_MAC] = "the hardware address of one device, such as 02:00:5e:10:00:01",
};

/* The same, where it depends on the option. */
static const char *expected_of(const struct option *opt, char *buf, size_t len)
{
	enum option_type type = opt->each != 0 ? opt->each : opt->type;
	size_t n = 0;

	switch (type) {
	case OPT_ENUM:
	case OPT_WORD:
		for (size_t i = 0; opt->names[i] != NULL && n < len; i++)
			n += (size_t)snprintf(buf + n, len - n, "%s%s", i == 0 ? "one of " : ", ",
					      opt->names[i]);
		return buf;
	case OPT_U32:
		snprintf(buf, len, "a whole number from %" PRIu64 " to %" PRIu64, opt->min,
			 opt->max);
		return buf;
	case OPT_U64:
		snprintf(buf, len, "a number of at least %" PRIu64 ", such as 5000, 10k, 2M, 1G",
			 opt->min);
		return buf;
	case OPT_DURATION:
		snprintf(buf, len, "a duration%s up to %" PRIu64 "d, such as 500ms, 8s, 5m, 2h",
			 opt->min > 0 ? " above 0 and" : "", opt->max / MS_PER_DAY);
		return buf;
	default:
		return expected[type];
	}
}

/* Length of the UTF-8 sequence at s, 0 if it is none (RFC 3629: no surrogates, no overlong forms).
 */
static unsigned utf8_length(const unsigned char *s)
{
	unsigned n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (n == 0 || s[0] > 0xf4)
		return 0;
	for (unsigned i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

/* A job is printed as JSON: what is no UTF-8 could not be. */
static bool is_text(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	if (*s == '\0')
		return false;
	while (*s != '\0') {
		unsigned n = utf8_length(s);

		if (n == 0)
			return false;
		s += n;
	}
	return true;
}

static int word_read(const struct option *opt, const char *text, unsigned *index)
{
	for (unsigned i = 0; opt->names[i] != NULL; i++) {
		if (strcmp(opt->names[i], text) == 0) {
			*index = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int flag_read(const char *text, bool *flag)
{
	if (text != NULL && strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return -EINVAL;
	*flag = text == NULL || text[0] == 't';
	return 0;
}

static int count_read(const char *text, uint32_t *count)
{
	uint64_t n;

	if (text == NULL)
		n = *count < 9 ? *count + 1 : 9;
	else if (number_plain(text, strlen(text), 9, &n) < 0)
		return -EINVAL;
	*count = (uint32_t)n;
	return 0;
}

static int u32_read(const struct option *opt, const char *text, uint32_t *value)
{
	uint64_t n;

	if (number_plain(text, strlen(text), opt->max, &n) < 0 || n < opt->min)
		return -EINVAL;
	*value = (uint32_t)n;
	return 0;
}

static int u64_read(const struct option *opt, const char *text, uint64_t *value)
{
	uint64_t n;
	int rc = opt->type == OPT_DURATION ? number_duration(text, &n) : number_count(text, &n);

	if (rc < 0 || n < opt->min || (opt->max != 0 && n > opt->max))
		return -EINVAL;
	*value = opt->type == OPT_DURATION ? n * NS_PER_MS : n;
	return 0;
}

static int rate_read(const char *text, uint64_t *rate)
{
	uint64_t n;

	if (strcmp(text, "max") == 0) {
		*rate = RATE_MAX;
		return 0;
	}
	if (number_count(text, &n) < 0 || n == 0 || n > RATE_CEILING)
		return -EINVAL;
	*rate = n;
	return 0;
}

static int prefix_rate_read(const char *text, uint64_t *rate, uint32_t *prefix_len)
{
	const char *slash = strchr(text, '/');
	uint64_t n, len = PREFIX_LEN_DEFAULT;
	char count[NUMBER_TEXT];
	size_t end = slash != NULL ? (size_t)(slash - text) : strlen(text);

	if (end >= sizeof(count))
		return -EINVAL;
	memcpy(count, text, end);
	count[end] = '\0';
	if (number_count(count, &n) < 0 || n == 0 || n > RATE_CEILING)
		return -EINVAL;
	if (slash != NULL && (number_plain(slash + 1, strlen(slash + 1), 32, &len) < 0 || len == 0))
		return -EINVAL;
	*rate = n;
	*prefix_len = (uint32_t)len;
	return 0;
}

static int quota_read(const char *text, struct quota *quota)
{
	size_t len = strlen(text);
	struct quota q = {0};

	if (len > 0 && text[len - 1] == '%') {
		if (number_percent(text, len - 1, &q.percent) < 0)
			return -EINVAL;
	} else if (number_count(text, &q.count) < 0 || q.count == 0) {
		return -EINVAL;
	}
	*quota = q;
	return 0;
}

static int shard_read(const char *text, struct shard *shard)
{
	const char *slash = strchr(text, '/');
	uint64_t index, total;

	if (slash == NULL || number_plain(text, (size_t)(slash - text), UINT32_MAX, &index) < 0 ||
	    number_plain(slash + 1, strlen(slash + 1), UINT32_MAX, &total) < 0 || index >= total)
		return -EINVAL;
	shard->index = (uint32_t)index;
	shard->total = (uint32_t)total;
	return 0;
}

static int ports_read(const char *text, struct port_range *range)
{
	const char *dash = strchr(text, '-');
	size_t end = dash != NULL ? (size_t)(dash - text) : strlen(text);
	uint64_t first, last;

	if (number_plain(text, end, UINT16_MAX, &first) < 0)
		return -EINVAL;
	last = first;
	if (dash != NULL && number_plain(dash + 1, strlen(dash + 1), UINT16_MAX, &last) < 0)
		return -EINVAL;
	if (first == 0 || last < first)
		return -EINVAL;
	range->first = (uint16_t)first;
	range->last = (uint16_t)last;
	return 0;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Six pairs of hexadecimal digits; neither a group's address nor none at all. */
int value_mac(const char *text, struct mac *mac)
{
	struct mac m = {.given = true};
	unsigned any = 0;

	if (strlen(text) != 17)
		return -EINVAL;
	for (unsigned i = 0; i < 6; i++) {
		int high = nibble(text[3 * i]), low = nibble(text[3 * i + 1]);

		if (high < 0 || low < 0 ||
		    (i < 5 && text[3 * i + 2] != ':' && text[3 * i + 2] != '-'))
			return -EINVAL;
		m.byte[i] = (uint8_t)(high << 4 | low);
		any |= m.byte[i];
	}
	if (any == 0 || (m.byte[0] & 1) != 0)
		return -EINVAL;
	*mac = m;
	return 0;
}

/* Whether the value of DEVICE=VALUE, or VALUE alone, is one. Neither has a '='. */
static bool each_right(const struct option *opt, const char *text)
{
	const char *cut = strrchr(text, '=');
	const char *value = cut != NULL ? cut + 1 : text;
	struct mac mac;
	uint32_t n;

	return opt->each == OPT_U32   ? u32_read(opt, value, &n) == 0
	       : opt->each == OPT_MAC ? value_mac(value, &mac) == 0
				      : true;
}

static int value_read(struct job *job, const struct option *opt, const char *text)
{
	void *to = field(job, opt);
	unsigned word;

	switch (opt->type) {
	case OPT_FLAG:
		return flag_read(text, to);
	case OPT_COUNT:
		return count_read(text, to);
	case OPT_TEXT:
	case OPT_JOINED:
		*(const char **)to = text;
		return is_text(text) ? 0 : -EINVAL;
	case OPT_LIST:
		return is_text(text) && each_right(opt, text) ? vec_push((struct strlist *)to, text)
							      : -EINVAL;
	case OPT_ENUM:
		return word_read(opt, text, to);
	case OPT_WORD:
		if (word_read(opt, strcmp(text, "json") == 0 ? "ndjson" : text, &word) < 0)
			return -EINVAL;
		*(const char **)to = opt->names[word];
		return 0;
	case OPT_U32:
		return u32_read(opt, text, to);
	case OPT_U64:
	case OPT_DURATION:
		return u64_read(opt, text, to);
	case OPT_SEED:
		*(bool *)second(job, opt) = true;
		return number_plain(text, strlen(text), UINT64_MAX, to);
	case OPT_RATE:
		return rate_read(text, to);
	case OPT_PREFIX_RATE:
		return prefix_rate_read(text, to, second(job, opt));
	case OPT_QUOTA:
		return quota_read(text, to);
	case OPT_SHARD:
		return shard_read(text, to);
	case OPT_PORTS:
		return ports_read(text, to);
	case OPT_MAC:
		break;
	}
	return -EINVAL;
}

int value_set(struct job *job, const struct option *opt, const char *text,
	      const struct place *place, struct err *err)
{
	char right[128];
	int rc = value_read(job, opt, text);

	if (rc == 0)
		return 0;
	if (rc == -ENOMEM)
		return err_set(err, EXIT_DEVICE, "%s: out of memory", place->name);
	return err_set(err, place->code, "%s: '%s' is not %s", place->name, value_quote(text).text,
		       expected_of(opt, right, sizeof(right)));
}
