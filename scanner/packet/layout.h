/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Where fields lie in the headers that we read and write, and the numbers we know in them. */

enum {
	ETHER_DST = 0,
	ETHER_SRC = 6,
	ETHER_TYPE = 12,
	ETHER_LEN = 14,
	VLAN_LEN = 4,	 /* 802.1Q: the tag follows the addresses, the type moves behind it */
	VLAN_ID = 0xfff, /* of the tag: the rest is a priority */

	TYPE_IPV4 = 0x0800,
	TYPE_ARP = 0x0806,
	TYPE_VLAN = 0x8100,
};

enum {
	IP_VERSION_IHL = 0,
	IP_TOTAL_LEN = 2,
	IP_ID = 4,
	IP_FRAGMENT = 6,
	IP_TTL = 8,
	IP_PROTOCOL = 9,
	IP_CHECKSUM = 10,
	IP_SRC = 12,
	IP_DST = 16,
	IP_LEN = 20,

	IP_DF = 0x4000,
	IP_MF = 0x2000,
	IP_OFFSET_MASK = 0x1fff,

	PROTO_ICMP = 1,
	PROTO_TCP = 6,
};

enum {
	TCP_SRC = 0,
	TCP_DST = 2,
	TCP_SEQ = 4,
	TCP_ACK = 8,
	TCP_DATA_OFFSET = 12,
	TCP_FLAGS = 13,
	TCP_WINDOW = 14,
	TCP_CHECKSUM = 16,
	TCP_LEN = 20,
	TCP_QUOTED = 8, /* what an ICMP error quotes at least (RFC 792): the ports and seq */

	FLAG_SYN = 2,
	FLAG_RST = 4,

	OPT_EOL = 0,
	OPT_NOP = 1,
	OPT_MSS = 2,
	OPT_WSCALE = 3,
	OPT_SACK_OK = 4,
	OPT_TS = 8,
};

enum {
	ICMP_TYPE = 0,
	ICMP_CODE = 1,
	ICMP_LEN = 8,

	ICMP_UNREACHABLE = 3,
	ICMP_ECHO = 8,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_PARAMETER = 12,
};

enum {
	ARP_HARDWARE = 0,
	ARP_PROTOCOL = 2,
	ARP_HARDWARE_LEN = 4,
	ARP_PROTOCOL_LEN = 5,
	ARP_OP = 6,
	ARP_SENDER_MAC = 8,
	ARP_SENDER_IP = 14,
	ARP_TARGET_MAC = 18,
	ARP_TARGET_IP = 24,
	ARP_LEN = 28,

	ARP_ETHERNET = 1,
	ARP_REQUEST = 1,
	ARP_REPLY = 2,
};
