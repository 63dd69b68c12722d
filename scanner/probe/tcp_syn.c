/* SPDX-License-Identifier: BSD-3-Clause */

#include <string.h>

#include "icmp_error.h"
#include "probe.h"
#include "tcp_syn_isa.h"

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32, VERDICT = FIN | SYN | RST | ACK };

/* These flags. Others than the verdict's (PSH, URG, ECN's) are odd in an answer, but change
 * nothing. */
#define WITH(flags)                                                                                \
	(UINT64_C(1) << (flags) | UINT64_C(1) << ((flags) | PSH) |                                 \
	 UINT64_C(1) << ((flags) | URG) | UINT64_C(1) << ((flags) | PSH | URG))

static void build(struct pkt_template *t, const struct probe_conf *conf)
{
	pkt_template_syn(t, &conf->link, conf->look, conf->ttl);
}

static void write(const struct probe *p, const uint32_t *daddr, const uint16_t *dport,
		  const struct cookie *cookie, uint8_t *const *frame, unsigned n)
{
	unsigned i = 0;

#ifdef __x86_64__
	if (p->template.isa == ISA_AVX512) {
		tcp_syn_write_avx512(p, daddr, dport, cookie, frame, n);
		return;
	}
	if (p->template.isa == ISA_AVX2)
		i = tcp_syn_write_avx2(p, daddr, dport, cookie, frame, n);
#endif
	for (; i < n; i++) {
		const struct pkt_fields f = {
			.saddr = source_addr(&p->source, &cookie[i]),
			.daddr = daddr[i],
			.sport = source_port(&p->source, &cookie[i]),
			.dport = dport[i],
			.seq = cookie[i].seq,
			.ipid = (uint16_t)cookie[i].look,
			.ts = cookie[i].look,
		};

		pkt_template_write(&p->template, &f, frame[i]);
	}
}

static int rejected(enum reject reason)
{
	return -1 - (int)reason;
}

static int match_tcp(uint8_t flags)
{
	switch (flags & VERDICT) {
	case SYN | ACK:
	case RST | ACK:
		return 0;
	case RST:
		return rejected(REJECT_BARE_RST);
	default:
		return rejected(REJECT_FLAGS);
	}
}

static int match(const struct pkt_view *v)
{
	switch (v->kind) {
	case PKT_TCP:
		return match_tcp(v->flags);
	case PKT_ICMP_ERROR:
		return 0;
	case PKT_ICMP_ECHO:
		return rejected(REJECT_ICMP_OTHER);
	default:
		return rejected(REJECT_ARP);
	}
}

/*
 * How far the number may be from the cookie's: a quote has it as it was sent; an acknowledgement
 * has one more, for the SYN counts as one, which some stacks leave out, but only in a RST.
 */
static unsigned number_right(uint8_t kind, uint8_t flags, uint32_t distance)
{
	unsigned allowed = kind == PKT_ICMP_ERROR ? 1 : (flags & RST) != 0 ? 3 : 2;

	return (distance < 2) & (allowed >> (distance & 1)) & 1;
}

static uint64_t validate(const struct source *s, const struct pkt_claims *c,
			 const struct cookie *cookie)
{
	uint64_t right = 0;

	for (unsigned i = 0; i < c->n; i++) {
		unsigned port = c->local_port[i] == source_port(s, &cookie[i]);
		unsigned addr = c->local[i] == source_addr(s, &cookie[i]);
		unsigned number =
			number_right(c->kind[i], c->flags[i], c->number[i] - cookie[i].seq);

		right |= (uint64_t)(port & addr & number) << i;
	}
	return right;
}

static enum record_state state(const struct pkt_view *v)
{
	if (v->kind == PKT_ICMP_ERROR)
		return icmp_error_state(v);
	return (v->flags & RST) == 0 ? STATE_OPEN : STATE_CLOSED;
}

/* The options in the record's flags: the same four bits, a little higher. */
enum { OPTION_SHIFT = 3 };

static_assert(PKT_OPT_MSS << OPTION_SHIFT == RECORD_MSS &&
		      PKT_OPT_WSCALE << OPTION_SHIFT == RECORD_WSCALE &&
		      PKT_OPT_SACK << OPTION_SHIFT == RECORD_SACK &&
		      PKT_OPT_TS << OPTION_SHIFT == RECORD_TS,
	      "options and flags are in the same order");

static void classify_tcp(const struct pkt_view *restrict v, struct record *restrict rec)
{
	rec->seq = v->seq;
	rec->ack = v->ack;
	rec->ts_val = v->ts_val;
	rec->ts_ecr = v->ts_ecr;
	rec->window = v->window;
	rec->mss = v->mss;
	rec->wscale = v->wscale;
	rec->class = (v->flags & RST) == 0 ? CLASS_SYNACK : CLASS_RST;
	rec->flags = (uint8_t)(v->options << OPTION_SHIFT);
}

static void classify(const struct pkt_view *restrict v, struct record *restrict rec)
{
	uint64_t time_ns = rec->time_ns;
	uint32_t rtt_us = rec->rtt_us;
	uint8_t attempt = rec->attempt;

	memset(rec, 0, sizeof(*rec));
	rec->time_ns = time_ns;
	rec->rtt_us = rtt_us;
	rec->attempt = attempt;
	rec->saddr = v->remote;
	rec->daddr = v->local;
	rec->sport = v->remote_port;
	rec->dport = v->local_port;
	rec->ipid = v->ipid;
	rec->ttl = v->ttl;
	rec->state = (uint8_t)state(v);
	if (v->kind == PKT_ICMP_ERROR)
		icmp_error_classify(v, rec);
	else
		classify_tcp(v, rec);
}

const struct probe_ops probe_tcp_syn = {
	.name = "tcp_syn",
	.help = "a TCP SYN; answered by SYN-ACK (open), RST (closed) or an ICMP error",
	.build = build,
	.write = write,
	.tcp_flags = WITH(SYN | ACK) | WITH(RST | ACK),
	.tcp_open = WITH(SYN | ACK),
	.match = match,
	.validate = validate,
	.state = state,
	.classify = classify,
};
