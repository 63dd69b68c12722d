/* SPDX-License-Identifier: BSD-3-Clause */

#include "filter_parse.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "addr.h"

struct parser {
	const char *text, *at;
	unsigned nesting;
	struct filter *filter;
	struct err *err;
};

/* A run of word characters, or what stands between quotes. */
struct literal {
	const char *at;
	size_t len;
	bool quoted;
};

static int parse_or(struct parser *p);

/* where: the place in the text that is wrong. */
__attribute__((format(printf, 3, 4))) static int parse_fail(struct parser *p, const char *where,
							    const char *fmt, ...)
{
	char what[384];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return err_set(p->err, EXIT_USAGE, "--filter: column %zu: %s",
		       (size_t)(where - p->text) + 1, what);
}

static void skip_blanks(struct parser *p)
{
	p->at += strspn(p->at, " \t\r\n");
}

/* Takes the token if it comes next. */
static bool take(struct parser *p, const char *token)
{
	size_t len = strlen(token);

	skip_blanks(p);
	if (strncmp(p->at, token, len) != 0)
		return false;
	p->at += len;
	return true;
}

static size_t word_length(const char *text)
{
	size_t len = 0;

	while (isalnum((unsigned char)text[len]) || (text[len] != '\0' && strchr("_.-", text[len])))
		len++;
	return len;
}

static int parse_literal(struct parser *p, struct literal *lit)
{
	skip_blanks(p);
	lit->quoted = *p->at == '"';
	lit->at = p->at + lit->quoted;
	lit->len = lit->quoted ? strcspn(lit->at, "\"") : word_length(lit->at);
	if (lit->quoted && lit->at[lit->len] == '\0')
		return parse_fail(p, p->at, "the quote is not closed");
	if (lit->len == 0)
		return parse_fail(p, p->at, "a value is missing");
	if (lit->len >= FILTER_WORD)
		return parse_fail(p, p->at, "no field has a value this long");
	p->at = lit->at + lit->len + lit->quoted;
	return 0;
}

static bool literal_is(const struct literal *lit, const char *word)
{
	return strlen(word) == lit->len && memcmp(lit->at, word, lit->len) == 0;
}

/* A decimal number, without sign or quotes. */
static bool literal_is_number(const struct literal *lit)
{
	return !lit->quoted && strspn(lit->at, "0123456789") == lit->len;
}

static int parse_bool(struct parser *p, struct filter_op *op, const struct literal *lit)
{
	bool yes = literal_is(lit, "1") || literal_is(lit, "true");

	if (!yes && !literal_is(lit, "0") && !literal_is(lit, "false"))
		return parse_fail(p, lit->at, "%s is compared with 0, 1, true or false",
				  op->field->name);
	op->number = yes;
	return 0;
}

static int parse_int(struct parser *p, struct filter_op *op, const struct literal *lit)
{
	if (!literal_is_number(lit))
		return parse_fail(p, lit->at, "%s is a number, compare it with a number",
				  op->field->name);
	for (size_t i = 0; i < lit->len; i++) {
		uint64_t digit = (uint64_t)(lit->at[i] - '0');

		if (op->number > (UINT64_MAX - digit) / 10)
			return parse_fail(p, lit->at, "the number is too large");
		op->number = op->number * 10 + digit;
	}
	return 0;
}

static int parse_text(struct parser *p, struct filter_op *op, const struct literal *lit)
{
	uint32_t addr;

	if (op->compare != COMPARE_EQ && op->compare != COMPARE_NE)
		return parse_fail(p, lit->at, "%s is a string, which only = and != compare",
				  op->field->name);
	if (op->field->load == LOAD_ADDR) {
		if (addr4_parse(lit->at, lit->len, &addr) < 0)
			return parse_fail(p, lit->at,
					  "%s is compared with an address, as in %s = "
					  "\"192.0.2.1\"",
					  op->field->name, op->field->name);
		op->number = addr;
		return 0;
	}
	if (literal_is_number(lit))
		return parse_fail(p, lit->at, "%s is a string, compare it with a word",
				  op->field->name);
	op->kind = FILTER_TEXT;
	memcpy(op->text, lit->at, lit->len);
	op->text[lit->len] = '\0';
	return 0;
}

static int parse_operator(struct parser *p, enum filter_compare *compare)
{
	static const struct {
		const char *token;
		enum filter_compare compare;
	} operators[] = {
		/* the longer ones first */
		{"!=", COMPARE_NE}, {"<=", COMPARE_LE}, {">=", COMPARE_GE},
		{"=", COMPARE_EQ},  {"<", COMPARE_LT},	{">", COMPARE_GT},
	};

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (take(p, operators[i].token)) {
			*compare = operators[i].compare;
			return 0;
		}
	}
	return parse_fail(p, p->at, "a comparison is missing: one of = != < > <= >=");
}

static int parse_push(struct parser *p, const struct filter_op *op)
{
	if (vec_push(&p->filter->ops, *op) < 0)
		return err_set(p->err, EXIT_OUTPUT, "--filter: out of memory");
	return 0;
}

static int parse_comparison(struct parser *p)
{
	struct filter_op op = {.kind = FILTER_NUMBER};
	const char *name = p->at;
	size_t len = word_length(name);
	struct literal lit;
	char where[48];
	int rc;

	if (len == 0)
		return parse_fail(p, name, "a field is missing, as in success = 1");
	op.field = field_find(name, len);
	if (op.field == NULL) {
		snprintf(where, sizeof(where), "--filter: column %zu",
			 (size_t)(name - p->text) + 1);
		return field_unknown(where, name, len, p->err);
	}
	p->at += len;
	if (parse_operator(p, &op.compare) < 0 || parse_literal(p, &lit) < 0)
		return -EINVAL;
	if (op.field->type == FIELD_STRING)
		rc = parse_text(p, &op, &lit);
	else
		rc = op.field->type == FIELD_BOOL ? parse_bool(p, &op, &lit)
						  : parse_int(p, &op, &lit);
	return rc < 0 ? rc : parse_push(p, &op);
}

static int parse_factor(struct parser *p)
{
	const char *open;

	skip_blanks(p);
	open = p->at;
	if (!take(p, "("))
		return parse_comparison(p);
	if (++p->nesting > FILTER_NESTING)
		return parse_fail(p, open, "more than %d parentheses within each other",
				  FILTER_NESTING);
	if (parse_or(p) < 0)
		return -EINVAL;
	if (!take(p, ")"))
		return parse_fail(p, p->at, "a ) is missing for the ( in column %zu",
				  (size_t)(open - p->text) + 1);
	p->nesting--;
	return 0;
}

static int parse_and(struct parser *p)
{
	struct filter_op both = {.kind = FILTER_AND};
	int rc = parse_factor(p);

	while (rc == 0 && take(p, "&&")) {
		rc = parse_factor(p);
		if (rc == 0)
			rc = parse_push(p, &both);
	}
	return rc;
}

static int parse_or(struct parser *p)
{
	struct filter_op either = {.kind = FILTER_OR};
	int rc = parse_and(p);

	while (rc == 0 && take(p, "||")) {
		rc = parse_and(p);
		if (rc == 0)
			rc = parse_push(p, &either);
	}
	return rc;
}

int filter_parse(struct filter *filter, const char *text, struct err *err)
{
	struct parser p = {.text = text, .at = text, .filter = filter, .err = err};

	if (strlen(text) > FILTER_LENGTH)
		return parse_fail(&p, text + FILTER_LENGTH, "longer than %d characters",
				  FILTER_LENGTH);
	if (parse_or(&p) < 0)
		return -EINVAL;
	skip_blanks(&p);
	if (*p.at != '\0')
		return parse_fail(&p, p.at, "&& or || is missing before \"%.20s\"", p.at);
	return 0;
}

int filter_parse_and(struct filter *filter, const char *text, struct err *err)
{
	struct parser p = {.filter = filter, .err = err};
	struct filter_op both = {.kind = FILTER_AND};

	if (filter_parse(filter, text, err) < 0)
		return -EINVAL;
	return parse_push(&p, &both);
}
