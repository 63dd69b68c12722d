/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include <sys/mman.h>
#include <unistd.h>

#include "frames/frames.h"
#include "packet.h"

/*
 * The parser against a grid of damaged frames. Each case ends at the last byte before a page that
 * must not be touched, so a read beyond the end is a fault; and each verdict is compared with that
 * of a second parser, written from the RFCs in another manner: slow, by absolute bit positions,
 * asking "is this bit there?" of each single bit.
 */

struct reader {
	const uint8_t *data;
	long len;
	bool beyond; /* something was asked for that is not there */
};

static uint32_t bits(struct reader *r, long byte, int first, int count)
{
	uint32_t value = 0;
	int i;

	for (i = first; i < first + count; i++) {
		long at = byte + i / 8;

		if (at >= r->len) {
			r->beyond = true;
			return 0;
		}
		value = value * 2 + (r->data[at] >> (7 - i % 8) & 1);
	}
	return value;
}

static uint32_t u8(struct reader *r, long at)
{
	return bits(r, at, 0, 8);
}

static uint32_t u16(struct reader *r, long at)
{
	return bits(r, at, 0, 16);
}

static uint32_t u32(struct reader *r, long at)
{
	return bits(r, at, 0, 32);
}

static void want_options(struct reader *r, long at, long end, struct pkt_view *w)
{
	while (at < end) {
		long kind = u8(r, at), len = at + 1 < end ? u8(r, at + 1) : 0;

		if (kind == 1) {
			at++;
			continue;
		}
		if (kind == 0 || len < 2 || at + len > end)
			return;
		if (kind == 2 && len == 4) {
			w->options |= PKT_OPT_MSS;
			w->mss = (uint16_t)u16(r, at + 2);
		} else if (kind == 3 && len == 3) {
			w->options |= PKT_OPT_WSCALE;
			w->wscale = (uint8_t)(u8(r, at + 2) > 14 ? 14 : u8(r, at + 2));
		} else if (kind == 4 && len == 2) {
			w->options |= PKT_OPT_SACK;
		} else if (kind == 8 && len == 10) {
			w->options |= PKT_OPT_TS;
			w->ts_val = u32(r, at + 2);
			w->ts_ecr = u32(r, at + 6);
		}
		at += len;
	}
}

static int want_tcp(struct reader *r, long at, struct pkt_view *w)
{
	long end = at + 4 * (long)bits(r, at + 12, 0, 4);

	u32(r, at + 16);
	if (r->beyond || end < at + 20 || end > r->len)
		return REJECT_MALFORMED;
	w->kind = PKT_TCP;
	w->remote_port = (uint16_t)u16(r, at);
	w->local_port = (uint16_t)u16(r, at + 2);
	w->seq = u32(r, at + 4);
	w->ack = u32(r, at + 8);
	w->flags = (uint8_t)u8(r, at + 13);
	w->window = (uint16_t)u16(r, at + 14);
	want_options(r, at + 20, end, w);
	return -1;
}

static int want_icmp(struct reader *r, long at, struct pkt_view *w)
{
	uint32_t type = u8(r, at);
	long ip = at + 8, tcp = ip + 4 * (long)bits(r, ip, 4, 4);

	r->beyond = false;
	u32(r, at + 4);
	if (r->beyond)
		return REJECT_MALFORMED;
	w->icmp_type = (uint8_t)type;
	w->icmp_code = (uint8_t)u8(r, at + 1);
	w->kind = type == 8 ? PKT_ICMP_ECHO : PKT_ICMP_ERROR;
	if (type == 8)
		return -1;
	if (type != 3 && type != 11 && type != 12)
		return REJECT_ICMP_OTHER;
	u32(r, ip + 16);
	if (r->beyond || bits(r, ip, 0, 4) != 4 || tcp < ip + 20 || tcp > r->len)
		return REJECT_MALFORMED;
	if (u8(r, ip + 9) != 6 || bits(r, ip + 6, 3, 13) != 0)
		return REJECT_ICMP_OTHER;
	w->responder = w->remote;
	w->local = u32(r, ip + 12);
	w->remote = u32(r, ip + 16);
	w->local_port = (uint16_t)u16(r, tcp);
	w->remote_port = (uint16_t)u16(r, tcp + 2);
	w->seq = u32(r, tcp + 4);
	return r->beyond ? REJECT_MALFORMED : -1;
}

static int want_ipv4(struct reader *r, long at, struct pkt_view *w)
{
	long header = 4 * (long)bits(r, at, 4, 4), total = u16(r, at + 2), i;
	uint32_t sum = 0;

	u32(r, at + 16);
	if (r->beyond || bits(r, at, 0, 4) != 4 || header < 20 || total < header ||
	    at + total > r->len)
		return REJECT_MALFORMED;
	for (i = 0; i < header; i += 2)
		sum += u16(r, at + i);
	if (sum % 0xffff != 0)
		return REJECT_CHECKSUM;
	if (bits(r, at + 6, 2, 14) != 0)
		return REJECT_FRAGMENT;
	r->len = at + total;
	w->ttl = (uint8_t)u8(r, at + 8);
	w->ipid = (uint16_t)u16(r, at + 4);
	w->remote = u32(r, at + 12);
	w->local = u32(r, at + 16);
	w->l3 = (uint16_t)at;
	w->l4 = (uint16_t)(at + header);
	w->l4_len = (uint16_t)(total - header);
	if (u8(r, at + 9) == 6)
		return want_tcp(r, at + header, w);
	return u8(r, at + 9) == 1 ? want_icmp(r, at + header, w) : REJECT_PROTOCOL;
}

static int want_arp(struct reader *r, long at, struct pkt_view *w)
{
	long i;

	w->kind = PKT_ARP;
	w->arp_op = (uint16_t)u16(r, at + 6);
	w->remote = u32(r, at + 14);
	w->local = u32(r, at + 24);
	for (i = 0; i < 6; i++)
		w->arp_mac[i] = (uint8_t)u8(r, at + 8 + i);
	return r->beyond || u32(r, at) != 0x00010800 || u16(r, at + 4) != 0x0604 ||
			       w->arp_op - 1u > 1
		       ? REJECT_MALFORMED
		       : -1;
}

/* The reason, or -1 for a frame that is accepted as *w. */
static int want(const uint8_t *data, unsigned len, struct pkt_view *w)
{
	struct reader r = {data, len, false};
	bool tagged = u16(&r, 12) == 0x8100;
	long type_at = tagged ? 16 : 12;
	uint32_t type = u16(&r, type_at);

	memset(w, 0, sizeof(*w));
	if (r.beyond)
		return REJECT_MALFORMED;
	w->vlan = tagged ? u16(&r, 14) & 0xfff : 0;
	if (type == 0x0800)
		return want_ipv4(&r, type_at + 2, w);
	return type == 0x0806 ? want_arp(&r, type_at + 2, w) : REJECT_NOT_IPV4;
}

struct grid {
	uint8_t *guard; /* the first byte that must not be read */
	unsigned long cases, accepted, sifted;
};

static struct grid grid_open(void)
{
	long page = sysconf(_SC_PAGESIZE);
	uint8_t *map = mmap(NULL, 2 * (size_t)page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(map, MAP_FAILED);
	assert_int_equal(mprotect(map + page, (size_t)page, PROT_NONE), 0);
	return (struct grid){.guard = map + page};
}

static void grid_close(const struct grid *g)
{
	long page = sysconf(_SC_PAGESIZE);

	munmap(g->guard - page, 2 * (size_t)page);
}

/* Two of the golden frames' three ports are ours, and flags are as tcp_syn wants them. */
static bool wanted_flags(uint8_t flags)
{
	return (flags & 0x17) == 0x12 || (flags & 0x17) == 0x14;
}

/* A claim is the same, whichever way it was read. */
static void grid_claims(const struct grid *g, const uint8_t *data, const struct pkt_view *w)
{
	struct pkt_claims c, d;

	memset(&c, 0, sizeof(c));
	memset(&d, 0, sizeof(d));
	pkt_claims_sifted(&c, &data, 1);
	pkt_claims_add(&d, w);
	if (memcmp(&c, &d, sizeof(c)) != 0)
		fail_msg("case %lu: claims another thing", g->cases);
}

/* The sieve has found what the second parser says is there, all of it and nothing else. */
static void grid_sift(struct grid *g, const uint8_t *data, uint16_t len, int wanted,
		      const struct pkt_view *w)
{
	static const uint32_t us[] = {0xc6120001, 0xc6120002, 0xc6120009};
	struct pkt_sieve sieve = {
		.addr = us, .n_addrs = 3, .port_first = 0xc000, .port_count = 1 << 14};
	bool plain = wanted < 0 && w->kind == PKT_TCP && w->l3 == 14 && w->l4 == 34 &&
		     wanted_flags(w->flags) &&
		     (w->local == us[0] || w->local == us[1] || w->local == us[2]);
	uint64_t found, wrong_port;
	struct pkt_view v;

	for (unsigned flags = 0; flags < 64; flags++)
		sieve.flags |= (uint64_t)wanted_flags((uint8_t)flags) << flags;
	found = pkt_sift(&sieve, &data, &len, 1, &wrong_port);
	if (found != (plain && w->local_port >= 0xc000) ||
	    wrong_port != (plain && w->local_port < 0xc000))
		fail_msg("case %lu: sifted wrongly", g->cases);
	if (found == 0)
		return;
	pkt_look(&v, data);
	if (memcmp(&v, w, sizeof(v)) != 0)
		fail_msg("case %lu: looked at wrongly", g->cases);
	if (pkt_sifted_ok(data) != pkt_checksum_ok(w, data))
		fail_msg("case %lu: another checksum", g->cases);
	grid_claims(g, data, w);
	g->sifted++;
}

static void grid_case(struct grid *g, const uint8_t *frame, unsigned len)
{
	uint8_t *data = g->guard - len;
	struct pkt_view v, w;
	int got, wanted;

	memcpy(data, frame, len);
	got = pkt_parse(&v, data, (uint16_t)len);
	wanted = want(data, len, &w);
	if (got != -1 - wanted || (got == 0 && memcmp(&v, &w, sizeof(v)) != 0))
		fail_msg("case %lu: %d, not %d", g->cases, got, -1 - wanted);
	grid_sift(g, data, (uint16_t)len, wanted, &w);
	g->cases++;
	if (got == 0) {
		g->accepted++;
		pkt_checksum_ok(&v, data);
	}
}

/* The checksum of the header that the IHL claims, as far as there is a frame. */
static void fix_ip(uint8_t *ip, unsigned room)
{
	unsigned len = (ip[0] & 15) * 4u, i;
	uint32_t sum = 0;

	if (len < 20 || len > room)
		return;
	ip[10] = ip[11] = 0;
	for (i = 0; i < len; i += 2)
		sum += (uint32_t)ip[i] * 256 + ip[i + 1];
	sum = 0xffff - sum % 0xffff;
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

/* Sets header length and data offset (of an ICMP error: the quoted header length). */
static void damage(uint8_t *frame, unsigned len, unsigned ihl, unsigned offset)
{
	unsigned l3 = frame[12] == 0x81 ? 18 : 14, l4 = l3 + (frame[l3] & 15) * 4u;

	if (frame[l3 - 1] != 0) { /* ARP */
		frame[l3 + 4] = (uint8_t)ihl;
		frame[l3 + 7] = (uint8_t)offset;
		return;
	}
	if (frame[l3 + 9] == 6)
		frame[l4 + 12] = (uint8_t)(offset << 4);
	else
		frame[l4 + 8] = (uint8_t)(0x40 | offset);
	frame[l3] = (uint8_t)(0x40 | ihl);
	fix_ip(frame + l3, len - l3);
}

/* TCP's flags; ICMP's type. */
static unsigned flags_at(const uint8_t *frame)
{
	unsigned l3 = frame[12] == 0x81 ? 18 : 14, l4 = l3 + (frame[l3] & 15) * 4u;

	if (frame[l3 - 1] != 0)
		return 14 + 6;
	return frame[l3 + 9] == 6 ? l4 + 13 : l4;
}

/* Every truncation (if truncate) x header length x data offset, for these flags. */
static void grid_frame(struct grid *g, const struct frame *golden, const uint8_t *flags,
		       unsigned n_flags, bool truncate)
{
	uint8_t good[FRAME_LEN_MAX], frame[FRAME_LEN_MAX];
	unsigned full = frame_read(golden, good), at = flags_at(good), i, j, len;

	for (i = 0; i < 256; i++) {
		memcpy(frame, good, full);
		damage(frame, full, i & 15, i >> 4);
		for (j = 0; j < n_flags; j++) {
			frame[at] = flags[j];
			for (len = truncate ? 0 : full; len <= full; len++)
				grid_case(g, frame, len);
		}
	}
}

static void test_grid(void **state)
{
	static const uint8_t some[] = {0x02, 0x03, 0x04, 0x08, 0x0b, 0x0c, 0x12, 0x14, 0xff};
	const bool whole = !TEST_SLOW || test_long();
	struct grid g = grid_open();
	uint8_t all[256];
	unsigned i;

	(void)state;
	for (i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	for (i = 0; i < FRAMES; i++) {
		grid_frame(&g, &frames[i], all, 256, whole);
		if (!whole)
			grid_frame(&g, &frames[i], some, ARRAY_LEN(some), true);
	}
	print_message("# %lu cases, %lu accepted\n", g.cases, g.accepted);
	assert_true(g.cases >= (whole ? 50ul * 1000 * 1000 : 1000ul * 1000));
	assert_true(g.accepted >= 1000);
	grid_close(&g);
}

/* Every option kind and length, at the front and close to the end of the options. */
static void test_option_pairs(void **state)
{
	static const unsigned places[] = {54, 56, 64, 70, 71, 72};
	struct grid g = grid_open();
	uint8_t frame[FRAME_LEN_MAX];
	unsigned pair, i;
	unsigned len = frame_read(frame_find("synack"), frame);

	(void)state;
	for (i = 0; i < ARRAY_LEN(places); i++) {
		for (pair = 0; pair < 65536; pair++) {
			memset(frame + 54, 1, 20);
			memcpy(frame + 54, "\4\2", 2);
			frame[places[i]] = (uint8_t)(pair >> 8);
			frame[places[i] + 1] = (uint8_t)pair;
			grid_case(&g, frame, len);
		}
	}
	assert_int_equal(g.accepted, g.cases); /* options never cost the packet */
	grid_close(&g);
}

/* Frames with a few random bytes, half of them with a right header checksum. */
static void test_random_damage(void **state)
{
	unsigned long rounds = test_long() ? 100 * 1000 * 1000 : 1000 * 1000;
	struct grid g = grid_open();
	uint8_t frame[FRAME_LEN_MAX];
	uint64_t seed = 3;

	(void)state;
	while (rounds-- > 0) {
		uint64_t r = test_random(&seed);
		unsigned len = frame_read(&frames[r % FRAMES], frame), n = r >> 8 & 3;
		unsigned l3 = frame[12] == 0x81 ? 18 : 14;

		do {
			uint64_t where = test_random(&seed);

			frame[(where >> 8) % len] = (uint8_t)where;
		} while (n-- > 0);
		if (r >> 10 & 1)
			fix_ip(frame + l3, len - l3);
		if (r >> 11 & 1)
			len = (r >> 32) % (len + 1);
		grid_case(&g, frame, len);
	}
	assert_true(g.accepted >= g.cases / 20);
	assert_true(g.sifted >= g.cases / 100);
	grid_close(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grid),
		cmocka_unit_test(test_option_pairs),
		cmocka_unit_test(test_random_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
