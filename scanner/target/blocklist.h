/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "rangeset.h"
#include "target.h"

/* Which addresses may be probed at all, whatever is named: normal sets. */
struct blocklist {
	struct rangeset listed;	 /* what --scope, --exclude and --blocklist-file leave */
	struct rangeset special; /* special-purpose addresses, less what --allow-special lifts */
	struct rangeset allowed; /* listed less special */
};

/* Reads the lists; *excl gets their texts. 0, or EXIT_USAGE or EXIT_INPUT; on failure nothing is
 * left to free. */
int blocklist_load(struct blocklist *list, const struct target_conf *conf, struct exclusion *excl,
		   struct err *err);
void blocklist_fini(struct blocklist *list);
