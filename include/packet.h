/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "isa.h"
#include "reject.h"

/*
 * Bytes on the wire. A template is a frame with all that does not vary; a view is a received frame
 * seen from our side: local is us, remote is the target, also inside the quote of an ICMP error.
 * Pure; addresses and ports are host order on this side of the border.
 */

enum {
	PKT_FRAME_MAX = 96, /* room for the longest probe (78 bytes), and for copying it at once */
};

/*
 * Look of the SYN: the TCP options in the order and with the window that such a system sends. All
 * set DF; a full disguise wants the system's --ttl, too.
 *
 *	look     as sent by                    window  options                                frame
 *	mss      none: the shortest that all   65535   MSS 1460                                58 B
 *	         hosts answer
 *	linux    Linux 4.19 and later, 64      64240   MSS 1460, SACK, TS, NOP, WS 7           74 B
 *	windows  Windows 10 and 11, 128        64240   MSS 1460, NOP, WS 8, NOP, NOP, SACK     66 B
 *	bsd      FreeBSD 9 and later, 64       65535   MSS 1460, NOP, WS 6, SACK, TS           74 B
 *	none     none                          65535                                           54 B
 */
enum syn_look { SYN_LOOK_MSS, SYN_LOOK_LINUX, SYN_LOOK_WINDOWS, SYN_LOOK_BSD, SYN_LOOK_NONE };

struct pkt_link {
	uint8_t src_mac[6], dst_mac[6];
	bool tagged;   /* with an 802.1Q header */
	uint16_t vlan; /* VLAN identifier, 1 ... 4094, when tagged; else 0 */
};

/*
 * What varies from frame to frame as 32 bytes of little-endian words, the way vector code has it:
 * saddr, daddr, sport << 16 | dport, seq, ipid << 16 | IP checksum, TCP checksum, timestamp.
 */
enum { PKT_FIELDS = 32, PKT_FIXED = 0xff };

struct pkt_template {
	uint8_t frame[PKT_FRAME_MAX]; /* addresses, ports, cookie and checksums are zero */
	uint16_t len;		      /* bytes of the frame, without FCS */
	uint16_t l3, l4;	      /* offsets of the IPv4 and the TCP header */
	uint16_t ts_offset;	      /* of the TCP timestamp value, 0 if there is none */
	uint32_t ip_sum, tcp_sum;     /* one's-complement sums of the constant parts (RFC 1071) */
	uint8_t from[PKT_FRAME_MAX];  /* which of the PKT_FIELDS bytes is here, or PKT_FIXED */
	enum isa isa;		      /* that fills it in */
};

/* Ethernet, 802.1Q if tagged, IPv4 and a TCP SYN with the options of look. */
void pkt_template_syn(struct pkt_template *t, const struct pkt_link *link, enum syn_look look,
		      uint8_t ttl);

/* Ethernet, 802.1Q if tagged, IPv4 and a TCP RST without options. */
void pkt_template_rst(struct pkt_template *t, const struct pkt_link *link, uint8_t ttl);

/* Frames made from now on go to mac. */
static inline void pkt_template_send_to(struct pkt_template *t, const uint8_t mac[6])
{
	memcpy(t->frame, mac, 6);
}

/* What varies from frame to frame. */
struct pkt_fields {
	uint32_t saddr, daddr;
	uint16_t sport, dport;
	uint32_t seq;
	uint16_t ipid;
	uint32_t ts; /* TCP timestamp value, where the template has one */
};

/* Writes t->len bytes of frame: the template with these fields and both checksums. frame has room
 * for PKT_FRAME_MAX; what lies behind t->len is undefined afterwards. */
void pkt_template_write(const struct pkt_template *t, const struct pkt_fields *f, uint8_t *frame);

/* --- received frames --- */

enum pkt_kind { PKT_TCP, PKT_ICMP_ERROR, PKT_ICMP_ECHO, PKT_ARP };

enum { /* which TCP options the answer carried */
       PKT_OPT_MSS = 1,
       PKT_OPT_WSCALE = 2,
       PKT_OPT_SACK = 4,
       PKT_OPT_TS = 8,
};

struct pkt_view {
	enum pkt_kind kind;
	/* neighbours as in struct record, so that several are copied at once */
	uint32_t remote, local; /* for an ICMP error: of the quoted probe */
	uint32_t seq, ack; /* TCP; an ICMP error has the quoted probe's sequence number in seq */
	uint32_t ts_val, ts_ecr;
	uint32_t responder;		  /* of an ICMP error: who sent it */
	uint16_t remote_port, local_port; /* as remote and local */
	uint16_t window, mss;
	uint16_t ipid;	 /* of the frame itself */
	uint8_t ttl;	 /* of the frame itself */
	uint8_t wscale;	 /* the shift, 0 ... 14 */
	uint8_t flags;	 /* FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32 */
	uint8_t options; /* PKT_OPT_* */
	uint8_t icmp_type, icmp_code;
	/* ARP: local = its target address, remote = its sender address */
	uint16_t arp_op;    /* 1 request, 2 reply */
	uint8_t arp_mac[6]; /* its sender's hardware address */
	uint16_t vlan;	    /* of its 802.1Q header, 0 if it has none */
	/* where the headers lie, for pkt_checksum_ok() */
	uint16_t l3, l4, l4_len;
};

/*
 * Reads one Ethernet frame of len bytes (with or without an 802.1Q header) and fills *v.
 * Returns 0, or the negative reason -1 - enum reject when it is nothing that could be an answer
 * (use pkt_reject()). Reads no byte at or beyond data + len, whatever the headers claim; makes no
 * assumption about alignment; never loops more than 40 steps. An ICMP error of types 3, 11 and 12
 * is read to the quoted probe's first eight TCP bytes (RFC 792), more are not required.
 *
 * The IPv4 header's checksum is verified here, the transport's by pkt_checksum_ok(). Padding behind
 * the IPv4 packet is allowed. TCP options are read up to the first malformed one; the packet stands
 * without the others.
 */
int pkt_parse(struct pkt_view *v, const uint8_t *data, uint16_t len);

/*
 * The commonest frames of a burst, found at once. What is an answer to whom?
 */
enum { PKT_BURST = 64 };

struct pkt_sieve {
	const uint32_t *addr; /* ours, ascending */
	uint32_t n_addrs;     /* 1 or more */
	uint16_t port_first;  /* ours, too: */
	uint32_t port_count;
	uint64_t flags; /* bit f: a segment with the TCP flags f (the lower six) may be an answer */
};

/*
 * Looks through n <= PKT_BURST frames. Bit i of the result stands for frame i: a TCP segment, in
 * Ethernet without a tag and an IPv4 header without options, that pkt_parse() accepts, with flags,
 * to an address and to a port that the sieve wants. Bit i of *wrong_port: the same, but for the
 * port. All others are for pkt_parse().
 */
uint64_t pkt_sift(const struct pkt_sieve *s, const uint8_t *const *data, const uint16_t *len,
		  unsigned n, uint64_t *wrong_port);

bool pkt_sieve_addr(const struct pkt_sieve *s, uint32_t addr);

/*
 * What the answers of a burst claim, in columns, for a view has more than is needed to find out
 * whether they are right.
 */
struct pkt_claims {
	unsigned n;
	uint32_t local[PKT_BURST], remote[PKT_BURST];
	uint16_t local_port[PKT_BURST], remote_port[PKT_BURST];
	uint32_t number[PKT_BURST]; /* ack; of an ICMP error, the quoted sequence number */
	uint8_t kind[PKT_BURST];    /* PKT_TCP or PKT_ICMP_ERROR */
	uint8_t flags[PKT_BURST];   /* of TCP */
};

/* Appends the claims of the frames in `which` (bit i is frame i), which pkt_sift() has found. */
void pkt_claims_sifted(struct pkt_claims *c, const uint8_t *const *data, uint64_t which);

/* Appends the claim of an answer that was parsed. */
static inline void pkt_claims_add(struct pkt_claims *c, const struct pkt_view *v)
{
	unsigned i = c->n++;

	c->local[i] = v->local;
	c->remote[i] = v->remote;
	c->local_port[i] = v->local_port;
	c->remote_port[i] = v->remote_port;
	c->number[i] = v->kind == PKT_TCP ? v->ack : v->seq;
	c->kind[i] = (uint8_t)v->kind;
	c->flags[i] = v->flags;
}

/* Fills *v for a frame that pkt_sift() found, as pkt_parse() does, faster. */
void pkt_look(struct pkt_view *v, const uint8_t *data);

/* pkt_checksum_ok() of such a frame. */
bool pkt_sifted_ok(const uint8_t *data);

static inline enum reject pkt_reject(int parse_result)
{
	return (enum reject)(-1 - parse_result);
}

/*
 * Whether the transport checksum of a frame that pkt_parse() accepted is right. A TCP checksum that
 * holds just the pseudo-header sum is right, too: so local Linux stacks hand frames to virtual
 * devices, leaving the rest to hardware that is not there.
 */
bool pkt_checksum_ok(const struct pkt_view *v, const uint8_t *data);

/* An ARP packet of 60 bytes (padded; 64 when tagged). op 1 asks who has target, op 2 answers; the
 * frame goes to link->dst_mac. Returns its length. */
uint16_t pkt_arp_write(uint8_t *frame, const struct pkt_link *link, uint16_t op, uint32_t sender,
		       uint32_t target, const uint8_t target_mac[6]);

/* An ICMP echo reply (RFC 792) with this body: identifier, sequence number and data, len bytes. The
 * frame goes to link->dst_mac; its length is returned, 28 bytes and the link's more than len. */
uint16_t pkt_echo_reply_write(uint8_t *frame, const struct pkt_link *link, uint8_t ttl,
			      uint32_t saddr, uint32_t daddr, const uint8_t *body, uint16_t len);
