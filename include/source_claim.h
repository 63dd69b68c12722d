/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "err.h"

/*
 * The source addresses and ports of a scan are its own while it runs: the answers that two scans
 * ask for with the same ones reach both, and each would count the other's as forged. Claims are
 * abstract sockets (unix(7)): each network namespace has its own, containers that share one see
 * each other's, and the kernel takes them back from a process that ends, however it ends.
 */

enum { SOURCE_CLAIM_SOCKETS = 64 };

struct source_claim {
	int fd[SOURCE_CLAIM_SOCKETS];
	size_t n;
};

/*
 * Claims the ports first to last of n addresses (sorted) until source_claim_drop(). Main thread.
 * EXIT_REFUSED when another scan has one of them, with its process number.
 */
int source_claim_take(struct source_claim *claim, const uint32_t *addr, size_t n, uint16_t first,
		      uint16_t last, struct err *err);

/* Zeroed memory is no claim. */
void source_claim_drop(struct source_claim *claim);
