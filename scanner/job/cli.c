/* SPDX-License-Identifier: BSD-3-Clause */

#include "cli.h"

#include <string.h>

#include "job.h"
#include "value.h"
#include "vec.h"

/* What is left of the command line. */
struct args {
	int n;
	char **at;
	unsigned command;
};

static const char *command_name(unsigned commands)
{
	return (commands & CMD_SCAN) != 0   ? "scan"
	       : (commands & CMD_LIST) != 0 ? "list"
	       : (commands & CMD_DOCTOR)    ? "doctor"
	       : (commands & CMD_RESUME)    ? "resume"
	       : (commands & CMD_VERIFY)    ? "verify"
					    : "merge";
}

static int unknown_long(const char *name, size_t len, unsigned command, struct err *err)
{
	const struct option *other = option_find(name, len, ~0U);
	const char *instead = option_elsewhere(name, len);
	const char *nearest = option_nearest(name, len, command);
	char given[40];

	snprintf(given, sizeof(given), "%.*s", (int)(len < 32 ? len : 32), name);
	if (other != NULL)
		return err_set(err, EXIT_USAGE, "--%s is an option of 'peal %s', not of 'peal %s'",
			       given, command_name(other->commands), command_name(command));
	if (instead != NULL)
		return err_set(err, EXIT_USAGE, "there is no option --%s: %s", given, instead);
	if (nearest != NULL)
		return err_set(err, EXIT_USAGE, "there is no option --%s: did you mean --%s?",
			       value_quote(given).text, nearest);
	return err_set(err, EXIT_USAGE, "there is no option --%s: see 'peal %s --help'",
		       value_quote(given).text, command_name(command));
}

static int unknown_short(char letter, unsigned command, struct err *err)
{
	const char name[] = {letter, '\0'};
	const struct option *other = option_find_short(letter, ~0U);
	const char *instead = option_elsewhere(name, 1);

	if (other != NULL)
		return err_set(err, EXIT_USAGE, "-%s is an option of 'peal %s', not of 'peal %s'",
			       name, command_name(other->commands), command_name(command));
	if (instead != NULL)
		return err_set(err, EXIT_USAGE, "there is no option -%s: %s", name, instead);
	return err_set(err, EXIT_USAGE, "there is no option -%s: see 'peal %s --help'",
		       value_quote(name).text, command_name(command));
}

static int add(struct cli *cli, const struct option *opt, const char *text, struct err *err)
{
	for (size_t i = 0; i < cli->n && !option_repeats(opt); i++) {
		if (cli->at[i].opt == opt)
			return err_set(err, EXIT_USAGE, "%s%s is given more than once",
				       opt->name != NULL ? "--" : "",
				       opt->name != NULL ? opt->name : opt->arg);
	}
	if (vec_push(cli, ((struct setting){opt, text})) < 0)
		return err_set(err, EXIT_DEVICE, "out of memory");
	return 0;
}

/* The next argument as the value of an option. One that looks like an option is a slip. */
static int next_value(struct args *args, const struct option *opt, const char **text,
		      struct err *err)
{
	const char *next = args->n > 0 ? args->at[0] : NULL;

	if (next == NULL)
		return err_set(err, EXIT_USAGE, "--%s lacks its value: --%s %s", opt->name,
			       opt->name, opt->arg);
	if (next[0] == '-' && next[1] != '\0' && (next[1] < '0' || next[1] > '9'))
		return err_set(err, EXIT_USAGE,
			       "--%s lacks its value: '%s' follows; a value that begins with '-' "
			       "is given as --%s=VALUE",
			       opt->name, value_quote(next).text, opt->name);
	*text = next;
	args->n--;
	args->at++;
	return 0;
}

static int read_long(struct cli *cli, const char *arg, struct args *args, struct err *err)
{
	size_t len = strcspn(arg, "=");
	const struct option *opt = option_find(arg, len, args->command);
	const char *text = arg[len] == '=' ? arg + len + 1 : NULL;

	if (opt == NULL)
		return unknown_long(arg, len, args->command, err);
	if (text == NULL && option_takes_arg(opt)) {
		int rc = next_value(args, opt, &text, err);

		if (rc < 0)
			return rc;
	}
	return add(cli, opt, text, err);
}

/* Letters behind one dash: flags, until one takes the rest, or the next argument, as its value. */
static int read_short(struct cli *cli, const char *letters, struct args *args, struct err *err)
{
	for (; *letters != '\0'; letters++) {
		const struct option *opt = option_find_short(*letters, args->command);
		const char *text = NULL;
		int rc = 0;

		if (opt == NULL)
			return unknown_short(*letters, args->command, err);
		if (option_takes_arg(opt) && letters[1] != '\0')
			text = letters + 1;
		else if (option_takes_arg(opt))
			rc = next_value(args, opt, &text, err);
		if (rc < 0 || (rc = add(cli, opt, text, err)) < 0)
			return rc;
		if (text != NULL)
			break;
	}
	return 0;
}

int cli_read(struct cli *cli, int argc, char **argv, unsigned command, struct err *err)
{
	struct args args = {argc, argv, command};
	const struct option *operand = option_find_operand(command);
	bool only_operands = false;
	int rc = 0;

	*cli = (struct cli){0};
	while (args.n > 0 && rc == 0) {
		const char *arg = args.at[0];

		args.n--;
		args.at++;
		if (only_operands || arg[0] != '-' || arg[1] == '\0')
			rc = add(cli, operand, arg, err);
		else if (arg[1] != '-')
			rc = read_short(cli, arg + 1, &args, err);
		else if (arg[2] != '\0')
			rc = read_long(cli, arg + 2, &args, err);
		else
			only_operands = true;
	}
	return rc;
}

void cli_fini(struct cli *cli)
{
	vec_free(cli);
}

const struct setting *cli_find(const struct cli *cli, size_t offset)
{
	const struct setting *found = NULL;

	for (size_t i = 0; i < cli->n; i++) {
		if (cli->at[i].opt->offset == offset)
			found = &cli->at[i];
	}
	return found;
}
