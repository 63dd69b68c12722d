/* SPDX-License-Identifier: BSD-3-Clause */

#include "sim_frame.h"

#include <string.h>

static const uint8_t sim_router_mac[6] = {0x02, 0, 0, 0, 0, 0x01};

enum {
	ETH_LEN = 14,
	TAG_LEN = 4,
	IP_LEN = 20,
	TCP_LEN = 20,
	ICMP_LEN = 8,
	ARP_LEN = 28,
	TYPE_IP = 0x0800,
	TYPE_ARP = 0x0806,
	TYPE_VLAN = 0x8100,
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	FLAG_SYN = 2,
	FLAG_RST = 4,
	FLAG_ACK = 16,
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

/* RFC 1071, of n bytes on top of sum; the complement of the result goes into the header. */
static uint16_t sum16(const uint8_t *p, unsigned n, uint32_t sum)
{
	for (; n > 1; p += 2, n -= 2)
		sum += get16(p);
	if (n > 0)
		sum += (uint32_t)p[0] << 8;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint32_t pseudo_sum(const uint8_t *ip, unsigned tcp_len)
{
	return (uint32_t)sum16(ip + 12, 8, PROTO_TCP) + tcp_len;
}

/* --- reading --- */

static enum sim_frame_kind read_arp(struct sim_frame *frame, const uint8_t *p, unsigned len)
{
	static const uint8_t head[8] = {0, 1, 8, 0, 6, 4, 0, 1}; /* a request, Ethernet and IPv4 */

	if (len < ARP_LEN || memcmp(p, head, sizeof(head)) != 0)
		return SIM_FRAME_OTHER;
	frame->src = get32(p + 14);
	frame->dst = get32(p + 24);
	return frame->src != frame->dst ? SIM_FRAME_ARP : SIM_FRAME_OTHER;
}

static uint8_t read_options(const uint8_t *p, unsigned len, uint32_t *ts)
{
	uint8_t found = 0;
	unsigned at = 0, size;

	while (at < len && p[at] != 0) {
		if (p[at] == 1) {
			at++;
			continue;
		}
		size = at + 1 < len ? p[at + 1] : 0;
		if (size < 2 || size > len - at)
			break;
		if (p[at] == 3 && size == 3)
			found |= SIM_OPT_WSCALE;
		if (p[at] == 4 && size == 2)
			found |= SIM_OPT_SACK;
		if (p[at] == 8 && size == 10) {
			found |= SIM_OPT_TS;
			*ts = get32(p + at + 2);
		}
		at += size;
	}
	return found;
}

static enum sim_frame_kind read_ip(struct sim_frame *frame, const uint8_t *p, unsigned len)
{
	const uint8_t *tcp = p + IP_LEN;
	unsigned total, header;

	if (len < IP_LEN + TCP_LEN || p[0] != 0x45 || p[9] != PROTO_TCP)
		return SIM_FRAME_OTHER;
	total = get16(p + 2);
	header = (tcp[12] >> 4) * 4U;
	if (total > len || header < TCP_LEN || total < IP_LEN + header)
		return SIM_FRAME_OTHER;
	frame->ip = p;
	frame->ip_len = (uint16_t)total;
	frame->src = get32(p + 12);
	frame->dst = get32(p + 16);
	frame->sport = get16(tcp);
	frame->dport = get16(tcp + 2);
	frame->seq = get32(tcp + 4);
	frame->ts = 0;
	frame->options = read_options(tcp + TCP_LEN, header - TCP_LEN, &frame->ts);
	if ((tcp[13] & 0x3f) == FLAG_SYN)
		return SIM_FRAME_SYN;
	return (tcp[13] & FLAG_RST) != 0 ? SIM_FRAME_RST : SIM_FRAME_OTHER;
}

enum sim_frame_kind sim_frame_read(struct sim_frame *frame, struct sim_link *link,
				   const uint8_t *data, uint16_t len)
{
	unsigned at = ETH_LEN, type;

	if (len < ETH_LEN + TAG_LEN)
		return SIM_FRAME_OTHER;
	memcpy(link->mac, data + 6, 6);
	type = get16(data + 12);
	link->tagged = type == TYPE_VLAN;
	if (link->tagged) {
		link->vlan = get16(data + ETH_LEN) & 0xfff;
		type = get16(data + ETH_LEN + 2);
		at += TAG_LEN;
	}
	if (type == TYPE_IP)
		return read_ip(frame, data + at, len - at);
	if (type == TYPE_ARP)
		return read_arp(frame, data + at, len - at);
	return SIM_FRAME_OTHER;
}

bool sim_frame_sums_ok(const struct sim_frame *frame)
{
	unsigned tcp_len = frame->ip_len - IP_LEN;

	return sum16(frame->ip, IP_LEN, 0) == 0xffff &&
	       sum16(frame->ip + IP_LEN, tcp_len, pseudo_sum(frame->ip, tcp_len)) == 0xffff;
}

/* --- writing --- */

static uint8_t *write_eth(uint8_t *p, const struct sim_link *link, unsigned type)
{
	memcpy(p, link->mac, 6);
	memcpy(p + 6, sim_router_mac, 6);
	p += 12;
	if (link->tagged) {
		put16(p, TYPE_VLAN);
		put16(p + 2, link->vlan);
		p += TAG_LEN;
	}
	put16(p, type);
	return p + 2;
}

/* From what systems start with, less the hops on the way. */
static uint8_t host_ttl(const struct sim_host *host)
{
	static const uint8_t initial[4] = {64, 64, 128, 255};

	return (uint8_t)(initial[host->look >> 16 & 3] - 4 - (host->look >> 18) % 24);
}

static void write_ip(uint8_t *ip, const struct sim_answer *answer, const struct sim_host *host,
		     unsigned payload, unsigned id)
{
	memset(ip, 0, IP_LEN);
	ip[0] = 0x45;
	put16(ip + 2, IP_LEN + payload);
	put16(ip + 4, id);
	ip[6] = (host->look >> 23 & 1) != 0 ? 0x40 : 0; /* do not fragment */
	ip[8] = host_ttl(host);
	ip[9] = answer->kind == SIM_ANSWER_ICMP ? PROTO_ICMP : PROTO_TCP;
	put32(ip + 12, answer->remote);
	put32(ip + 16, answer->local);
	put16(ip + 10, ~sum16(ip, IP_LEN, 0) & 0xffff);
}

/* A host uses an option when the probe offered it; the maximum segment size comes always. */
static unsigned write_synack_options(uint8_t *p, const struct sim_answer *answer,
				     const struct sim_host *host, uint64_t random)
{
	static const uint16_t mss[4] = {1460, 1460, 1440, 1380};
	unsigned n = 4;

	p[0] = 2;
	p[1] = 4;
	put16(p + 2, mss[host->look >> 24 & 3]);
	if ((answer->options & SIM_OPT_TS) != 0) {
		memcpy(p + n, (const uint8_t[]){1, 1, 8, 10}, 4);
		put32(p + n + 4, (uint32_t)(random >> 32));
		put32(p + n + 8, answer->ts);
		n += 12;
	}
	if ((answer->options & SIM_OPT_SACK) != 0) {
		memcpy(p + n, (const uint8_t[]){1, 1, 4, 2}, 4);
		n += 4;
	}
	if ((answer->options & SIM_OPT_WSCALE) != 0) {
		memcpy(p + n, (const uint8_t[]){1, 3, 3, 7}, 4);
		n += 4;
	}
	return n;
}

/* The acknowledgement number; some stacks forget to count the SYN in an RST. */
static uint32_t answer_ack(const struct sim_answer *answer, const struct sim_host *host,
			   uint64_t random)
{
	if (answer->trick == SIM_FORGED_ACK) /* anything but seq and seq + 1 */
		return answer->seq + 2 + (uint32_t)((random >> 32) % 0xfffffffe);
	if (answer->kind == SIM_ANSWER_RST && (host->look >> 26 & 15) == 0)
		return answer->seq;
	return answer->seq + 1;
}

/* A broken one is not the sum of the pseudo header alone either, which Linux leaves to hardware. */
static uint16_t tcp_checksum(const uint8_t *ip, unsigned len, bool broken)
{
	uint32_t pseudo = pseudo_sum(ip, len);
	uint16_t sum = ~sum16(ip + IP_LEN, len, pseudo);

	if (!broken)
		return sum;
	return (sum ^ 0x0800) != sum16(ip, 0, pseudo) ? sum ^ 0x0800 : sum ^ 0x1000;
}

static unsigned write_tcp(uint8_t *ip, const struct sim_answer *answer, const struct sim_host *host,
			  uint64_t random)
{
	static const uint16_t windows[4] = {64240, 65535, 29200, 8192};
	bool synack = answer->kind == SIM_ANSWER_SYNACK;
	uint8_t *tcp = ip + IP_LEN;
	unsigned len = TCP_LEN;

	memset(tcp, 0, TCP_LEN);
	put16(tcp, answer->remote_port);
	put16(tcp + 2, answer->local_port ^
			       (answer->trick == SIM_FORGED_PORT ? 1U + (random >> 40 & 0x7f) : 0));
	if (answer->trick == SIM_BARE_RST) {
		put32(tcp + 4, (uint32_t)random);
		tcp[13] = FLAG_RST;
	} else {
		/* the same however often it is sent: a function of the connection */
		put32(tcp + 4, synack ? (uint32_t)(host->look >> 7) ^ answer->seq : 0);
		put32(tcp + 8, answer_ack(answer, host, random));
		tcp[13] = FLAG_ACK | (synack ? FLAG_SYN : FLAG_RST);
	}
	if (synack) {
		put16(tcp + 14, windows[host->look >> 28 & 3]);
		len += write_synack_options(tcp + TCP_LEN, answer, host, random);
	}
	tcp[12] = (uint8_t)(len / 4 << 4);
	write_ip(ip, answer, host, len, (uint16_t)random);
	put16(tcp + 16, tcp_checksum(ip, len, answer->trick == SIM_BROKEN_SUM));
	return IP_LEN + len;
}

static unsigned write_icmp(uint8_t *ip, const struct sim_answer *answer,
			   const struct sim_host *host, uint64_t random)
{
	struct sim_answer router = *answer;
	uint8_t *icmp = ip + IP_LEN, *quote = icmp + ICMP_LEN;

	/* a firewall often answers as the host itself, a router never */
	if (answer->icmp_code == 0 || answer->icmp_code == 1 || (host->look >> 30 & 1) != 0)
		router.remote = (answer->remote & 0xffffff00) | 1;
	memset(icmp, 0, ICMP_LEN);
	icmp[0] = answer->icmp_type;
	icmp[1] = answer->icmp_code;
	memcpy(quote, answer->quote, answer->quote_len);
	quote[8] = (uint8_t)(1 + (host->look >> 31 & 31)); /* TTL as it was left there */
	put16(quote + 10, 0);
	put16(quote + 10, ~sum16(quote, IP_LEN, 0) & 0xffff);
	if (answer->trick == SIM_FORGED_QUOTE)
		put32(quote + IP_LEN + 4,
		      answer->seq + 1 + (uint32_t)((random >> 32) % 0xfffffffe));
	put16(icmp + 2, ~sum16(icmp, ICMP_LEN + answer->quote_len, 0) & 0xffff);
	write_ip(ip, &router, host, ICMP_LEN + answer->quote_len, (uint16_t)random);
	return IP_LEN + ICMP_LEN + answer->quote_len;
}

static unsigned write_arp(uint8_t *p, const struct sim_answer *answer)
{
	memcpy(p, (const uint8_t[]){0, 1, 8, 0, 6, 4, 0, 2}, 8);
	memcpy(p + 8, sim_router_mac, 6);
	put32(p + 14, answer->remote);
	memcpy(p + 18, answer->quote, 6);
	put32(p + 24, answer->local);
	memset(p + ARP_LEN, 0, 18); /* Ethernet frames have at least 60 bytes */
	return ARP_LEN + 18;
}

static uint16_t garble(uint8_t *buf, uint16_t len, enum sim_trick trick, uint64_t random)
{
	if (trick == SIM_TRUNCATED)
		return (uint16_t)(1 + random % (len - 1U));
	/* garbage: some of it with a header that promises IPv4 */
	len = (uint16_t)(ETH_LEN + random % (SIM_FRAME_MAX - ETH_LEN));
	for (unsigned i = (random >> 16 & 1) != 0 ? 12 : ETH_LEN; i < len; i++) {
		random = random * UINT64_C(6364136223846793005) + 1; /* Knuth, TAOCP vol. 2 */
		buf[i] = (uint8_t)(random >> 56);
	}
	return len;
}

uint16_t sim_frame_write(uint8_t *buf, const struct sim_answer *answer, const struct sim_host *host,
			 const struct sim_link *link, uint64_t random)
{
	uint8_t *p = write_eth(buf, link, answer->kind == SIM_ANSWER_ARP ? TYPE_ARP : TYPE_IP);
	uint16_t len;

	if (answer->kind == SIM_ANSWER_ARP)
		p += write_arp(p, answer);
	else if (answer->kind == SIM_ANSWER_ICMP)
		p += write_icmp(p, answer, host, random);
	else
		p += write_tcp(p, answer, host, random);
	len = (uint16_t)(p - buf);
	if (answer->trick == SIM_TRUNCATED || answer->trick == SIM_GARBAGE)
		return garble(buf, len, answer->trick, random);
	return len;
}
