/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * All threads of the process, which must have no_new_privs, make only the system calls of a scan
 * that runs and ends from now on. -ENOSYS where the kernel has no seccomp filters.
 */
int syscalls_restrict(void);
