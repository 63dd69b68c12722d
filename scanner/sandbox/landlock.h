/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "sandbox.h"

/*
 * Landlock by its system calls: the C library has no functions for them, and the headers may be
 * older than the kernel.
 */

/*
 * A set of rules under which only these paths can be opened, no more than conf allows, and no TCP
 * port be bound or connected to. A descriptor, -ENOSYS where the kernel has no Landlock or it is
 * switched off, or -errno.
 */
int landlock_rules(const struct sandbox_conf *conf);

/* The calling thread, which must have no_new_privs, obeys them from now on. Async-signal-safe. */
int landlock_obey(int rules);
