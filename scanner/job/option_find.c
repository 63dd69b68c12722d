/* SPDX-License-Identifier: BSD-3-Clause */

#include <string.h>

#include "option.h"

/* What users of other scanners type, and peal does in another way. */
static const struct {
	const char *name, *instead;
} elsewhere[] = {
	{"adapter", "say --device"},
	{"adapter-ip", "say --source-ip"},
	{"adapter-port", "say --source-port"},
	{"banners", "peal finds open ports; give its records to LZR or ZGrab2 for banners"},
	{"config", "job files are JSON: say --job FILE (--print-job makes one)"},
	{"dedup-method", "repeats are always recognised: see the field 'repeat'"},
	{"echo", "say --print-job"},
	{"excludefile", "say --blocklist-file"},
	{"includefile", "say --targets-file"},
	{"probe-args", "say --tcp-options for the look of the SYN"},
	{"probe-module", "probes are TCP SYNs"},
	{"router-mac", "say --gateway-mac"},
	{"shards", "--shard I/N says both"},
	{"user-metadata", "say --purpose and --contact"},
	{"verbosity", "say -v, or -q"},
	{"wait", "say --cooldown"},
	{"M", "probes are TCP SYNs"},
};

/* Whether the words of aliases, with a blank between them, have this one. */
static bool has_alias(const char *aliases, const char *name, size_t len)
{
	while (aliases != NULL && *aliases != '\0') {
		size_t n = strcspn(aliases, " ");

		if (n == len && memcmp(aliases, name, n) == 0)
			return true;
		aliases += n + strspn(aliases + n, " ");
	}
	return false;
}

const struct option *option_find(const char *name, size_t len, unsigned commands)
{
	for (size_t i = 0; i < n_options; i++) {
		const struct option *opt = &options[i];

		if (opt->name == NULL || (opt->commands & commands) == 0)
			continue;
		if (strlen(opt->name) == len && memcmp(opt->name, name, len) == 0)
			return opt;
		if (has_alias(opt->aliases, name, len))
			return opt;
	}
	return NULL;
}

const struct option *option_find_short(char letter, unsigned commands)
{
	for (size_t i = 0; i < n_options; i++) {
		const struct option *opt = &options[i];

		if (opt->shorts != NULL && (opt->commands & commands) != 0 && letter != '\0' &&
		    strchr(opt->shorts, letter) != NULL)
			return opt;
	}
	return NULL;
}

const struct option *option_find_key(const char *key)
{
	for (size_t i = 0; i < n_options; i++) {
		if (options[i].key != NULL && strcmp(options[i].key, key) == 0)
			return &options[i];
	}
	return NULL;
}

const struct option *option_find_operand(unsigned commands)
{
	for (size_t i = 0; i < n_options; i++) {
		if (options[i].name == NULL && (options[i].commands & commands) != 0)
			return &options[i];
	}
	return NULL;
}

/* Levenshtein's distance, by one row of his table. */
size_t option_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t row[32];

	if (b_len >= sizeof(row) / sizeof(row[0]) || a_len >= sizeof(row) / sizeof(row[0]))
		return SIZE_MAX;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 0; i < a_len; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < b_len; j++) {
			size_t best = diagonal + (a[i] != b[j]);

			diagonal = row[j + 1];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (diagonal + 1 < best)
				best = diagonal + 1;
			row[j + 1] = best;
		}
	}
	return row[b_len] <= 1 + b_len / 4 ? row[b_len] : SIZE_MAX;
}

const char *option_nearest(const char *name, size_t len, unsigned commands)
{
	const char *nearest = NULL;
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < n_options; i++) {
		const struct option *opt = &options[i];
		size_t distance;

		if (opt->name == NULL || (opt->commands & commands) == 0)
			continue;
		distance = option_distance(name, len, opt->name, strlen(opt->name));
		if (distance < least) {
			least = distance;
			nearest = opt->name;
		}
	}
	return nearest;
}

const char *option_nearest_key(const char *key)
{
	const char *nearest = NULL;
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < n_options; i++) {
		const char *known = options[i].key;
		size_t distance;

		if (known == NULL)
			continue;
		distance = option_distance(key, strlen(key), known, strlen(known));
		if (distance < least) {
			least = distance;
			nearest = known;
		}
	}
	return nearest;
}

const char *option_elsewhere(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
		if (strlen(elsewhere[i].name) == len && memcmp(elsewhere[i].name, name, len) == 0)
			return elsewhere[i].instead;
	}
	return NULL;
}
