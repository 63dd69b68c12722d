/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

/*
 * A growable array, for start-up code only. Zeroed memory is an empty vector; whoever holds it
 * frees it with vec_free(). Elements move when it grows: keep indices, not pointers.
 *
 *	VEC(uint32_t) v = {0};
 *	if (vec_push(&v, 7) < 0) ...
 */
#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *at;                                                                          \
		size_t n, cap;                                                                     \
	}

/* 0 or -ENOMEM */
#define vec_push(v, item)                                                                          \
	(vec_reserve_((void **)&(v)->at, (v)->n, &(v)->cap, sizeof(*(v)->at)) < 0                  \
		 ? -ENOMEM                                                                         \
		 : ((v)->at[(v)->n++] = (item), 0))

#define vec_free(v)                                                                                \
	do {                                                                                       \
		free((v)->at);                                                                     \
		(v)->at = NULL;                                                                    \
		(v)->n = (v)->cap = 0;                                                             \
	} while (0)

/* room for one more element; not called directly */
static inline int vec_reserve_(void **at, size_t n, size_t *cap, size_t size)
{
	size_t want = *cap ? *cap * 2 : 8;
	void *grown;

	if (n < *cap)
		return 0;
	grown = reallocarray(*at, want, size);
	if (grown == NULL)
		return -ENOMEM;
	*at = grown;
	*cap = want;
	return 0;
}
