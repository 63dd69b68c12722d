/* SPDX-License-Identifier: BSD-3-Clause */

#include "pcapng.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

enum {
	TYPE_SECTION = 0x0a0d0d0a,
	TYPE_INTERFACE = 1,
	TYPE_PACKET = 6,
	MAGIC = 0x1a2b3c4d,
	ETHERNET = 1,	 /* LINKTYPE_ETHERNET */
	NANOSECONDS = 9, /* if_tsresol: 10^-9 */
	/* where the body begins, behind type and length, and what follows it: the length again */
	HEAD = 8,
	TAIL = 4,
	SECTION_FIXED = HEAD + 16,
	INTERFACE_FIXED = HEAD + 8,
	PACKET_FIXED = HEAD + 20,
};

enum { OPT_END, OPT_COMMENT, IF_NAME = 2, SHB_USERAPPL = 4, IF_IPV4 = 4, IF_TSRESOL = 9 };

/* --- to bytes --- */

static size_t padded(size_t len)
{
	return (len + 3) / 4 * 4;
}

/* The machine is little-endian, as the file is: DPDK runs on others, but peal has not been. */
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "sections are little-endian");

static uint8_t *put16(uint8_t *p, uint16_t v)
{
	memcpy(p, &v, sizeof(v));
	return p + sizeof(v);
}

static uint8_t *put32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
	return p + sizeof(v);
}

static uint8_t *put_bytes(uint8_t *p, const void *data, size_t len)
{
	memcpy(p, data, len);
	memset(p + len, 0, padded(len) - len);
	return p + padded(len);
}

static uint8_t *put_option(uint8_t *p, uint16_t code, const void *data, size_t len)
{
	p = put16(put16(p, code), (uint16_t)len);
	return put_bytes(p, data, len);
}

static uint8_t *put_end(uint8_t *p)
{
	return put32(p, OPT_END);
}

static uint8_t *put_head(uint8_t *to, uint32_t type)
{
	return put32(to, type) + 4; /* the length is known at the end */
}

static size_t put_tail(uint8_t *to, uint8_t *p)
{
	size_t len = (size_t)(p - to) + TAIL;

	put32(p, (uint32_t)len);
	put32(to + 4, (uint32_t)len);
	return len;
}

size_t pcapng_put_section(uint8_t *to, const struct pcapng_section *s)
{
	uint8_t *p = put32(put_head(to, TYPE_SECTION), MAGIC);

	p = put16(put16(p, 1), 0);		     /* version */
	p = put32(put32(p, UINT32_MAX), UINT32_MAX); /* its length: not said */
	p = put_option(p, OPT_COMMENT, s->comment, strlen(s->comment));
	p = put_option(p, SHB_USERAPPL, s->application, strlen(s->application));
	p = put_end(p);
	return put_tail(to, p);
}

size_t pcapng_put_interface(uint8_t *to, const struct capture_iface *iface)
{
	const uint8_t resolution = NANOSECONDS;
	size_t name = strlen(iface->name);
	uint8_t *p = put16(put16(put_head(to, TYPE_INTERFACE), ETHERNET), 0);

	p = put32(p, FRAME_MAX);
	p = put_option(p, IF_NAME, iface->name, name < CAPTURE_NAME ? name : CAPTURE_NAME - 1);
	for (uint32_t i = 0; i < iface->n_addrs; i++) {
		const uint32_t host[2] = {htonl(iface->addr[i]), UINT32_MAX}; /* and its mask */

		p = put_option(p, IF_IPV4, host, sizeof(host));
	}
	p = put_option(p, IF_TSRESOL, &resolution, sizeof(resolution));
	p = put_end(p);
	return put_tail(to, p);
}

size_t pcapng_put_packet(uint8_t *to, const struct pcapng_packet *packet)
{
	size_t comment = strlen(packet->comment);
	uint8_t *p = put32(put_head(to, TYPE_PACKET), packet->iface);

	p = put32(put32(p, (uint32_t)(packet->time_ns >> 32)), (uint32_t)packet->time_ns);
	p = put32(put32(p, packet->len), packet->len); /* captured, and on the wire */
	p = put_bytes(p, packet->data, packet->len);
	if (comment != 0) {
		p = put_option(p, OPT_COMMENT, packet->comment, comment);
		p = put_end(p);
	}
	return put_tail(to, p);
}

/* --- and back --- */

static uint16_t get16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

int pcapng_look(const uint8_t *at, size_t have, enum pcapng_type *type, size_t *len)
{
	static const struct {
		uint32_t code;
		size_t least, most;
	} known[] = {
		[PCAPNG_SECTION] = {TYPE_SECTION, SECTION_FIXED + TAIL, PCAPNG_SECTION_MAX},
		[PCAPNG_INTERFACE] = {TYPE_INTERFACE, INTERFACE_FIXED + TAIL, PCAPNG_INTERFACE_MAX},
		[PCAPNG_PACKET] = {TYPE_PACKET, PACKET_FIXED + TAIL, PCAPNG_PACKET_MAX},
	};
	unsigned i = 0;

	if (have < HEAD)
		return -EPIPE;
	while (i < PCAPNG_PACKET && known[i].code != get32(at))
		i++;
	*len = get32(at + 4);
	*type = (enum pcapng_type)i;
	if (known[i].code != get32(at) || *len % 4 != 0 || *len < known[i].least ||
	    *len > known[i].most)
		return -EILSEQ;
	return *len <= have ? 0 : -EPIPE;
}

/* What is left of a block's options. */
struct options {
	const uint8_t *at, *end;
};

/* The next one, if it has this code and no more than max bytes: NULL else. */
static const uint8_t *next_option(struct options *o, uint16_t code, size_t max, size_t *len)
{
	const uint8_t *data;

	if (o->end - o->at < 4 || get16(o->at) != code)
		return NULL;
	*len = get16(o->at + 2);
	data = o->at + 4;
	if (*len > max || padded(*len) > (size_t)(o->end - data))
		return NULL;
	o->at = data + padded(*len);
	return data;
}

/* A text without a NUL in it; "" if there is none. */
static void next_text(struct options *o, uint16_t code, char *text, size_t size)
{
	size_t len = 0;
	const uint8_t *data = next_option(o, code, size - 1, &len);

	if (data != NULL)
		memcpy(text, data, len);
	text[data != NULL ? len : 0] = '\0';
}

/* The second half of every get: it must be what would have been written. */
static int same(const uint8_t *at, size_t len, const uint8_t *again, size_t n)
{
	return n == len && memcmp(at, again, len) == 0 ? 0 : -EILSEQ;
}

int pcapng_get_section(const uint8_t *at, size_t len, struct pcapng_section *s)
{
	struct options o = {at + SECTION_FIXED, at + len - TAIL};
	uint8_t again[PCAPNG_SECTION_MAX] = {0};

	next_text(&o, OPT_COMMENT, s->comment, sizeof(s->comment));
	next_text(&o, SHB_USERAPPL, s->application, sizeof(s->application));
	return same(at, len, again, pcapng_put_section(again, s));
}

int pcapng_get_packet(const uint8_t *at, size_t len, struct pcapng_packet *packet)
{
	uint8_t again[PCAPNG_PACKET_MAX];
	uint32_t kept = get32(at + HEAD + 12);
	struct options o = {at + PACKET_FIXED, at + len - TAIL};

	if (kept > FRAME_MAX || padded(kept) > (size_t)(o.end - o.at))
		return -EILSEQ;
	packet->iface = get32(at + HEAD);
	packet->time_ns = (uint64_t)get32(at + HEAD + 4) << 32 | get32(at + HEAD + 8);
	packet->data = o.at;
	packet->len = (uint16_t)kept;
	o.at += padded(kept);
	next_text(&o, OPT_COMMENT, packet->comment, sizeof(packet->comment));
	return same(at, len, again, pcapng_put_packet(again, packet));
}

/* An interface may be too large for the stack, so its parts are compared one by one. */
int pcapng_get_interface(const uint8_t *at, size_t len, char *name, uint32_t *addr, uint32_t max,
			 uint32_t *n_addrs)
{
	struct options o = {at + INTERFACE_FIXED, at + len - TAIL};
	const struct capture_iface bare = {.name = name};
	uint8_t again[64 + CAPTURE_NAME];
	const uint8_t *data;
	size_t n, before, after;
	uint32_t count = 0;

	next_text(&o, IF_NAME, name, CAPTURE_NAME);
	before = (size_t)(o.at - at);
	while ((data = next_option(&o, IF_IPV4, 8, &n)) != NULL) {
		if (n != 8 || get32(data + 4) != UINT32_MAX || count == max)
			return -EILSEQ;
		addr[count++] = ntohl(get32(data));
	}
	*n_addrs = count;
	after = len - (size_t)(o.at - at);
	/* without addresses it is short; but for its length, twice */
	n = pcapng_put_interface(again, &bare);
	if (n != before + after || get32(at + len - TAIL) != len)
		return -EILSEQ;
	put32(again + 4, (uint32_t)len);
	put32(again + n - TAIL, (uint32_t)len);
	return memcmp(at, again, before) == 0 && memcmp(o.at, again + before, after) == 0 ? 0
											  : -EILSEQ;
}
