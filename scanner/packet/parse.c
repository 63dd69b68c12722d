/* SPDX-License-Identifier: BSD-3-Clause */

#include <string.h>

#include "checksum.h"
#include "layout.h"
#include "packet.h"
#include "parse.h"

enum { OPTION_STEPS_MAX = 40 }; /* a TCP header has no room for more options than that */

/*
 * What is left to read. Every received byte is reached through take(), and a cursor can only
 * shrink, so nothing a header claims leads beyond the frame.
 */
struct cursor {
	const uint8_t *data;
	uint16_t at, end;
};

/* The next n bytes, or NULL when fewer are left. */
static const uint8_t *take(struct cursor *c, uint16_t n)
{
	const uint8_t *p = c->data + c->at;

	if (c->end - c->at < n)
		return NULL;
	c->at += n;
	return p;
}

static int rejected(enum reject reason)
{
	return -1 - (int)reason;
}

static void read_option(struct pkt_view *v, const uint8_t *option, uint8_t len)
{
	switch (option[0] << 8 | len) {
	case OPT_MSS << 8 | 4:
		v->options |= PKT_OPT_MSS;
		v->mss = bytes_get16(option + 2);
		break;
	case OPT_WSCALE << 8 | 3:
		v->options |= PKT_OPT_WSCALE;
		v->wscale = option[2] <= 14 ? option[2] : 14; /* RFC 7323, 2.3 */
		break;
	case OPT_SACK_OK << 8 | 2:
		v->options |= PKT_OPT_SACK;
		break;
	case OPT_TS << 8 | 10:
		v->options |= PKT_OPT_TS;
		v->ts_val = bytes_get32(option + 2);
		v->ts_ecr = bytes_get32(option + 6);
		break;
	}
}

/*
 * Options are read up to the first that contradicts the header's length. The answer stands without
 * the rest: an open port must not hide behind a sloppy stack.
 */
static void parse_options(struct pkt_view *v, struct cursor c)
{
	const uint8_t *option;
	unsigned step;

	for (step = 0; step < OPTION_STEPS_MAX; step++) {
		option = take(&c, 1);
		if (option == NULL || option[0] == OPT_EOL)
			return;
		if (option[0] == OPT_NOP)
			continue;
		if (take(&c, 1) == NULL || option[1] < 2 || take(&c, option[1] - 2) == NULL)
			return;
		read_option(v, option, option[1]);
	}
}

static int parse_tcp(struct pkt_view *v, struct cursor *c)
{
	const uint8_t *tcp = take(c, TCP_LEN);
	struct cursor options = *c;
	unsigned header;

	if (tcp == NULL)
		return rejected(REJECT_MALFORMED);
	header = (tcp[TCP_DATA_OFFSET] >> 4) * 4u;
	if (header < TCP_LEN || take(c, (uint16_t)(header - TCP_LEN)) == NULL)
		return rejected(REJECT_MALFORMED);

	v->kind = PKT_TCP;
	v->remote_port = bytes_get16(tcp + TCP_SRC);
	v->local_port = bytes_get16(tcp + TCP_DST);
	v->seq = bytes_get32(tcp + TCP_SEQ);
	v->ack = bytes_get32(tcp + TCP_ACK);
	v->flags = tcp[TCP_FLAGS];
	v->window = bytes_get16(tcp + TCP_WINDOW);
	options.end = c->at;
	parse_options(v, options);
	return 0;
}

void pkt_options(struct pkt_view *v, const uint8_t *data)
{
	unsigned header = (data[v->l4 + TCP_DATA_OFFSET] >> 4) * 4u;

	parse_options(v, (struct cursor){data, v->l4 + TCP_LEN, (uint16_t)(v->l4 + header)});
}

/* The length of the IPv4 header, or 0 if it is none. Its fixed part was taken already. */
static uint16_t ipv4_header(const uint8_t *ip)
{
	uint16_t len = (ip[IP_VERSION_IHL] & 15) * 4;

	return ip[IP_VERSION_IHL] >> 4 == 4 && len >= IP_LEN ? len : 0;
}

/*
 * The probe that an ICMP error quotes. Its length and checksums are not looked at: a quote is cut,
 * and routers change headers before they quote them.
 */
static int parse_quote(struct pkt_view *v, struct cursor *c)
{
	const uint8_t *ip = take(c, IP_LEN), *tcp;
	uint16_t header;

	if (ip == NULL)
		return rejected(REJECT_MALFORMED);
	header = ipv4_header(ip);
	if (header == 0 || take(c, header - IP_LEN) == NULL)
		return rejected(REJECT_MALFORMED);
	if (ip[IP_PROTOCOL] != PROTO_TCP || (bytes_get16(ip + IP_FRAGMENT) & IP_OFFSET_MASK) != 0)
		return rejected(REJECT_ICMP_OTHER);
	tcp = take(c, TCP_QUOTED);
	if (tcp == NULL)
		return rejected(REJECT_MALFORMED);

	v->kind = PKT_ICMP_ERROR;
	v->local = bytes_get32(ip + IP_SRC);
	v->remote = bytes_get32(ip + IP_DST);
	v->local_port = bytes_get16(tcp + TCP_SRC);
	v->remote_port = bytes_get16(tcp + TCP_DST);
	v->seq = bytes_get32(tcp + TCP_SEQ);
	return 0;
}

static int parse_icmp(struct pkt_view *v, struct cursor *c)
{
	const uint8_t *icmp = take(c, ICMP_LEN);

	if (icmp == NULL)
		return rejected(REJECT_MALFORMED);
	v->icmp_type = icmp[ICMP_TYPE];
	v->icmp_code = icmp[ICMP_CODE];
	switch (v->icmp_type) {
	case ICMP_ECHO:
		v->kind = PKT_ICMP_ECHO;
		return 0;
	case ICMP_UNREACHABLE:
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAMETER:
		v->responder = v->remote;
		return parse_quote(v, c);
	default: /* redirects among them: never acted on */
		return rejected(REJECT_ICMP_OTHER);
	}
}

static int parse_ipv4(struct pkt_view *v, struct cursor *c)
{
	uint16_t header, total, at = c->at;
	const uint8_t *ip = take(c, IP_LEN);

	if (ip == NULL)
		return rejected(REJECT_MALFORMED);
	header = ipv4_header(ip);
	total = bytes_get16(ip + IP_TOTAL_LEN);
	if (header == 0 || total < header || total > c->end - at)
		return rejected(REJECT_MALFORMED);
	if (!checksum_wide_right(checksum_wide(0, ip, header)))
		return rejected(REJECT_CHECKSUM);
	if ((bytes_get16(ip + IP_FRAGMENT) & (IP_MF | IP_OFFSET_MASK)) != 0)
		return rejected(REJECT_FRAGMENT);
	c->at = at + header;
	c->end = at + total; /* what follows is padding */

	v->ttl = ip[IP_TTL];
	v->ipid = bytes_get16(ip + IP_ID);
	v->remote = bytes_get32(ip + IP_SRC);
	v->local = bytes_get32(ip + IP_DST);
	v->l3 = at;
	v->l4 = c->at;
	v->l4_len = total - header;
	switch (ip[IP_PROTOCOL]) {
	case PROTO_TCP:
		return parse_tcp(v, c);
	case PROTO_ICMP:
		return parse_icmp(v, c);
	default:
		return rejected(REJECT_PROTOCOL);
	}
}

static int parse_arp(struct pkt_view *v, struct cursor *c)
{
	const uint8_t *arp = take(c, ARP_LEN);

	if (arp == NULL || bytes_get16(arp + ARP_HARDWARE) != ARP_ETHERNET ||
	    bytes_get16(arp + ARP_PROTOCOL) != TYPE_IPV4 || arp[ARP_HARDWARE_LEN] != 6 ||
	    arp[ARP_PROTOCOL_LEN] != 4)
		return rejected(REJECT_MALFORMED);
	v->arp_op = bytes_get16(arp + ARP_OP);
	if (v->arp_op != ARP_REQUEST && v->arp_op != ARP_REPLY)
		return rejected(REJECT_MALFORMED);
	v->kind = PKT_ARP;
	v->remote = bytes_get32(arp + ARP_SENDER_IP);
	v->local = bytes_get32(arp + ARP_TARGET_IP);
	memcpy(v->arp_mac, arp + ARP_SENDER_MAC, sizeof(v->arp_mac));
	return 0;
}

int pkt_parse(struct pkt_view *v, const uint8_t *data, uint16_t len)
{
	struct cursor c = {data, 0, len};
	const uint8_t *ether = take(&c, ETHER_LEN);
	uint16_t type;

	memset(v, 0, sizeof(*v));
	if (ether == NULL)
		return rejected(REJECT_MALFORMED);
	type = bytes_get16(ether + ETHER_TYPE);
	if (type == TYPE_VLAN) {
		if (take(&c, VLAN_LEN) == NULL)
			return rejected(REJECT_MALFORMED);
		v->vlan = bytes_get16(ether + ETHER_TYPE + 2) & VLAN_ID;
		type = bytes_get16(ether + ETHER_TYPE + VLAN_LEN);
	}
	switch (type) {
	case TYPE_IPV4:
		return parse_ipv4(v, &c);
	case TYPE_ARP:
		return parse_arp(v, &c);
	default:
		return rejected(REJECT_NOT_IPV4);
	}
}

/* Only the pseudo-header's sum was filled in: the rest was left to hardware. */
static bool is_partial(const uint8_t *ip, const uint8_t *tcp, uint16_t len)
{
	uint32_t pseudo = checksum_add((uint32_t)len + PROTO_TCP, ip + IP_SRC, 8);

	return bytes_get16(tcp + TCP_CHECKSUM) == checksum_fold(pseudo);
}

bool tcp_checksum_ok(const uint8_t *ip, const uint8_t *tcp, uint16_t len)
{
	uint64_t sum = htobe32((uint32_t)PROTO_TCP << 16 | len);

	sum = checksum_wide(checksum_wide(sum, ip + IP_SRC, 8), tcp, len);
	return checksum_wide_right(sum) || is_partial(ip, tcp, len);
}

bool pkt_checksum_ok(const struct pkt_view *v, const uint8_t *data)
{
	switch (v->kind) {
	case PKT_ARP:
		return true;
	case PKT_TCP:
		return tcp_checksum_ok(data + v->l3, data + v->l4, v->l4_len);
	default:
		return checksum_wide_right(checksum_wide(0, data + v->l4, v->l4_len));
	}
}
