/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Received frames, as hex with a comment for each header, and their reader. Unless the comment says
 * otherwise they were captured between network namespaces of a Linux 6 host: 198.18.0.2 (us) behind
 * the router 198.18.0.1, 198.18.1.2 answers, with ports 80 open, 81 closed, 83 and 84 rejected.
 */

struct frame {
	const char *name, *hex;
};

/* clang-format off */
static const struct frame frames[] = {
	{ "synack", /* SYN-ACK of Linux 6 to its own kind of SYN: five options */
	  "02 00 00 00 00 0a 02 00 00 00 00 01 08 00 " /* Ethernet */
	  "45 00 00 3c 00 00 40 00 3f 06 ae 93 c6 12 01 02 c6 12 00 02 " /* IPv4 */
	  "00 50 c6 60 3b 7e 8c 71 16 f8 d4 76 a0 12 fe 88 bf e2 00 00 " /* TCP */
	  "02 04 05 b4 04 02 08 0a 30 5f 33 d0 4b ec d2 2d 01 03 03 0a" /* options */ },
	{ "synack_mss", /* SYN-ACK of Linux 6 to a SYN with just an MSS */
	  "02 00 00 00 00 0a 02 00 00 00 00 01 08 00 " /* Ethernet */
	  "45 00 00 2c 00 00 40 00 3f 06 ae a3 c6 12 01 02 c6 12 00 02 " /* IPv4 */
	  "00 50 9c 40 33 4e 69 2a 11 22 33 45 60 12 fa f0 92 8c 00 00 " /* TCP */
	  "02 04 05 b4" /* options */ },
	{ "rst_ack", /* RST with ACK of Linux 6, closed port */
	  "02 00 00 00 00 0a 02 00 00 00 00 01 08 00 " /* Ethernet */
	  "45 00 00 28 00 00 40 00 3f 06 ae a7 c6 12 01 02 c6 12 00 02 " /* IPv4 */
	  "00 51 e2 98 00 00 00 00 6d d2 d4 f7 50 14 00 00 fc f3 00 00" /* TCP */ },
	{ "rst_bare", /* RST without ACK of Linux 6, to a stray ACK */
	  "02 00 00 00 00 0a 02 00 00 00 00 01 08 00 " /* Ethernet */
	  "45 00 00 28 00 00 40 00 3f 06 ae a7 c6 12 01 02 c6 12 00 02 " /* IPv4 */
	  "00 51 9c 40 55 66 77 88 00 00 00 00 50 04 00 00 b9 37 00 00" /* TCP */ },
	{ "icmp_port", /* ICMP 3/3, nftables "reject": quotes the whole SYN */
	  "02 00 00 00 00 0a 02 00 00 00 00 01 08 00 " /* Ethernet */
	  "45 c0 00 58 cf 37 00 00 3f 01 1e 85 c6 12 01 02 c6 12 00 02 " /* IPv4 */
	  "03 03 8a 54 00 00 00 00 " /* ICMP */
	  "45 00 00 3c d5 fd 40 00 3f 06 d8 95 c6 12 00 02 c6 12 01 02 " /* quoted IPv4 */
	  "86 a0 00 53 65 4a 11 06 00 00 00 00 a0 02 fa f0 82 5b 00 00 " /* quoted TCP */
	  "02 04 05 b4 04 02 08 0a 5c 3f e4 04 00 00 00 00 01 03 03 0a" /* quoted options */ },
	{ "icmp_admin", /* ICMP 3/13, nftables "reject with icmp admin-prohibited" */
	  "02 00 00 00 00 0a 02 00 00 00 00 01 08 00 " /* Ethernet */
	  "45 c0 00 58 cf 38 00 00 3f 01 1e 84 c6 12 01 02 c6 12 00 02 " /* IPv4 */
	  "03 0d 8a 4a 00 00 00 00 " /* ICMP */
	  "45 00 00 3c 6a c3 40 00 3f 06 43 d0 c6 12 00 02 c6 12 01 02 " /* quoted IPv4 */
	  "e1 a6 00 54 64 71 c0 23 00 00 00 00 a0 02 fa f0 a1 5e 00 00 " /* quoted TCP */
	  "02 04 05 b4 04 02 08 0a 35 b5 e2 3f 00 00 00 00 01 03 03 0a" /* quoted options */ },
	{ "icmp_host", /* ICMP 3/1 of a Linux router whose ARP found nobody */
	  "02 00 00 00 00 0a 02 00 00 00 00 01 08 00 " /* Ethernet */
	  "45 c0 00 58 86 91 00 00 40 01 67 2c c6 12 00 01 c6 12 00 02 " /* IPv4 */
	  "03 01 8a a1 00 00 00 00 " /* ICMP */
	  "45 00 00 3c 22 7d 40 00 3f 06 8b cb c6 12 00 02 c6 12 01 4d " /* quoted IPv4 */
	  "e6 e2 00 50 bf 08 a5 7f 00 00 00 00 a0 02 fa f0 82 08 00 00 " /* quoted TCP */
	  "02 04 05 b4 04 02 08 0a d3 e3 1d f1 00 00 00 00 01 03 03 0a" /* quoted options */ },
	{ "icmp_ttl", /* ICMP 11/0 of a Linux router */
	  "02 00 00 00 00 0a 02 00 00 00 00 01 08 00 " /* Ethernet */
	  "45 c0 00 58 85 5e 00 00 40 01 68 5f c6 12 00 01 c6 12 00 02 " /* IPv4 */
	  "0b 00 82 57 00 00 00 00 " /* ICMP */
	  "45 00 00 3c 7f 7b 40 00 01 06 6d 18 c6 12 00 02 c6 12 01 02 " /* quoted IPv4 */
	  "c6 62 00 50 0b a7 79 7f 00 00 00 00 a0 02 fa f0 46 7d 00 00 " /* quoted TCP */
	  "02 04 05 b4 04 02 08 0a 44 dc e8 b0 00 00 00 00 01 03 03 0a" /* quoted options */ },
	{ "icmp_quote8", /* icmp_port as a router after RFC 792 sends it: cut by hand to 8 TCP bytes */
	  "02 00 00 00 00 0a 02 00 00 00 00 01 08 00 " /* Ethernet */
	  "45 c0 00 38 cf 37 00 00 3f 01 1e a5 c6 12 01 02 c6 12 00 02 " /* IPv4 */
	  "03 03 ff b8 00 00 00 00 " /* ICMP */
	  "45 00 00 3c d5 fd 40 00 3f 06 d8 95 c6 12 00 02 c6 12 01 02 " /* quoted IPv4 */
	  "86 a0 00 53 65 4a 11 06" /* quoted TCP */ },
	{ "icmp_quote28", /* icmp_port cut by hand to 28 TCP bytes */
	  "02 00 00 00 00 0a 02 00 00 00 00 01 08 00 " /* Ethernet */
	  "45 c0 00 4c cf 37 00 00 3f 01 1e 91 c6 12 01 02 c6 12 00 02 " /* IPv4 */
	  "03 03 ce a5 00 00 00 00 " /* ICMP */
	  "45 00 00 3c d5 fd 40 00 3f 06 d8 95 c6 12 00 02 c6 12 01 02 " /* quoted IPv4 */
	  "86 a0 00 53 65 4a 11 06 00 00 00 00 a0 02 fa f0 82 5b 00 00 " /* quoted TCP */
	  "02 04 05 b4 04 02 08 0a" /* quoted options */ },
	{ "synack_vlan", /* synack with an 802.1Q header put in by hand: VLAN 100, priority 3 */
	  "02 00 00 00 00 0a 02 00 00 00 00 01 " /* Ethernet */
	  "81 00 60 64 " /* 802.1Q */
	  "08 00 " /* type */
	  "45 00 00 3c 00 00 40 00 3f 06 ae 93 c6 12 01 02 c6 12 00 02 " /* IPv4 */
	  "00 50 c6 60 3b 7e 8c 71 16 f8 d4 76 a0 12 fe 88 bf e2 00 00 " /* TCP */
	  "02 04 05 b4 04 02 08 0a 30 5f 33 d0 4b ec d2 2d 01 03 03 0a" /* options */ },
	{ "synack_ipopt", /* synack_mss with a router-alert option put into the IPv4 header by hand */
	  "02 00 00 00 00 0a 02 00 00 00 00 01 08 00 " /* Ethernet */
	  "46 00 00 30 00 00 40 00 3f 06 19 9b c6 12 01 02 c6 12 00 02 " /* IPv4 */
	  "94 04 00 00 " /* IPv4 options */
	  "00 50 9c 40 33 4e 69 2a 11 22 33 45 60 12 fa f0 92 8c 00 00 " /* TCP */
	  "02 04 05 b4" /* options */ },
	{ "rst_padded", /* rst_ack padded to the 60 bytes that Ethernet wants */
	  "02 00 00 00 00 0a 02 00 00 00 00 01 08 00 " /* Ethernet */
	  "45 00 00 28 00 00 40 00 3f 06 ae a7 c6 12 01 02 c6 12 00 02 " /* IPv4 */
	  "00 51 e2 98 00 00 00 00 6d d2 d4 f7 50 14 00 00 fc f3 00 00 " /* TCP */
	  "00 00 00 00 00 00" /* padding */ },
	{ "echo", /* ICMP echo request, made by hand */
	  "02 00 00 00 00 0a 02 00 00 00 00 01 08 00 " /* Ethernet */
	  "45 00 00 24 1c 46 40 00 3f 01 92 6a c6 12 01 02 c6 12 00 02 " /* IPv4 */
	  "08 00 54 35 12 34 00 01 61 62 63 64 65 66 67 68" /* echo */ },
	{ "arp_request", /* ARP request of Linux 6 */
	  "ff ff ff ff ff ff 02 00 00 00 00 0a 08 06 " /* Ethernet */
	  "00 01 08 00 06 04 00 01 02 00 00 00 00 0a c6 12 00 02 00 00 " /* ARP */
	  "00 00 00 00 c6 12 00 01" },
	{ "arp_reply", /* ARP reply of Linux 6 */
	  "02 00 00 00 00 0a 02 00 00 00 00 01 08 06 " /* Ethernet */
	  "00 01 08 00 06 04 00 02 02 00 00 00 00 01 c6 12 00 01 02 00 " /* ARP */
	  "00 00 00 0a c6 12 00 02" },
};
/* clang-format on */

enum { FRAMES = sizeof(frames) / sizeof(frames[0]), FRAME_LEN_MAX = 160 };

static inline uint8_t frame_digit(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Writes the bytes of the frame, returns how many. */
static inline uint16_t frame_read(const struct frame *f, uint8_t bytes[FRAME_LEN_MAX])
{
	const char *c;
	uint16_t len = 0;

	for (c = f->hex; *c != '\0'; c += c[2] == ' ' ? 3 : 2)
		bytes[len++] = (uint8_t)(frame_digit(c[0]) << 4 | frame_digit(c[1]));
	return len;
}

/* The frame of that name, NULL if there is none. */
static inline const struct frame *frame_find(const char *name)
{
	size_t i;

	for (i = 0; i < FRAMES; i++)
		if (strcmp(frames[i].name, name) == 0)
			return &frames[i];
	return NULL;
}
