/* SPDX-License-Identifier: BSD-3-Clause */

#include "record.h"

static const char *const state_names[STATE_COUNT] = {
	[STATE_OPEN] = "open",
	[STATE_CLOSED] = "closed",
	[STATE_UNREACHABLE] = "unreachable",
	[STATE_FILTERED] = "filtered",
};

static const char *const class_names[CLASS_COUNT] = {
	[CLASS_SYNACK] = "synack",
	[CLASS_RST] = "rst",
	[CLASS_ICMP] = "icmp",
};

const char *record_state_name(enum record_state state)
{
	return (unsigned)state < STATE_COUNT ? state_names[state] : "unknown";
}

const char *record_class_name(enum record_class class)
{
	return (unsigned)class < CLASS_COUNT ? class_names[class] : "unknown";
}
