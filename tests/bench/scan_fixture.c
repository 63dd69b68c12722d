/* SPDX-License-Identifier: BSD-3-Clause */

#include "scan_fixture.h"

#include <string.h>

#include "bytes.h"
#include "checksum.h"
#include "dedup.h"
#include "layout.h"
#include "sendlog.h"

enum { PORT_FIRST = FIXTURE_PORT_FIRST, PORTS = 28232, RATE = 10 * 1000 * 1000 };

static const uint32_t fixture_addr = 0xc6120002; /* 198.18.0.2 */

int fixture_init(struct fixture *f, struct err *err)
{
	static const char *const all[] = {"0.0.0.0/0"};
	const struct target_conf conf = {.targets = {.at = (const char **)all, .n = 1},
					 .ports = "80"};
	const struct stream_conf sending = {.excl = &f->excl, .rate = RATE, .lcores = 1};
	struct target_counts counts;
	struct claim claim = {0};

	memset(f, 0, sizeof(*f));
	if (target_load(&conf, &f->space, &f->excl, &counts, err) < 0)
		return -1;
	f->stream.space = f->space;
	f->stream.attempts = 1;
	f->stream.probe.ops = &probe_tcp_syn;
	f->stream.probe.source = (struct source){&fixture_addr, 1, PORT_FIRST, PORTS};
	f->stream.sources = &f->stream.probe.source;
	f->stream.n_sources = 1;
	if (walk_init(&f->stream.walk, counts.targets, 1, 0, 1, 0) < 0 ||
	    stream_init(&f->stream, &sending, err) < 0)
		return -1;
	while (claim.end < FIXTURE_WINDOW)
		stream_claim(&f->stream, &claim);
	for (uint64_t step = 0; step < FIXTURE_WINDOW; step++)
		sendlog_note(f->stream.sendlog, &step, 1, step / 10);
	return 0;
}

void fixture_fini(struct fixture *f)
{
	stream_fini(&f->stream);
	target_space_destroy(f->space);
	exclusion_fini(&f->excl);
}

struct answer fixture_answer(const struct fixture *f, uint32_t i)
{
	uint64_t next = (i * UINT32_C(0x9e3779b1)) % FIXTURE_WINDOW, at, index;
	struct answer a = {.daddr = fixture_addr, .seq = i};
	struct cookie cookie;

	walk_next(&f->stream.walk, &next, f->stream.walk.length, &at, &index, 1);
	target_space_pick(f->space, &index, &a.saddr, &a.sport, 1);
	cookie_make(&f->stream.key, &a.saddr, &a.sport, 0, &cookie, 1);
	a.dport = source_port(&f->stream.probe.source, &cookie);
	a.ack = cookie.seq + 1;
	return a;
}

uint16_t fixture_tcp(const struct answer *a, uint8_t flags, const uint8_t *options,
		     uint16_t n_options, uint8_t *frame)
{
	uint8_t *ip = frame + ETHER_LEN, *tcp = ip + IP_LEN;
	uint16_t len = (uint16_t)(TCP_LEN + n_options);
	uint32_t pseudo;

	memset(frame, 0, (size_t)(ETHER_LEN + IP_LEN + TCP_LEN));
	bytes_put16(frame + ETHER_TYPE, TYPE_IPV4);
	ip[IP_VERSION_IHL] = 0x45;
	bytes_put16(ip + IP_TOTAL_LEN, (uint16_t)(IP_LEN + len));
	bytes_put16(ip + IP_FRAGMENT, IP_DF);
	ip[IP_TTL] = 57;
	ip[IP_PROTOCOL] = PROTO_TCP;
	bytes_put32(ip + IP_SRC, a->saddr);
	bytes_put32(ip + IP_DST, a->daddr);
	bytes_put16(ip + IP_CHECKSUM, checksum_finish(checksum_add(0, ip, IP_LEN)));
	bytes_put16(tcp + TCP_SRC, a->sport);
	bytes_put16(tcp + TCP_DST, a->dport);
	bytes_put32(tcp + TCP_SEQ, a->seq);
	bytes_put32(tcp + TCP_ACK, a->ack);
	tcp[TCP_DATA_OFFSET] = (uint8_t)(len / 4 << 4);
	tcp[TCP_FLAGS] = flags;
	bytes_put16(tcp + TCP_WINDOW, flags == ANSWER_SYN_ACK ? 65160 : 0);
	if (n_options != 0)
		memcpy(tcp + TCP_LEN, options, n_options);
	pseudo = checksum_add(len + PROTO_TCP, ip + IP_SRC, 8);
	bytes_put16(tcp + TCP_CHECKSUM, checksum_finish(checksum_add(pseudo, tcp, len)));
	return (uint16_t)(ETHER_LEN + IP_LEN + len);
}

uint16_t fixture_icmp(const struct answer *a, uint8_t *frame)
{
	const struct answer probe = {.saddr = a->daddr,
				     .daddr = a->saddr,
				     .sport = a->dport,
				     .dport = a->sport,
				     .seq = a->ack - 1};
	uint8_t *ip = frame + ETHER_LEN, *icmp = ip + IP_LEN, quote[FIXTURE_FRAME];
	enum { QUOTED = IP_LEN + TCP_QUOTED, TOTAL = IP_LEN + ICMP_LEN + QUOTED };

	fixture_tcp(&probe, 2, NULL, 0, quote);
	fixture_tcp(a, 0, NULL, 0, frame);
	bytes_put16(ip + IP_TOTAL_LEN, TOTAL);
	ip[IP_PROTOCOL] = PROTO_ICMP;
	bytes_put16(ip + IP_CHECKSUM, 0);
	bytes_put16(ip + IP_CHECKSUM, checksum_finish(checksum_add(0, ip, IP_LEN)));
	memset(icmp, 0, ICMP_LEN);
	icmp[ICMP_TYPE] = ICMP_UNREACHABLE;
	icmp[ICMP_CODE] = 3;
	memcpy(icmp + ICMP_LEN, quote + ETHER_LEN, QUOTED);
	bytes_put16(icmp + 2, checksum_finish(checksum_add(0, icmp, ICMP_LEN + QUOTED)));
	return ETHER_LEN + TOTAL;
}

void fixture_spoil(uint8_t *frame)
{
	bytes_put16(frame + ETHER_TYPE, 0x88b5); /* IEEE 802: for experiments */
}
