/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * gen_man: the man page and the bash completion out of the option table. Runs while building.
 *
 *	gen_man man TEMPLATE	the page, with a command's options in place of @OPTIONS command@
 *	gen_man bash		the completion
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"
#include "option.h"

static const struct {
	const char *name;
	unsigned command;
} commands[] = {{"scan", CMD_SCAN},	{"list", CMD_LIST},	{"doctor", CMD_DOCTOR},
		{"resume", CMD_RESUME}, {"verify", CMD_VERIFY}, {"merge", CMD_MERGE}};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static unsigned command_find(const char *name, size_t len)
{
	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (strlen(commands[i].name) == len && memcmp(commands[i].name, name, len) == 0)
			return commands[i].command;
	}
	return 0;
}

/* --- the man page: mdoc --- */

/* Text that is not taken for a request, an escape, or a delimiter. */
static void mdoc_text(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text != '\0'; text++) {
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else
			putchar(*text);
	}
}

static void mdoc_option(const struct option *opt)
{
	const char *shown = opt->initial != NULL ? opt->initial : opt->shown;

	if (opt->name == NULL) {
		printf(".It Ar %s\n", opt->arg);
	} else {
		fputs(".It", stdout);
		for (const char *letter = opt->shorts; letter != NULL && *letter != '\0'; letter++)
			printf(" Fl %c ,", *letter);
		printf(" Fl -%s", opt->name);
		if (opt->arg != NULL)
			printf(" Ar %s", opt->arg);
		putchar('\n');
	}
	mdoc_text(opt->help);
	for (size_t i = 0; opt->names != NULL && opt->names[i] != NULL; i++)
		printf("%s%s", i == 0 ? ": " : ", ", opt->names[i]);
	puts(".");
	if (shown != NULL) {
		fputs("Default: ", stdout);
		mdoc_text(shown);
		puts(".");
	}
	if (opt->aliases != NULL) {
		fputs("Also", stdout);
		for (const char *word = opt->aliases; *word != '\0';) {
			size_t len = strcspn(word, " ");

			printf("%s \\-\\-%.*s", word == opt->aliases ? "" : ",", (int)len, word);
			word += len + strspn(word + len, " ");
		}
		puts(".");
	}
}

/* One group of a command's options, if it has any; what others share with scan is told there alone.
 */
static bool mdoc_group(unsigned command, enum option_group group, bool first)
{
	bool begun = false;

	for (size_t i = 0; i < n_options; i++) {
		const struct option *opt = &options[i];

		if (opt->group != group || (opt->commands & command) == 0 ||
		    (command != CMD_SCAN && (opt->commands & CMD_SCAN) != 0))
			continue;
		if (!begun)
			printf("%s.Em %s\n.Bl -tag -width Ds\n", first ? "" : ".Pp\n",
			       option_group_title[group]);
		begun = true;
		mdoc_option(opt);
	}
	if (begun)
		puts(".El");
	return begun;
}

static void mdoc_options(unsigned command)
{
	bool first = true;

	for (unsigned group = 0; group < GROUP_COUNT; group++)
		first &= !mdoc_group(command, group, first);
}

static int man(const char *template)
{
	char line[512];
	FILE *from = fopen(template, "r");

	if (from == NULL) {
		perror(template);
		return 1;
	}
	while (fgets(line, sizeof(line), from) != NULL) {
		unsigned command = 0;

		if (strncmp(line, "@OPTIONS ", 9) == 0)
			command = command_find(line + 9, strcspn(line + 9, "@"));
		if (command != 0)
			mdoc_options(command);
		else
			fputs(line, stdout);
	}
	fclose(from);
	return 0;
}

/* --- the completion --- */

static void bash_words(unsigned command)
{
	for (size_t i = 0; i < n_options; i++) {
		if ((options[i].commands & command) == 0 || options[i].name == NULL)
			continue;
		printf(" --%s", options[i].name);
	}
}

/* "-x|--name|--alias)" */
static void bash_pattern(const struct option *opt)
{
	printf("\t\t");
	for (const char *letter = opt->shorts; letter != NULL && *letter != '\0'; letter++)
		printf("-%c | ", *letter);
	printf("--%s", opt->name);
	for (const char *word = opt->aliases; word != NULL && *word != '\0';) {
		size_t len = strcspn(word, " ");

		printf(" | --%.*s", (int)len, word);
		word += len + strspn(word + len, " ");
	}
	printf(")");
}

/* What may stand behind an option that takes a value. */
static void bash_value(const struct option *opt)
{
	bash_pattern(opt);
	if (opt->names != NULL) {
		printf(" words=\"");
		for (size_t i = 0; opt->names[i] != NULL; i++)
			printf("%s%s", i == 0 ? "" : " ", opt->names[i]);
		printf("\" ;;\n");
	} else if (strcmp(opt->arg, "FILE") == 0) {
		printf(" files=1 ;;\n");
	} else if (strcmp(opt->name, "device") == 0) {
		printf(" words=\"sim ring null pcap: memif: $(ls /sys/class/net 2>/dev/null)\" "
		       ";;\n");
	} else {
		printf(" words= none=1 ;;\n");
	}
}

static void bash_command(const char *name, unsigned command)
{
	printf("\t%s)\n\t\tcase $prev in\n", name);
	for (size_t i = 0; i < n_options; i++) {
		if ((options[i].commands & command) != 0 && options[i].name != NULL &&
		    option_takes_arg(&options[i]))
			bash_value(&options[i]);
	}
	printf("\t\t*) words=\"");
	bash_words(command);
	printf("\" ;;\n\t\tesac\n\t\t;;\n");
}

static int bash(void)
{
	puts("# SPDX-License-Identifier: BSD-3-Clause\n"
	     "# bash completion of peal; made out of its option table\n\n"
	     "_peal()\n{\n"
	     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	     "\tlocal words= files= none=\n\n"
	     "\tif [[ $cur == = ]]; then\n\t\tcur=\n"
	     "\telif [[ $prev == = ]]; then\n\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n\tfi\n"
	     "\tif ((COMP_CWORD == 1)); then\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -W \"scan list doctor resume verify merge help "
	     "--help "
	     "--version\" "
	     "-- \"$cur\")\n"
	     "\t\treturn\n\tfi\n"
	     "\tcase ${COMP_WORDS[1]} in\n"
	     "\thelp) words=\"scan list doctor resume verify merge\" ;;");
	for (size_t i = 0; i < N_COMMANDS; i++)
		bash_command(commands[i].name, commands[i].command);
	puts("\tesac\n"
	     "\tif [[ $files ]]; then\n"
	     "\t\tcompopt -o filenames 2>/dev/null\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	     "\telif [[ -z $none ]]; then\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	     "\tfi\n}\n\n"
	     "complete -F _peal peal");
	return 0;
}

int main(int argc, char **argv)
{
	int rc = 1;

	if (argc == 3 && strcmp(argv[1], "man") == 0)
		rc = man(argv[2]);
	else if (argc == 2 && strcmp(argv[1], "bash") == 0)
		rc = bash();
	else
		fputs("usage: gen_man man TEMPLATE | gen_man bash\n", stderr);
	return fflush(stdout) == 0 ? rc : 1;
}
