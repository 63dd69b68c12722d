/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

/*
 * Libraries print: usage texts, libbpf's remarks. stdout belongs to records, so while foreign code
 * runs, descriptor 1 leads nowhere, and descriptor 2 on demand. Main thread, at start-up only.
 */
struct quiet {
	int saved_out, saved_err; /* -1: not turned */
};

void quiet_begin(struct quiet *quiet, bool errors_too);
void quiet_end(struct quiet *quiet);
