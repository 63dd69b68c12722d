/* SPDX-License-Identifier: BSD-3-Clause */

#include "sandbox.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "landlock.h"
#include "log.h"
#include "syscalls.h"
#include "threads.h"

const char *sandbox_part_name(int part)
{
	static const char *const names[] = {
		[SANDBOX_CAPABILITIES] = "capabilities",
		[SANDBOX_SECCOMP] = "seccomp",
		[SANDBOX_LANDLOCK] = "landlock",
	};

	return names[part];
}

/* --- capabilities --- */

enum { CAP_WORDS = 2 };

static struct __user_cap_header_struct of_this_thread(void)
{
	return (struct __user_cap_header_struct){.version = _LINUX_CAPABILITY_VERSION_3};
}

/* By the system call: the C library's way knows of one thread only, too. */
static int capabilities_set(const struct __user_cap_data_struct set[CAP_WORDS])
{
	struct __user_cap_header_struct header = of_this_thread();

	return syscall(SYS_capset, &header, set) < 0 ? -errno : 0;
}

/* As the effective user, with the capabilities that are effective. */
static bool reaches_now(int from, const char *path, unsigned may)
{
	int folder = may & SANDBOX_CHANGE ? W_OK | X_OK : X_OK;
	char copy[PATH_MAX]; /* the kernel takes no longer ones, either */
	bool reaches = snprintf(copy, sizeof(copy), "%s", path) < (int)sizeof(copy) &&
		       faccessat(from, dirname(copy), folder, AT_EACCESS) == 0;

	if (may & SANDBOX_READ)
		reaches &= faccessat(from, path, R_OK, AT_EACCESS) == 0;
	return reaches;
}

bool sandbox_reaches(int from, const char *path, unsigned may)
{
	struct __user_cap_header_struct header = of_this_thread();
	struct __user_cap_data_struct had[CAP_WORDS], none[CAP_WORDS];
	bool reaches;

	if (syscall(SYS_capget, &header, had) < 0)
		return false;
	memcpy(none, had, sizeof(none));
	for (unsigned i = 0; i < CAP_WORDS; i++)
		none[i].effective = 0;
	capabilities_set(none);
	reaches = reaches_now(from, path, may);
	capabilities_set(had);
	return reaches;
}

/* --- in each thread --- */

struct lowering {
	int rules; /* of Landlock, negative if there are none */
	bool ports;
};

/* Async-signal-safe. */
static int lower(const void *arg)
{
	static const struct __user_cap_data_struct none[CAP_WORDS];
	const struct lowering *to = arg;
	int rc = 0;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
#ifdef SYS_iopl
	/* DPDK's virtio driver opens all I/O ports as soon as it is loaded, used or not */
	if (!to->ports)
		syscall(SYS_iopl, 0);
#endif
	if (to->rules >= 0)
		rc = landlock_obey(to->rules);
	return rc < 0 ? rc : capabilities_set(none);
}

/*
 * The C library loads what a cancelled thread needs only when there is one, and DPDK cancels its
 * own in the end: too late to open a library.
 */
static void load_ahead(void)
{
	static void *unwinder; /* for good */

	unwinder = dlopen("libgcc_s.so.1", RTLD_NOW);
	if (unwinder == NULL)
		LOG(DEBUG, "sandbox: %s", dlerror());
}

int sandbox_enter(const struct sandbox_conf *conf, struct sandbox *sandbox, struct err *err)
{
	struct lowering to = {.rules = landlock_rules(conf), .ports = conf->ports};
	int rc;

	load_ahead();
	*sandbox = (struct sandbox){0};
	if (to.rules < 0 && to.rules != -ENOSYS)
		return err_set(err, EXIT_DEVICE,
			       "the sandbox's rules for files are refused: %s (--no-sandbox does "
			       "without)",
			       strerror(-to.rules));
	rc = threads_run(lower, &to);
	if (to.rules >= 0)
		close(to.rules);
	if (rc < 0)
		return err_set(err, EXIT_DEVICE,
			       "privileges cannot be given up in all threads: %s (--no-sandbox "
			       "does without)",
			       strerror(-rc));
	sandbox->in_force[SANDBOX_CAPABILITIES] = true;
	sandbox->in_force[SANDBOX_LANDLOCK] = to.rules >= 0;
	rc = syscalls_restrict();
	if (rc < 0 && rc != -ENOSYS)
		return err_set(err, EXIT_DEVICE,
			       "the sandbox's list of system calls is refused: %s (--no-sandbox "
			       "does without)",
			       strerror(-rc));
	sandbox->in_force[SANDBOX_SECCOMP] = rc == 0;
	return 0;
}
