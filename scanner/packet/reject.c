/* SPDX-License-Identifier: BSD-3-Clause */

#include "reject.h"

static const char *const names[] = {
#define X(id, name) [id] = name,
	REJECT_REASONS(X)
#undef X
};

const char *reject_name(enum reject reason)
{
	return names[reason];
}
