/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * For LD_PRELOAD: the PEAL_STARVE-th allocation that is made for peal is refused: by itself, by
 * jansson or zstd, or by the C library in a call of theirs (strdup(), asprintf(), getline(), a
 * stream). Whoever else is in the process (DPDK, the loader) always gets what it wants.
 *
 * PEAL_STARVE_REPORT=FILE: the number of allocations is written there at the end, and a line for
 * each that was not freed by then: its number, size, and the offset of the call in the program.
 */

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>

/* the C library's own */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t align, size_t size);
void __libc_free(void *p);

enum { CODES_MAX = 32, FRAMES_MAX = 64, LIVE_MAX = 1 << 16 };

enum owner { OTHERS, PEAL, LIBC };

static struct code {
	uintptr_t from, to, base;
	enum owner owner;
} codes[CODES_MAX];
static unsigned n_codes;

/* An allocation that was made for peal. */
static struct block {
	void *p;
	size_t size;
	long number;
	uintptr_t where;
} live[LIVE_MAX];
static unsigned n_live;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static long victim, asked;
static int report = -1;
static __thread bool inside;

static enum owner owner_of(const char *name)
{
	if (name[0] == '\0' || strstr(name, "libjansson") != NULL ||
	    strstr(name, "libzstd") != NULL)
		return PEAL;
	if (strstr(name, "/libc.so") != NULL || strstr(name, "/starve.so") != NULL)
		return LIBC;
	return OTHERS;
}

static int note_code(struct dl_phdr_info *info, size_t size, void *arg)
{
	enum owner owner = owner_of(info->dlpi_name);

	(void)size;
	(void)arg;
	for (unsigned i = 0; owner != OTHERS && i < info->dlpi_phnum && n_codes < CODES_MAX; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0)
			continue;
		codes[n_codes].base = info->dlpi_addr;
		codes[n_codes].from = info->dlpi_addr + part->p_vaddr;
		codes[n_codes].to = codes[n_codes].from + part->p_memsz;
		codes[n_codes++].owner = owner;
	}
	return 0;
}

static const struct code *code_at(uintptr_t where)
{
	for (unsigned i = 0; i < n_codes; i++)
		if (where >= codes[i].from && where < codes[i].to)
			return &codes[i];
	return NULL;
}

/* --- who asks --- */

struct caller {
	uintptr_t where;
	unsigned frames;
};

/* Up to the first frame that is not the C library's. */
static _Unwind_Reason_Code look(struct _Unwind_Context *context, void *arg)
{
	struct caller *caller = arg;
	const struct code *code;

	caller->where = _Unwind_GetIP(context);
	code = code_at(caller->where);
	if (++caller->frames == FRAMES_MAX)
		caller->where = 0;
	else if (code != NULL && code->owner == LIBC)
		return _URC_NO_REASON;
	return _URC_END_OF_STACK;
}

/* Where in peal an allocation was asked for, 0 when it was elsewhere. */
static uintptr_t asked_by(const void *at)
{
	struct caller caller = {.where = (uintptr_t)at};
	const struct code *code = code_at(caller.where);

	if (code != NULL && code->owner == LIBC) {
		inside = true;
		_Unwind_Backtrace(look, &caller);
		inside = false;
		code = code_at(caller.where);
	}
	return code != NULL && code->owner == PEAL ? caller.where : 0;
}

/* Whether it is its turn; else *number is which one it is. */
static bool refused(uintptr_t where, long *number)
{
	*number = 0;
	if (where == 0)
		return false;
	*number = __atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED);
	if (*number != victim)
		return false;
	errno = ENOMEM;
	return true;
}

/* --- what was not freed --- */

static void *keep(void *p, size_t size, uintptr_t where, long number)
{
	if (p == NULL || where == 0)
		return p;
	pthread_mutex_lock(&lock);
	if (n_live == LIVE_MAX)
		abort();
	live[n_live++] = (struct block){p, size, number, where};
	pthread_mutex_unlock(&lock);
	return p;
}

static void forget(const void *p)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&lock);
	for (unsigned i = n_live; i-- > 0;) {
		if (live[i].p != p)
			continue;
		live[i] = live[--n_live];
		break;
	}
	pthread_mutex_unlock(&lock);
}

__attribute__((constructor)) static void starve_begin(void)
{
	const char *text = getenv("PEAL_STARVE"), *path = getenv("PEAL_STARVE_REPORT");

	tzset(); /* the C library keeps what it reads there */
	dl_iterate_phdr(note_code, NULL);
	victim = text != NULL ? strtol(text, NULL, 10) : 0;
	if (path != NULL)
		report = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
}

__attribute__((destructor)) static void starve_end(void)
{
	fclose(stdin);
	fclose(stdout); /* their buffers, too */
	fclose(stderr);
	if (report < 0)
		return;
	dprintf(report, "%ld\n", asked);
	for (unsigned i = 0; i < n_live; i++)
		dprintf(report, "%ld %zu %#lx\n", live[i].number, live[i].size,
			live[i].where - code_at(live[i].where)->base);
}

/* --- the C library's part --- */

void *malloc(size_t size)
{
	uintptr_t where = inside ? 0 : asked_by(__builtin_return_address(0));
	long number;

	return refused(where, &number) ? NULL : keep(__libc_malloc(size), size, where, number);
}

void *calloc(size_t n, size_t size)
{
	uintptr_t where = inside ? 0 : asked_by(__builtin_return_address(0));
	long number;

	return refused(where, &number) ? NULL
				       : keep(__libc_calloc(n, size), n * size, where, number);
}

void *realloc(void *p, size_t size)
{
	uintptr_t where = inside ? 0 : asked_by(__builtin_return_address(0));
	long number;

	if (refused(where, &number))
		return NULL;
	forget(p);
	return keep(__libc_realloc(p, size), size, where, number);
}

void *aligned_alloc(size_t align, size_t size)
{
	uintptr_t where = inside ? 0 : asked_by(__builtin_return_address(0));
	long number;

	return refused(where, &number) ? NULL
				       : keep(__libc_memalign(align, size), size, where, number);
}

int posix_memalign(void **p, size_t align, size_t size)
{
	uintptr_t where = inside ? 0 : asked_by(__builtin_return_address(0));
	long number;

	if (refused(where, &number))
		return ENOMEM;
	*p = keep(__libc_memalign(align, size), size, where, number);
	return *p != NULL ? 0 : ENOMEM;
}

void free(void *p)
{
	forget(p);
	__libc_free(p);
}
