/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sim_internet.h"

/* What the simulated internet is a function of, for sim_internet.c and those that have it faster.
 */

enum sim_key { KEY_HOST = 1, KEY_NET, KEY_PORT, KEY_LOOK, KEY_FRAME };

/* The finalizer of splitmix64 (Steele et al. 2014) with Stafford's constants. */
static inline uint64_t sim_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline uint64_t sim_hash(const struct sim_internet *internet, unsigned key, uint64_t value)
{
	return sim_mix((internet->seed + key) * UINT64_C(0x9e3779b97f4a7c15) ^
		       sim_mix(value + key));
}

/* Ports that are likelier open than others: ten, six and three times. */
static const uint16_t sim_tenfold[] = {80, 443}, sim_sixfold[] = {22, 7547},
		      sim_threefold[] = {21,  25,  53,	 110,  143,  587,
					 993, 995, 3306, 3389, 8080, 8443};

static inline bool sim_net_is_middlebox(const struct sim_internet *internet, uint64_t net)
{
	return internet->hostile_below != 0 && (net & UINT32_MAX) < internet->hostile_below / 4;
}
