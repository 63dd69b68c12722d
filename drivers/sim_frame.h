/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "sim_internet.h"

/*
 * Frames as the simulated internet reads and writes them. It shares no code with the scanner's
 * packet/: two readings of the RFCs check each other.
 */

enum { SIM_FRAME_MAX = 192, SIM_QUOTE_MAX = 60 };

/* Who sits on our end of the link, as its last frame said. */
struct sim_link {
	uint8_t mac[6];
	uint16_t vlan;
	bool tagged;
};

enum { SIM_OPT_SACK = 1, SIM_OPT_WSCALE = 2, SIM_OPT_TS = 4 };

enum sim_frame_kind { SIM_FRAME_OTHER, SIM_FRAME_SYN, SIM_FRAME_RST, SIM_FRAME_ARP };

/* A frame that the scanner sent. For ARP, src and dst are sender and wanted address. */
struct sim_frame {
	uint32_t src, dst, seq, ts;
	uint16_t sport, dport;
	uint8_t options;
	const uint8_t *ip; /* the IPv4 header; up to ip_len bytes are quoted by routers */
	uint16_t ip_len;
};

/*
 * Reads a frame of len bytes. Only what a host would accept counts: whole headers, right lengths,
 * SYN alone or RST. Checksums are left to sim_frame_sums_ok(): most probes are never answered.
 */
enum sim_frame_kind sim_frame_read(struct sim_frame *frame, struct sim_link *link,
				   const uint8_t *data, uint16_t len);

/*
 * Whether it is one of the plainest that sim_frame_read() finds to be a SYN, if its lengths are
 * right: IPv4 without options, untagged. Then *dst and *dport are where it goes.
 */
static inline bool sim_frame_is_syn(const uint8_t *data, uint16_t len, uint32_t *dst,
				    uint16_t *dport)
{
	enum { HEADERS = 54, TYPE = 12, PROTOCOL = 23, DST = 30, DPORT = 36, FLAGS = 47 };
	uint32_t head, addr;
	uint16_t port;

	if (len < HEADERS)
		return false;
	memcpy(&head, data + TYPE, sizeof(head));
	memcpy(&addr, data + DST, sizeof(addr));
	memcpy(&port, data + DPORT, sizeof(port));
	*dst = be32toh(addr);
	*dport = be16toh(port);
	return (head & htobe32(0xffffff00)) == htobe32(0x08004500) && data[PROTOCOL] == 6 &&
	       (data[FLAGS] & 0x3f) == 2;
}

bool sim_frame_sums_ok(const struct sim_frame *frame);

enum sim_answer_kind { SIM_ANSWER_SYNACK, SIM_ANSWER_RST, SIM_ANSWER_ICMP, SIM_ANSWER_ARP };

/* An answer waiting for its time: all that is needed to write the frame. */
struct sim_answer {
	uint32_t local, remote; /* we and they */
	uint32_t seq, ts;	/* of the probe */
	uint16_t local_port, remote_port;
	uint8_t kind, trick; /* enum sim_answer_kind; enum sim_trick: what is wrong with it */
	uint8_t options, quote_len;
	uint8_t icmp_type, icmp_code;
	uint8_t sent;		      /* how many times so far */
	bool half_open;		      /* waits for an RST, is in the table of these */
	uint32_t next;		      /* in that table */
	uint8_t quote[SIM_QUOTE_MAX]; /* what a router quotes; of ARP: who asked */
};

/* Writes the frame into buf (SIM_FRAME_MAX), returns its length. random: for this one frame. */
uint16_t sim_frame_write(uint8_t *buf, const struct sim_answer *answer, const struct sim_host *host,
			 const struct sim_link *link, uint64_t random);
