/* SPDX-License-Identifier: BSD-3-Clause */

#include "blocklist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "listing.h"
#include "target_parse.h"
#include "vec.h"

/* Lists of one kind: their texts, and what is in them. */
struct lists {
	VEC(struct listing) texts;
	struct rangeset addrs;
};

static void lists_fini(struct lists *lists)
{
	for (size_t i = 0; i < lists->texts.n; i++)
		listing_fini(&lists->texts.at[i]);
	vec_free(&lists->texts);
	rangeset_fini(&lists->addrs);
}

/* All that narrows the targets. */
struct limits {
	struct lists deny, scope, lift;
};

static void limits_fini(struct limits *l)
{
	lists_fini(&l->deny);
	lists_fini(&l->scope);
	lists_fini(&l->lift);
}

/* Takes over the text, on failure too. */
static int lists_add(struct lists *lists, struct listing *text, enum listing_kind kind,
		     bool prefixes_only, struct err *err)
{
	struct target_words to = {.addrs = &lists->addrs, .prefixes_only = prefixes_only};

	if (vec_push(&lists->texts, *text) < 0) {
		listing_fini(text);
		return out_of_memory(err);
	}
	return target_parse(text, kind, &to, err);
}

static int lists_arguments(struct lists *lists, const char *option, const struct strlist *args,
			   bool prefixes_only, struct err *err)
{
	struct listing text;
	int ret = 0;

	for (size_t i = 0; i < args->n && ret == 0; i++) {
		ret = listing_copy(&text, option, args->at[i], err);
		if (ret == 0)
			ret = lists_add(lists, &text, LISTING_ARGUMENT, prefixes_only, err);
	}
	return ret;
}

/* kind: of the copies that are read instead, if conf has them. */
static int lists_files(struct lists *lists, const struct target_conf *conf, const char *kind,
		       const struct strlist *files, struct err *err)
{
	struct listing text;
	int ret = 0;

	for (size_t i = 0; i < files->n && ret == 0; i++) {
		ret = listing_read_of(&text, conf, kind, i, files->at[i], err);
		if (ret == 0)
			ret = lists_add(lists, &text, LISTING_FILE, false, err);
	}
	return ret;
}

/* A lift that lifts nothing is a slip of the pen, and would be found out much later. */
static int lift_check(const struct rangeset *special, const struct rangeset *lift, struct err *err)
{
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < lift->n; i++)
		if (!rangeset_overlaps(special, lift->at[i]))
			return err_set(
				err, EXIT_USAGE,
				"--allow-special: nothing in %s is special-purpose, so there "
				"is nothing to lift",
				range_prefix(text, lift->at[i]));
	return 0;
}

static int special_set(struct rangeset *special)
{
	*special = (struct rangeset){0};
	for (size_t i = 0; i < n_special_purpose; i++)
		if (rangeset_add(special, special_purpose[i].first, special_purpose[i].last) < 0) {
			rangeset_fini(special);
			return -ENOMEM;
		}
	rangeset_normalise(special);
	return 0;
}

static int limits_read(struct limits *l, const struct target_conf *conf, struct err *err)
{
	int ret = lists_arguments(&l->deny, "--exclude", &conf->exclude, false, err);

	if (ret == 0)
		ret = lists_files(&l->deny, conf, "blocklist", &conf->blocklist_files, err);
	if (ret == 0)
		ret = lists_files(&l->scope, conf, "scope", &conf->scope_files, err);
	if (ret == 0)
		ret = lists_arguments(&l->lift, "--allow-special", &conf->allow_special, true, err);
	return ret;
}

static int blocklist_build(struct blocklist *list, struct limits *l, const struct rangeset *special)
{
	if (l->scope.texts.n == 0 && rangeset_add(&l->scope.addrs, 0, UINT32_MAX) < 0)
		return -ENOMEM;
	rangeset_normalise(&l->scope.addrs);
	rangeset_normalise(&l->deny.addrs);
	rangeset_normalise(&l->lift.addrs);
	if (rangeset_subtract(&list->listed, &l->scope.addrs, &l->deny.addrs) < 0 ||
	    rangeset_subtract(&list->special, special, &l->lift.addrs) < 0)
		return -ENOMEM;
	return rangeset_subtract(&list->allowed, &list->listed, &list->special);
}

static void exclusion_take(struct exclusion *excl, struct limits *l)
{
	*excl = (struct exclusion){
		.deny = l->deny.texts.at,
		.n_deny = l->deny.texts.n,
		.scope = l->scope.texts.at,
		.n_scope = l->scope.texts.n,
		.lift = l->lift.texts.at,
		.n_lift = l->lift.texts.n,
	};
	l->deny.texts.at = l->scope.texts.at = l->lift.texts.at = NULL;
	l->deny.texts.n = l->scope.texts.n = l->lift.texts.n = 0;
}

int blocklist_load(struct blocklist *list, const struct target_conf *conf, struct exclusion *excl,
		   struct err *err)
{
	struct limits limits = {0};
	struct rangeset special;
	int ret;

	*list = (struct blocklist){0};
	if (special_set(&special) < 0)
		return out_of_memory(err);
	ret = limits_read(&limits, conf, err);
	if (ret == 0)
		ret = lift_check(&special, &limits.lift.addrs, err);
	if (ret == 0 && blocklist_build(list, &limits, &special) < 0)
		ret = out_of_memory(err);

	if (ret == 0)
		exclusion_take(excl, &limits);
	else
		blocklist_fini(list);
	limits_fini(&limits);
	rangeset_fini(&special);
	return ret;
}

void blocklist_fini(struct blocklist *list)
{
	rangeset_fini(&list->listed);
	rangeset_fini(&list->special);
	rangeset_fini(&list->allowed);
}

int exclusion_reload(const struct target_conf *conf, struct exclusion *deny, struct err *err)
{
	struct limits limits = {0};
	struct listing text;
	int ret = 0;

	/* what came from stdin cannot be read again: what it said holds on */
	for (size_t i = 0; i < conf->blocklist_files.n && ret == 0; i++) {
		if (strcmp(conf->blocklist_files.at[i], "-") == 0)
			continue;
		ret = listing_read(&text, conf->blocklist_files.at[i], err);
		if (ret == 0)
			ret = lists_add(&limits.deny, &text, LISTING_FILE, false, err);
	}
	if (ret == 0)
		exclusion_take(deny, &limits);
	limits_fini(&limits);
	return ret;
}

static void listings_free(struct listing *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		listing_fini(&list[i]);
	free(list);
}

void exclusion_fini(struct exclusion *excl)
{
	listings_free(excl->deny, excl->n_deny);
	listings_free(excl->scope, excl->n_scope);
	listings_free(excl->lift, excl->n_lift);
	*excl = (struct exclusion){0};
}
