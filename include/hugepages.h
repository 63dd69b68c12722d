/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Linux's large pages, and the NUMA nodes they lie on. Main thread, any time; nothing is cached. */

/* MiB in free large pages of all sizes, on a node, or with -1 on all. */
unsigned long long hugepages_free_mb(int node);

/* The node that all processors in "0-3,8" are on; -1 if they are on several, or nobody knows. */
int hugepages_node(const char *cpus);
