/* SPDX-License-Identifier: BSD-3-Clause */

#include "target.h"

/*
 * Addresses that no scan of the internet has any business with, from the IANA IPv4 Special-Purpose
 * Address Registry and, for multicast, the IANA IPv4 Multicast Address Space Registry. Entries
 * inside of a larger one are left out, but for the broadcast address, which errors should name.
 * The AS112 and AMT prefixes are reachable, but are anycast infrastructure of the internet itself.
 */

const char special_purpose_date[] = "2020-09-04";

#define ADDR(a, b, c, d) (UINT32_C(a) << 24 | UINT32_C(b) << 16 | UINT32_C(c) << 8 | UINT32_C(d))
#define PREFIX(a, b, c, d, len)                                                                    \
	.first = ADDR(a, b, c, d),                                                                 \
	.last = ADDR(a, b, c, d) | (uint32_t)(UINT64_C(0xffffffff) >> len),                        \
	.cidr = #a "." #b "." #c "." #d "/" #len

const struct special_purpose special_purpose[] = {
	{PREFIX(0, 0, 0, 0, 8), .name = "\"This network\"", .source = "RFC 791"},
	{PREFIX(10, 0, 0, 0, 8), .name = "Private-Use", .source = "RFC 1918"},
	{PREFIX(100, 64, 0, 0, 10), .name = "Shared Address Space", .source = "RFC 6598"},
	{PREFIX(127, 0, 0, 0, 8), .name = "Loopback", .source = "RFC 1122"},
	{PREFIX(169, 254, 0, 0, 16), .name = "Link Local", .source = "RFC 3927"},
	{PREFIX(172, 16, 0, 0, 12), .name = "Private-Use", .source = "RFC 1918"},
	{PREFIX(192, 0, 0, 0, 24), .name = "IETF Protocol Assignments", .source = "RFC 6890"},
	{PREFIX(192, 0, 2, 0, 24), .name = "Documentation (TEST-NET-1)", .source = "RFC 5737"},
	{PREFIX(192, 31, 196, 0, 24), .name = "AS112-v4", .source = "RFC 7535"},
	{PREFIX(192, 52, 193, 0, 24), .name = "AMT", .source = "RFC 7450"},
	{PREFIX(192, 88, 99, 0, 24), .name = "Deprecated (6to4 Relay Anycast)",
	 .source = "RFC 7526"},
	{PREFIX(192, 168, 0, 0, 16), .name = "Private-Use", .source = "RFC 1918"},
	{PREFIX(192, 175, 48, 0, 24), .name = "Direct Delegation AS112 Service",
	 .source = "RFC 7534"},
	{PREFIX(198, 18, 0, 0, 15), .name = "Benchmarking", .source = "RFC 2544"},
	{PREFIX(198, 51, 100, 0, 24), .name = "Documentation (TEST-NET-2)", .source = "RFC 5737"},
	{PREFIX(203, 0, 113, 0, 24), .name = "Documentation (TEST-NET-3)", .source = "RFC 5737"},
	{PREFIX(224, 0, 0, 0, 4), .name = "Multicast", .source = "RFC 5771"},
	{PREFIX(255, 255, 255, 255, 32), .name = "Limited Broadcast", .source = "RFC 8190"},
	{PREFIX(240, 0, 0, 0, 4), .name = "Reserved", .source = "RFC 1112"},
};

const size_t n_special_purpose = sizeof(special_purpose) / sizeof(special_purpose[0]);
