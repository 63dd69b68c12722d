/* SPDX-License-Identifier: BSD-3-Clause */

#include <errno.h>
#include <string.h>

#include "blocklist.h"
#include "listing.h"
#include "target_parse.h"
#include "target_space.h"

/* What the user named, before anything is excluded: addrs x ports, and pairs beyond these. */
struct named {
	struct rangeset addrs;
	struct pairset pairs;
	struct portset ports;
};

static void named_fini(struct named *named)
{
	rangeset_fini(&named->addrs);
	pairset_fini(&named->pairs);
}

static int stdin_check(const struct target_conf *conf, struct err *err)
{
	const struct strlist *lists[] = {&conf->targets_files, &conf->blocklist_files,
					 &conf->scope_files};
	unsigned times = 0;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (size_t k = 0; k < lists[i]->n; k++)
			times += strcmp(lists[i]->at[k], "-") == 0;
	if (times > 1)
		return err_set(err, EXIT_USAGE,
			       "stdin (-) is named %u times, but can be read only once", times);
	return 0;
}

static int named_read(struct named *named, const struct target_conf *conf, struct err *err)
{
	struct target_words to = {.addrs = &named->addrs, .pairs = &named->pairs};
	struct listing text;
	int ret;

	for (size_t i = 0; i < conf->targets.n; i++) {
		ret = listing_copy(&text, "target", conf->targets.at[i], err);
		if (ret < 0)
			return ret;
		ret = target_parse(&text, LISTING_ARGUMENT, &to, err);
		listing_fini(&text);
		if (ret < 0)
			return ret;
	}
	for (size_t i = 0; i < conf->targets_files.n; i++) {
		ret = listing_read_of(&text, conf, "targets", i, conf->targets_files.at[i], err);
		if (ret < 0)
			return ret;
		ret = target_parse(&text, LISTING_FILE, &to, err);
		listing_fini(&text);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* Drops the pairs that the product has. */
static void named_settle(struct named *named)
{
	struct pairset *pairs = &named->pairs;
	size_t kept = 0;

	rangeset_normalise(&named->addrs);
	pairset_normalise(pairs);
	for (size_t i = 0; i < pairs->n; i++)
		if (!portset_contains(&named->ports, pair_port(pairs->at[i])) ||
		    !rangeset_contains(&named->addrs, pair_addr(pairs->at[i])))
			pairs->at[kept++] = pairs->at[i];
	pairs->n = kept;
}

/* An argument has at least one target: only files can be without. */
static int named_nothing(const struct target_conf *conf, struct err *err)
{
	const char *file = conf->targets_files.n > 0 ? conf->targets_files.at[0] : NULL;

	if (file != NULL)
		return err_set(err, EXIT_INPUT, "%s: there are no targets in it%s",
			       strcmp(file, "-") == 0 ? "stdin" : file,
			       conf->targets_files.n > 1 ? ", nor in the other files" : "");
	return err_set(err, EXIT_USAGE,
		       "no targets: name addresses (192.0.2.1), prefixes (192.0.2.0/24) or "
		       "ranges (192.0.2.1-192.0.2.9), or a file of them with "
		       "--targets-file");
}

static int named_load(struct named *named, const struct target_conf *conf, struct err *err)
{
	int ret = stdin_check(conf, err);

	if (ret == 0 && conf->ports != NULL)
		ret = portset_parse(&named->ports, conf->ports, err);
	if (ret == 0)
		ret = named_read(named, conf, err);
	if (ret < 0)
		return ret;
	if (named->addrs.n > 0 && conf->ports == NULL)
		return err_set(err, EXIT_USAGE,
			       "--ports is missing: which ports to probe, like --ports 80,443 "
			       "(only address:port pairs need none)");
	if (named->addrs.n == 0 && named->pairs.n == 0)
		return named_nothing(conf, err);
	named_settle(named);
	return 0;
}

/* All that was named, as ranges, to look for what stood in the way. */
static int named_ranges(const struct named *named, struct rangeset *all)
{
	*all = (struct rangeset){0};
	for (size_t i = 0; i < named->addrs.n; i++)
		if (rangeset_add(all, named->addrs.at[i].first, named->addrs.at[i].last) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < named->pairs.n; i++) {
		uint32_t addr = pair_addr(named->pairs.at[i]);

		if (rangeset_add(all, addr, addr) < 0)
			return -ENOMEM;
	}
	rangeset_normalise(all);
	return 0;
}

/* All of `all` is special-purpose: names what its first range is, and how to insist. */
static int refuse_special(const struct rangeset *all, struct err *err)
{
	const struct special_purpose *s = special_purpose;
	struct range r = all->at[0];
	char prefix[PREFIX_TEXT];

	while (s < special_purpose + n_special_purpose - 1 &&
	       (r.first < s->first || r.first > s->last))
		s++;
	if (r.last > s->last)
		r.last = s->last;
	return err_set(err, EXIT_REFUSED,
		       "all targets are special-purpose addresses: %s is %s (%s); if you mean it: "
		       "--allow-special %s",
		       s->cidr, s->name, s->source, range_prefix(prefix, r));
}

/* Nothing is left: because of what the targets are, or of the user's own lists, too? */
static int refuse(const struct named *named, const struct blocklist *list, struct err *err)
{
	struct rangeset all = {0}, ordinary = {0};
	int ret;

	if (named_ranges(named, &all) < 0 || rangeset_subtract(&ordinary, &all, &list->special) < 0)
		ret = out_of_memory(err);
	else if (ordinary.n == 0)
		ret = refuse_special(&all, err);
	else
		ret = err_set(err, EXIT_USAGE,
			      "no targets are left: --exclude, --blocklist-file or --scope keeps "
			      "out all that are not special-purpose");
	rangeset_fini(&ordinary);
	rangeset_fini(&all);
	return ret;
}

/* What is allowed of what was named. left is for named_fini(), on failure, too. */
static int named_narrow(const struct named *named, const struct blocklist *list, struct named *left)
{
	left->ports = named->ports;
	if (rangeset_intersect(&left->addrs, &named->addrs, &list->allowed) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < named->pairs.n; i++) {
		uint64_t pair = named->pairs.at[i];

		if (rangeset_contains(&list->allowed, pair_addr(pair)) &&
		    pairset_add(&left->pairs, pair) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* How many targets of what was named the user's own lists leave. */
static int named_listed(const struct named *named, const struct blocklist *list, uint64_t *count)
{
	struct rangeset addrs;

	if (rangeset_intersect(&addrs, &named->addrs, &list->listed) < 0)
		return -ENOMEM;
	*count = rangeset_count(&addrs) * portset_count(&named->ports);
	for (size_t i = 0; i < named->pairs.n; i++)
		*count += rangeset_contains(&list->listed, pair_addr(named->pairs.at[i]));
	rangeset_fini(&addrs);
	return 0;
}

static int named_count(const struct named *named, const struct named *left,
		       const struct blocklist *list, struct target_counts *counts)
{
	uint64_t listed, ports = portset_count(&named->ports);

	if (named_listed(named, list, &listed) < 0)
		return -ENOMEM;
	counts->addrs = rangeset_count(&left->addrs);
	counts->ports = ports;
	counts->pairs = left->pairs.n;
	counts->targets = counts->addrs * ports + counts->pairs;
	counts->excluded = rangeset_count(&named->addrs) * ports + named->pairs.n - counts->targets;
	counts->special = listed - counts->targets;
	return 0;
}

int target_load(const struct target_conf *conf, struct target_space **space, struct exclusion *excl,
		struct target_counts *counts, struct err *err)
{
	struct named named = {0}, left = {0};
	struct blocklist list;
	int ret;

	*space = NULL;
	*excl = (struct exclusion){0};
	*counts = (struct target_counts){0};

	ret = named_load(&named, conf, err);
	if (ret < 0)
		goto free_named;
	ret = blocklist_load(&list, conf, excl, err);
	if (ret < 0)
		goto free_named;
	ret = named_narrow(&named, &list, &left);
	if (ret == 0)
		ret = named_count(&named, &left, &list, counts);
	if (ret < 0) {
		ret = out_of_memory(err);
	} else if (counts->targets == 0) {
		ret = refuse(&named, &list, err);
	} else {
		*space = target_space_create(&left.addrs, &left.ports, &left.pairs);
		ret = *space != NULL ? 0 : out_of_memory(err);
	}

	if (ret < 0)
		exclusion_fini(excl);
	blocklist_fini(&list);
free_named:
	named_fini(&left);
	named_fini(&named);
	return ret;
}
