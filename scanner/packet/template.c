/* SPDX-License-Identifier: BSD-3-Clause */

#include <assert.h>
#include <string.h>

#include "checksum.h"
#include "ether.h"
#include "layout.h"
#include "packet.h"

/* What tells systems' SYNs apart: the window and the options. */
struct look {
	uint16_t window;
	uint8_t options_len;
	uint8_t ts_at; /* of the timestamp value in options, 0 if there is none */
	uint8_t options[20];
};

#define MSS_1460      OPT_MSS, 4, 0x05, 0xb4
#define WSCALE(shift) OPT_WSCALE, 3, shift
#define SACK_OK	      OPT_SACK_OK, 2
#define TIMESTAMP     OPT_TS, 10, 0, 0, 0, 0, 0, 0, 0, 0
#define NOP	      OPT_NOP

/* clang-format off */
static const struct look looks[] = {
	[SYN_LOOK_MSS] = { 65535, 4, 0, { MSS_1460 } },
	[SYN_LOOK_LINUX] = { 64240, 20, 8, { MSS_1460, SACK_OK, TIMESTAMP, NOP, WSCALE(7) } },
	[SYN_LOOK_WINDOWS] = { 64240, 12, 0, { MSS_1460, NOP, WSCALE(8), NOP, NOP, SACK_OK } },
	[SYN_LOOK_BSD] = { 65535, 20, 12, { MSS_1460, NOP, WSCALE(6), SACK_OK, TIMESTAMP } },
	[SYN_LOOK_NONE] = { 65535, 0, 0, { 0 } },
};
/* clang-format on */

static const struct look rst_look = {0};

static_assert(ETHER_LEN + VLAN_LEN + IP_LEN + TCP_LEN + sizeof(rst_look.options) <= PKT_FRAME_MAX,
	      "the longest probe fits");

static void write_ipv4(struct pkt_template *t, uint16_t total_len, uint8_t ttl)
{
	uint8_t *ip = t->frame + t->l3;

	ip[IP_VERSION_IHL] = 4 << 4 | IP_LEN / 4;
	bytes_put16(ip + IP_TOTAL_LEN, total_len);
	bytes_put16(ip + IP_FRAGMENT, IP_DF);
	ip[IP_TTL] = ttl;
	ip[IP_PROTOCOL] = PROTO_TCP;
	t->ip_sum = checksum_add(0, ip, IP_LEN);
}

static void write_tcp(struct pkt_template *t, uint8_t flags, const struct look *look)
{
	uint16_t tcp_len = TCP_LEN + look->options_len;
	uint8_t *tcp = t->frame + t->l4;

	tcp[TCP_DATA_OFFSET] = (uint8_t)(tcp_len / 4 << 4);
	tcp[TCP_FLAGS] = flags;
	bytes_put16(tcp + TCP_WINDOW, look->window);
	memcpy(tcp + TCP_LEN, look->options, look->options_len);
	if (look->ts_at != 0)
		t->ts_offset = t->l4 + TCP_LEN + look->ts_at;
	/* the pseudo-header's length and protocol are constant, too */
	t->tcp_sum = checksum_add((uint32_t)tcp_len + PROTO_TCP, tcp, tcp_len);
}

/* The big-endian field of len bytes at this offset is the word of the fields that begins at byte
 * `word`, or a half of one. */
static void map_field(struct pkt_template *t, unsigned offset, unsigned len, unsigned word)
{
	for (unsigned i = 0; i < len; i++)
		t->from[offset + i] = (uint8_t)(word + len - 1 - i);
}

static void map_fields(struct pkt_template *t)
{
	memset(t->from, PKT_FIXED, sizeof(t->from));
	map_field(t, t->l3 + IP_SRC, 4, 0);
	map_field(t, t->l3 + IP_DST, 4, 4);
	map_field(t, t->l4 + TCP_SRC, 4, 8); /* and the port behind it */
	map_field(t, t->l4 + TCP_SEQ, 4, 12);
	map_field(t, t->l3 + IP_CHECKSUM, 2, 16);
	map_field(t, t->l3 + IP_ID, 2, 18);
	map_field(t, t->l4 + TCP_CHECKSUM, 2, 20);
	if (t->ts_offset != 0)
		map_field(t, t->ts_offset, 4, 24);
}

static void build(struct pkt_template *t, const struct pkt_link *link, uint8_t ttl, uint8_t flags,
		  const struct look *look)
{
	memset(t, 0, sizeof(*t));
	t->l3 = ether_write(t->frame, link, TYPE_IPV4);
	t->l4 = t->l3 + IP_LEN;
	t->len = t->l4 + TCP_LEN + look->options_len;
	write_ipv4(t, t->len - t->l3, ttl);
	write_tcp(t, flags, look);
	map_fields(t);
	t->isa = isa_choose();
}

void pkt_template_syn(struct pkt_template *t, const struct pkt_link *link, enum syn_look look,
		      uint8_t ttl)
{
	build(t, link, ttl, FLAG_SYN, &looks[look]);
}

void pkt_template_rst(struct pkt_template *t, const struct pkt_link *link, uint8_t ttl)
{
	build(t, link, ttl, FLAG_RST, &rst_look);
}

void pkt_template_write(const struct pkt_template *t, const struct pkt_fields *f, uint8_t *frame)
{
	uint8_t *ip = frame + t->l3, *tcp = frame + t->l4;
	uint32_t addr_sum = checksum_add32(checksum_add32(0, f->saddr), f->daddr);
	uint32_t tcp_sum = checksum_add32(t->tcp_sum + addr_sum + f->sport + f->dport, f->seq);

	memcpy(frame, t->frame, sizeof(t->frame)); /* of constant size: a few wide moves */
	if (t->ts_offset != 0) {
		bytes_put32(frame + t->ts_offset, f->ts);
		tcp_sum = checksum_add32(tcp_sum, f->ts); /* it lies at an even offset */
	}
	bytes_put16(ip + IP_ID, f->ipid);
	bytes_put16(ip + IP_CHECKSUM, checksum_finish(t->ip_sum + addr_sum + f->ipid));
	bytes_put32(ip + IP_SRC, f->saddr);
	bytes_put32(ip + IP_DST, f->daddr);
	bytes_put16(tcp + TCP_SRC, f->sport);
	bytes_put16(tcp + TCP_DST, f->dport);
	bytes_put32(tcp + TCP_SEQ, f->seq);
	bytes_put16(tcp + TCP_CHECKSUM, checksum_finish(tcp_sum));
}
