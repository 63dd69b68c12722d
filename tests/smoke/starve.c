/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * For LD_PRELOAD: the PEAL_STARVE-th allocation that peal or jansson asks for is refused. With
 * PEAL_STARVE_COUNT=FILE, the number of allocations is written there at the end.
 * Whoever else is in the process (DPDK, the C library) always gets what it wants.
 */

#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* the C library's own */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t align, size_t size);

enum { CODES_MAX = 16 };

static struct {
	uintptr_t from, to;
} codes[CODES_MAX]; /* of peal and jansson */
static unsigned n_codes;
static long victim, asked;

static int note_code(struct dl_phdr_info *info, size_t size, void *arg)
{
	bool is_peal = info->dlpi_name[0] == '\0';

	(void)size;
	(void)arg;
	if (!is_peal && strstr(info->dlpi_name, "libjansson") == NULL)
		return 0;
	for (unsigned i = 0; i < info->dlpi_phnum && n_codes < CODES_MAX; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0)
			continue;
		codes[n_codes].from = info->dlpi_addr + part->p_vaddr;
		codes[n_codes].to = codes[n_codes].from + part->p_memsz;
		n_codes++;
	}
	return 0;
}

__attribute__((constructor)) static void starve_begin(void)
{
	const char *text = getenv("PEAL_STARVE");

	dl_iterate_phdr(note_code, NULL);
	victim = text != NULL ? strtol(text, NULL, 10) : 0;
}

__attribute__((destructor)) static void starve_end(void)
{
	const char *path = getenv("PEAL_STARVE_COUNT");
	FILE *to = path != NULL ? fopen(path, "w") : NULL;

	if (to == NULL)
		return;
	fprintf(to, "%ld\n", asked);
	fclose(to);
}

static bool refused(const void *caller)
{
	for (unsigned i = 0; i < n_codes; i++) {
		if ((uintptr_t)caller < codes[i].from || (uintptr_t)caller >= codes[i].to)
			continue;
		if (__atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED) != victim)
			return false;
		errno = ENOMEM;
		return true;
	}
	return false;
}

void *malloc(size_t size)
{
	return refused(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return refused(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return refused(__builtin_return_address(0)) ? NULL : __libc_realloc(p, size);
}

void *aligned_alloc(size_t align, size_t size)
{
	return refused(__builtin_return_address(0)) ? NULL : __libc_memalign(align, size);
}
