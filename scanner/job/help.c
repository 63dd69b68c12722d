/* SPDX-License-Identifier: BSD-3-Clause */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "io.h"
#include "job.h"
#include "option.h"

enum { HELP_COLUMN = 32 };

static const struct {
	unsigned command;
	const char *usage, *examples;
} texts[] = {
	{CMD_SCAN, "peal scan [OPTION...] -i DEVICE -p PORTS TARGET...",
	 "  peal scan -i sim -p 80,443 10.0.0.0/16 --allow-special 10.0.0.0/8\n"
	 "  peal scan -i eth0 -p 443 -r 50k -n 1% -o open.ndjson --open 0.0.0.0/0 -b "
	 "blocklist.txt\n"
	 "  peal scan -i eth0 -I pairs.txt -e 7 --shard 0/4\n"},
	{CMD_LIST, "peal list [OPTION...] -p PORTS TARGET...",
	 "  peal list -p 80 192.0.2.0/28 --allow-special 192.0.2.0/24 -e 7\n"
	 "  peal list -p 22,80 -i sim --truth 10.0.0.0/24 --allow-special 10.0.0.0/8\n"},
	{CMD_RESUME, "peal resume [OPTION...] DIR",
	 "  peal resume survey.state\n"
	 "  peal resume survey.state -i eth1 -r 20k\n"},
	{CMD_VERIFY, "peal verify [OPTION...] DIR",
	 "  peal verify survey.state\n"
	 "  peal verify survey.state --capture copy.pcapng --records copy.ndjson\n"},
	{CMD_MERGE, "peal merge [OPTION...] DIR...",
	 "  peal merge shard.0 shard.1 shard.2 -o all.ndjson.zst\n"
	 "  peal merge shard.* --partial | jq -r .saddr\n"},
	{CMD_DOCTOR, "peal doctor [OPTION...] [DEVICE]",
	 "  peal doctor\n  peal doctor af_xdp:eth0 --gateway-mac 02:00:5e:10:00:01\n"},
};

/* "  -p, --ports LIST"; returns its length. */
static int print_names(FILE *to, const struct option *opt)
{
	int len = 0;

	if (opt->name == NULL)
		return fprintf(to, "      %s", opt->arg);
	if (opt->shorts != NULL)
		len = fprintf(to, "  -%c%s%.1s, ", opt->shorts[0],
			      opt->shorts[1] != '\0' ? ", -" : "", opt->shorts + 1);
	else
		len = fprintf(to, "      ");
	len += fprintf(to, "--%s", opt->name);
	if (opt->arg != NULL)
		len += fprintf(to, " %s", opt->arg);
	return len;
}

static void print_option(FILE *to, const struct option *opt)
{
	const char *shown = opt->initial != NULL ? opt->initial : opt->shown;
	int len = print_names(to, opt);

	fprintf(to, "%*s%s", len < HELP_COLUMN ? HELP_COLUMN - len : 1, "", opt->help);
	for (size_t i = 0; opt->names != NULL && opt->names[i] != NULL; i++)
		fprintf(to, "%s%s", i == 0 ? ": " : ", ", opt->names[i]);
	if (shown != NULL)
		fprintf(to, " [%s]", shown);
	fputc('\n', to);
}

void job_help(FILE *to, unsigned command)
{
	const char *usage = "", *examples = "";

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].command == command) {
			usage = texts[i].usage;
			examples = texts[i].examples;
		}
	}
	fprintf(to, "usage: %s\n", usage);
	for (unsigned group = 0; group < GROUP_COUNT; group++) {
		bool titled = false;

		for (size_t i = 0; i < n_options; i++) {
			if (options[i].group != group || (options[i].commands & command) == 0)
				continue;
			if (!titled)
				fprintf(to, "\n%s:\n", option_group_title[group]);
			titled = true;
			print_option(to, &options[i]);
		}
	}
	if ((command & (CMD_SCAN | CMD_DOCTOR)) != 0)
		io_list_drivers(to);
	fprintf(to, "\nExamples:\n%s", examples);
}
