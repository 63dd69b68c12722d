/* SPDX-License-Identifier: BSD-3-Clause */

#include <assert.h>
#include <stddef.h>

#include "bytes.h"
#include "checksum.h"
#include "layout.h"
#include "packet.h"
#include "parse.h"

/*
 * Nearly all that a scan receives is TCP in the same plain form: Ethernet without a tag, IPv4
 * without options, in one piece. Of such a frame all that matters lies at fixed places, so a few
 * wide loads and comparisons without a branch tell what parse.c finds step by step; a burst of
 * frames mixed at random costs no more than 64 of one kind.
 */

enum { PLAIN_LEN = ETHER_LEN + IP_LEN + TCP_LEN };

static uint64_t load64(const uint8_t *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static uint32_t load32(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

/* What a plain frame has not: EtherType IPv4, version 4, a header of five words (08 00 45); neither
 * more fragments nor an offset, and TCP. */
static uint64_t odd_bits(const uint8_t *frame, const uint8_t *ip)
{
	uint32_t type = load32(frame + ETHER_TYPE) ^ htobe32(0x08004500);
	uint64_t rest = load64(ip + IP_ID) ^ htobe64(UINT64_C(0x0000000000060000));

	return (type & htobe32(0xffffff00)) | (rest & htobe64(UINT64_C(0x00003fff00ff0000)));
}

/* Negative unless both headers lie within the packet, and the packet within the frame. */
static int32_t shortage(const uint8_t *ip, uint16_t len)
{
	int32_t total = bytes_get16(ip + IP_TOTAL_LEN);
	int32_t tcp = ip[IP_LEN + TCP_DATA_OFFSET] >> 4 << 2;

	return (tcp - TCP_LEN) | (total - IP_LEN - tcp) | (len - ETHER_LEN - total);
}

/* checksum_wide() of five words: said so, it is no loop. */
static bool ip_sum_right(const uint8_t *ip)
{
	return checksum_wide_right((uint64_t)load32(ip) + load32(ip + 4) + load32(ip + 8) +
				   load32(ip + 12) + load32(ip + 16));
}

bool pkt_sieve_addr(const struct pkt_sieve *s, uint32_t addr)
{
	uint32_t low = 0, high = s->n_addrs;

	while (high - low > 1) {
		uint32_t middle = (low + high) / 2;

		if (s->addr[middle] <= addr)
			low = middle;
		else
			high = middle;
	}
	return s->addr[low] == addr;
}

/* one: the sieve has one address, as it mostly has. What speaks against a frame is collected. */
static inline uint64_t sift(const struct pkt_sieve *s, bool one, const uint8_t *const *data,
			    const uint16_t *len, unsigned n, uint64_t *wrong_port)
{
	const uint32_t addr = htobe32(s->addr[0]), first = s->port_first, count = s->port_count;
	uint64_t answers = 0, plain = 0, flags = ~s->flags;

	for (unsigned i = 0; i < n; i++) {
		const uint8_t *ip = data[i] + ETHER_LEN, *tcp = ip + IP_LEN;
		uint64_t against;

		if (len[i] < PLAIN_LEN)
			continue;
		against = odd_bits(data[i], ip) | ((uint32_t)shortage(ip, len[i]) >> 31) |
			  (flags >> (tcp[TCP_FLAGS] & 63) & 1) | !ip_sum_right(ip);
		if (one)
			against |= load32(ip + IP_DST) ^ addr;
		else
			against |= !pkt_sieve_addr(s, bytes_get32(ip + IP_DST));
		plain |= (uint64_t)(against == 0) << i;
		answers |= (uint64_t)((uint16_t)(bytes_get16(tcp + TCP_DST) - first) < count) << i;
	}
	*wrong_port = plain & ~answers;
	return plain & answers;
}

uint64_t pkt_sift(const struct pkt_sieve *s, const uint8_t *const *data, const uint16_t *len,
		  unsigned n, uint64_t *wrong_port)
{
	return s->n_addrs == 1 ? sift(s, true, data, len, n, wrong_port)
			       : sift(s, false, data, len, n, wrong_port);
}

void pkt_claims_sifted(struct pkt_claims *c, const uint8_t *const *data, uint64_t which)
{
	unsigned n = c->n;

	for (; which != 0; which &= which - 1, n++) {
		const uint8_t *ip = data[__builtin_ctzll(which)] + ETHER_LEN, *tcp = ip + IP_LEN;

		uint64_t addrs = be64toh(load64(ip + IP_SRC));
		uint32_t ports = be32toh(load32(tcp + TCP_SRC));

		c->remote[n] = (uint32_t)(addrs >> 32);
		c->local[n] = (uint32_t)addrs;
		c->remote_port[n] = (uint16_t)(ports >> 16);
		c->local_port[n] = (uint16_t)ports;
		c->number[n] = bytes_get32(tcp + TCP_ACK);
		c->kind[n] = PKT_TCP;
		c->flags[n] = tcp[TCP_FLAGS];
	}
	c->n = n;
}

/*
 * Two neighbours on the wire to two neighbours of a struct: swapping all their bytes at once leaves
 * them in host order and, where that is not the wire's, in each other's place.
 */
static inline void put_pair32(uint32_t *pair, const uint8_t *p)
{
	uint64_t both = be64toh(load64(p));

	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
		both = both << 32 | both >> 32;
	memcpy(pair, &both, sizeof(both));
}

static inline void put_pair16(uint16_t *pair, const uint8_t *p)
{
	uint32_t both = be32toh(load32(p));

	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
		both = both << 16 | both >> 16;
	memcpy(pair, &both, sizeof(both));
}

static_assert(offsetof(struct pkt_view, local) == offsetof(struct pkt_view, remote) + 4 &&
		      offsetof(struct pkt_view, ack) == offsetof(struct pkt_view, seq) + 4 &&
		      offsetof(struct pkt_view, local_port) ==
			      offsetof(struct pkt_view, remote_port) + 2,
	      "neighbours");

/* MSS, SACK permitted, timestamps, NOP, window scale: as Linux answers a SYN with all of these. */
static bool is_linux_20(const uint8_t *options)
{
	uint64_t first = load64(options) ^ htobe64(UINT64_C(0x020400000402080a));
	uint32_t last = load32(options + 16) ^ htobe32(0x01030300);

	return ((first & htobe64(UINT64_C(0xffff0000ffffffff))) | (last & htobe32(0xffffff00))) ==
	       0;
}

/* No options, or those that most hosts answer with, at once; others one by one. */
static void look_options(struct pkt_view *v, const uint8_t *data, const uint8_t *tcp)
{
	unsigned len = (tcp[TCP_DATA_OFFSET] >> 4) * 4u - TCP_LEN;
	const uint8_t *options = tcp + TCP_LEN;

	if (len == 0)
		return;
	if (len == 4 && bytes_get16(options) == (OPT_MSS << 8 | 4)) {
		v->options = PKT_OPT_MSS;
		v->mss = bytes_get16(options + 2);
	} else if (len == 20 && is_linux_20(options)) {
		v->options = PKT_OPT_MSS | PKT_OPT_SACK | PKT_OPT_TS | PKT_OPT_WSCALE;
		v->mss = bytes_get16(options + 2);
		v->ts_val = bytes_get32(options + 8);
		v->ts_ecr = bytes_get32(options + 12);
		v->wscale = options[19] <= 14 ? options[19] : 14; /* RFC 7323, 2.3 */
	} else {
		pkt_options(v, data);
	}
}

void pkt_look(struct pkt_view *v, const uint8_t *data)
{
	const uint8_t *ip = data + ETHER_LEN, *tcp = ip + IP_LEN;

	memset(v, 0, sizeof(*v));
	v->kind = PKT_TCP;
	put_pair32(&v->remote, ip + IP_SRC);
	put_pair32(&v->seq, tcp + TCP_SEQ);
	put_pair16(&v->remote_port, tcp + TCP_SRC);
	v->window = bytes_get16(tcp + TCP_WINDOW);
	v->ipid = bytes_get16(ip + IP_ID);
	v->ttl = ip[IP_TTL];
	v->flags = tcp[TCP_FLAGS];
	v->l3 = ETHER_LEN;
	v->l4 = ETHER_LEN + IP_LEN;
	v->l4_len = (uint16_t)(bytes_get16(ip + IP_TOTAL_LEN) - IP_LEN);
	look_options(v, data, tcp);
}

bool pkt_sifted_ok(const uint8_t *data)
{
	const uint8_t *ip = data + ETHER_LEN, *tcp = ip + IP_LEN;
	uint16_t len = (uint16_t)(bytes_get16(ip + IP_TOTAL_LEN) - IP_LEN);
	uint64_t sum = htobe32((uint32_t)PROTO_TCP << 16 | len);

	/* the addresses and the fixed part of the header, then what options and data there are */
	sum += (uint64_t)load32(ip + IP_SRC) + load32(ip + IP_DST);
	sum += (uint64_t)load32(tcp) + load32(tcp + 4) + load32(tcp + 8) + load32(tcp + 12) +
	       load32(tcp + 16);
	if (len == TCP_LEN + 4)
		sum += load32(tcp + TCP_LEN);
	else
		sum = checksum_wide(sum, tcp + TCP_LEN, len - (uint32_t)TCP_LEN);
	return checksum_wide_right(sum) || tcp_checksum_ok(ip, tcp, len);
}
