/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "pairset.h"
#include "portset.h"
#include "rangeset.h"
#include "target.h"

/*
 * Builds the space of addrs x ports and pairs: normal sets, the pairs not in the product, at least
 * one target in all. Takes over the pairs' memory and leaves *pairs empty. NULL when out of memory.
 */
struct target_space *target_space_create(const struct rangeset *addrs, const struct portset *ports,
					 struct pairset *pairs);
