/* SPDX-License-Identifier: BSD-3-Clause */

#include "deferrals.h"

#include <errno.h>
#include <stdlib.h>

int deferrals_init(struct deferrals *d)
{
	d->at = calloc(DEFERRALS_MAX, sizeof(*d->at));
	d->room = d->at == NULL ? 0 : DEFERRALS_MAX;
	return d->at == NULL ? -ENOMEM : 0;
}

void deferrals_fini(struct deferrals *d)
{
	free(d->at);
	*d = (struct deferrals){0};
}

bool deferrals_put(struct deferrals *d, const struct deferral *put)
{
	unsigned i;

	if (d->n == d->room)
		return false;
	for (i = d->n++; i != 0 && d->at[(i - 1) / 2].due > put->due; i = (i - 1) / 2)
		d->at[i] = d->at[(i - 1) / 2];
	d->at[i] = *put;
	return true;
}

bool deferrals_take(struct deferrals *d, uint64_t now, struct deferral *taken)
{
	const struct deferral *last;
	unsigned i = 0, child;

	if (d->n == 0 || d->at[0].due > now)
		return false;
	*taken = d->at[0];
	last = &d->at[--d->n];
	while ((child = 2 * i + 1) < d->n) {
		if (child + 1 < d->n && d->at[child + 1].due < d->at[child].due)
			child++;
		if (last->due <= d->at[child].due)
			break;
		d->at[i] = d->at[child];
		i = child;
	}
	d->at[i] = *last;
	return true;
}
