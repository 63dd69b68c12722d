/* SPDX-License-Identifier: BSD-3-Clause */

#include "encode.h"
#include "fieldset.h"

/* For the eye and for cut(1): "192.0.2.1:80<TAB>open". It has no choice of fields. */

static size_t list_begin(const struct fieldset *set, char *buf)
{
	(void)set;
	(void)buf;
	return 0;
}

static size_t list_record(const struct fieldset *set, const struct record *rec, char *buf)
{
	char *p = text_addr4(buf, rec->saddr);

	*p++ = ':';
	p = text_uint(p, rec->sport);
	*p++ = '\t';
	p = value_state(p, rec->state, set->memo);
	*p++ = '\n';
	return (size_t)(p - buf);
}

const struct encoder encode_list = {
	.name = "list",
	.help = "ADDRESS:PORT, a tab, and the state",
	.begin = list_begin,
	.record = list_record,
};
