/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * For LD_PRELOAD: the PEAL_FAULT_NTH-th call of peal's own that touches the disk fails in the way
 * that PEAL_FAULT names: an error (EIO, ENOSPC, EDQUOT; EINTR where a call can be interrupted),
 * SHORT for a write() that takes half, or EIO+ for a disk that is broken from then on. What DPDK
 * and the C library write is theirs.
 *
 * PEAL_FAULT_REPORT=FILE: a line for each such call, with FAILED before the one that did.
 */

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum kind { ONCE, INTERRUPT, SHORT, FOR_GOOD };

static struct {
	enum kind kind;
	int error;
	long nth, seen;
	int report;
	uintptr_t from, to; /* peal's code */
	pthread_mutex_t lock;
} fault = {.report = -1, .lock = PTHREAD_MUTEX_INITIALIZER};

static int note_program(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type == PT_LOAD && (part->p_flags & PF_X) != 0) {
			fault.from = info->dlpi_addr + part->p_vaddr;
			fault.to = fault.from + part->p_memsz;
		}
	}
	return 1; /* the first one is the program */
}

__attribute__((constructor)) static void fault_begin(void)
{
	static const struct {
		const char *name;
		enum kind kind;
		int error;
	} kinds[] = {
		{"EIO", ONCE, EIO},	     {"ENOSPC", ONCE, ENOSPC}, {"EDQUOT", ONCE, EDQUOT},
		{"EINTR", INTERRUPT, EINTR}, {"SHORT", SHORT, 0},      {"EIO+", FOR_GOOD, EIO},
	};
	const char *name = getenv("PEAL_FAULT"), *nth = getenv("PEAL_FAULT_NTH"),
		   *path = getenv("PEAL_FAULT_REPORT");

	for (unsigned i = 0; name != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(name, kinds[i].name) == 0) {
			fault.kind = kinds[i].kind;
			fault.error = kinds[i].error;
			fault.nth = nth != NULL ? strtol(nth, NULL, 10) : 0;
		}
	}
	if (path != NULL)
		fault.report = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	dl_iterate_phdr(note_program, NULL);
}

/* Whether this call, which the code at where makes, is to fail; can: how it can. */
static bool due(const void *where, unsigned can, const char *what, const char *name, int fd)
{
	bool now;

	if ((uintptr_t)where < fault.from || (uintptr_t)where >= fault.to)
		return false;
	pthread_mutex_lock(&fault.lock);
	fault.seen++;
	now = fault.nth > 0 && (can & 1U << fault.kind) != 0 &&
	      (fault.seen == fault.nth || (fault.kind == FOR_GOOD && fault.seen > fault.nth));
	if (fault.report >= 0)
		dprintf(fault.report, "%s%s %s %d\n", now ? "FAILED " : "", what, name, fd);
	pthread_mutex_unlock(&fault.lock);
	errno = fault.error;
	return now;
}

enum { ERRORS = 1U << ONCE | 1U << FOR_GOOD, WAITS = ERRORS | 1U << INTERRUPT };

/* What only reads is not looked at; a folder is opened to be synced. */
static bool writes(int flags)
{
	return (flags & O_ACCMODE) != O_RDONLY || (flags & O_DIRECTORY) != 0;
}

/* Pipes, terminals and /dev/null are no disk. */
static bool on_disk(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
}

#define CALLER __builtin_return_address(0)

/* The third or fourth argument, which is only there when a file may be made. */
static mode_t mode_of(int flags, va_list args)
{
	return (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
}

int open64(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	if (writes(flags) && due(CALLER, WAITS, "open", path, -1))
		return -1;
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	if (writes(flags) && due(CALLER, WAITS, "openat", path, folder))
		return -1;
	return (int)syscall(SYS_openat, folder, path, flags, mode);
}

ssize_t write(int fd, const void *buf, size_t len)
{
	if (on_disk(fd) && due(CALLER, WAITS | 1U << SHORT, "write", "", fd)) {
		if (fault.kind != SHORT)
			return -1;
		len = len > 1 ? len / 2 : len;
	}
	return syscall(SYS_write, fd, buf, len);
}

int fsync(int fd)
{
	return due(CALLER, WAITS, "fsync", "", fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

int ftruncate64(int fd, off64_t len)
{
	return due(CALLER, WAITS, "ftruncate", "", fd) ? -1 : (int)syscall(SYS_ftruncate, fd, len);
}

/* As in Linux: whatever it says, the descriptor is gone. */
int close(int fd)
{
	bool failed = on_disk(fd) && due(CALLER, WAITS, "close", "", fd);
	int rc = (int)syscall(SYS_close, fd);

	if (failed)
		errno = fault.error;
	return failed ? -1 : rc;
}

int rename(const char *from, const char *to)
{
	if (due(CALLER, ERRORS, "rename", to, -1))
		return -1;
	return (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
	if (due(CALLER, ERRORS, "renameat", to, to_folder))
		return -1;
	return (int)syscall(SYS_renameat, from_folder, from, to_folder, to);
}

int unlink(const char *path)
{
	if (due(CALLER, ERRORS, "unlink", path, -1))
		return -1;
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int unlinkat(int folder, const char *path, int flags)
{
	if (due(CALLER, ERRORS, "unlinkat", path, folder))
		return -1;
	return (int)syscall(SYS_unlinkat, folder, path, flags);
}

int mkdir(const char *path, mode_t mode)
{
	if (due(CALLER, ERRORS, "mkdir", path, -1))
		return -1;
	return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}
