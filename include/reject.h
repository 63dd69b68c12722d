/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Why a received frame became no record. Every frame that is not a validated answer is counted
 * under exactly one of these; the names are keys of the summary's "rejected".
 */
#define REJECT_REASONS(X)                                                                          \
	X(REJECT_ARP, "arp")		 /* link-layer traffic, answered or not */                 \
	X(REJECT_NOT_IPV4, "not_ipv4")	 /* another ethertype */                                   \
	X(REJECT_MALFORMED, "malformed") /* lengths or versions that contradict */                 \
	X(REJECT_FRAGMENT, "fragment")	 /* an IP fragment */                                      \
	X(REJECT_PROTOCOL, "protocol")	 /* neither TCP nor ICMP */                                \
	X(REJECT_VLAN, "wrong_vlan")	 /* in another VLAN than ours, or in one and we are not */ \
	X(REJECT_ADDRESS, "wrong_address") /* not to an address of ours */                         \
	X(REJECT_PORT, "wrong_port")	   /* not to a source port of ours */                      \
	X(REJECT_FLAGS, "other_flags")	   /* TCP, but neither SYN-ACK nor RST with ACK */         \
	X(REJECT_BARE_RST, "bare_rst")	   /* RST without ACK: carries no cookie */                \
	X(REJECT_ICMP_OTHER, "icmp_other") /* ICMP that quotes no probe of ours */                 \
	X(REJECT_COOKIE, "wrong_cookie")   /* forged, or from another scan */                      \
	X(REJECT_CHECKSUM, "bad_checksum") /* damaged on the way */                                \
	X(REJECT_NOT_PROBED, "not_probed") /* right cookie, but not sent by this scan */           \
	X(REJECT_LATE, "late")		   /* so late that duplicates are no longer known */

enum reject {
#define X(id, name) id,
	REJECT_REASONS(X)
#undef X
		REJECT_COUNT,
};

/* The reason's name in the summary. */
const char *reject_name(enum reject reason);
