/* SPDX-License-Identifier: BSD-3-Clause */

#include "key_set.h"

#include <errno.h>
#include <sys/mman.h>

int key_set_init(struct key_set *set, uint64_t most)
{
	uint64_t size = most + most / 3 + 1; /* one is always empty: a search ends there */
	void *memory;

	*set = (struct key_set){0};
	if (most > SIZE_MAX / 16)
		return -ENOMEM;
	memory = mmap(NULL, size * sizeof(*set->slot), PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return -ENOMEM;
	/* each key lies on a page of its own: large ones save most of the walks to find it */
	madvise(memory, size * sizeof(*set->slot), MADV_HUGEPAGE);
	*set = (struct key_set){.slot = memory, .size = size};
	return 0;
}

void key_set_fini(struct key_set *set)
{
	if (set->slot != NULL)
		munmap(set->slot, set->size * sizeof(*set->slot));
	*set = (struct key_set){0};
}
