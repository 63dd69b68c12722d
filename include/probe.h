/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cookie.h"
#include "packet.h"
#include "record.h"

/*
 * A probe module: how a kind of probe is built, and what its answers mean. Pure functions; what
 * they need is in struct probe. Add yours in scanner/probe/probe.c.
 */

/* Where probes come from. The cookie chooses among these. */
struct source {
	const uint32_t *addr; /* n_addrs of them, host order */
	uint32_t n_addrs;     /* 1 ... 65536 */
	uint16_t port_first;
	uint32_t port_count; /* 1 ... 65536; 2^14 or more for full strength */
};

static inline uint32_t source_addr(const struct source *s, const struct cookie *c)
{
	return s->addr[(c->source * s->n_addrs) >> 16];
}

static inline uint16_t source_port(const struct source *s, const struct cookie *c)
{
	return (uint16_t)(s->port_first + ((c->port * s->port_count) >> 16));
}

struct probe_conf {
	struct pkt_link link;
	enum syn_look look;
	uint8_t ttl;
};

/* One kind of probe, ready to be sent: const while lcores run, but for the template's link layer.
 */
struct probe {
	const struct probe_ops *ops;
	struct pkt_template template;
	struct source source;
};

struct probe_ops {
	const char *name, *help;

	/* The constant bytes, once. */
	void (*build)(struct pkt_template *t, const struct probe_conf *conf);

	/* The n frames (each with room for PKT_FRAME_MAX) to these targets. */
	void (*write)(const struct probe *p, const uint32_t *daddr, const uint16_t *dport,
		      const struct cookie *cookie, uint8_t *const *frame, unsigned n);

	/* Bit f: a TCP segment with the flags f (the lower six) passes match() ... */
	uint64_t tcp_flags;
	uint64_t tcp_open; /* ... and says that the port is open, else that it is closed */

	/*
	 * Could this be an answer to a probe of this kind, whatever the cookie says?
	 * 0, or the negative reason as of pkt_parse().
	 */
	int (*match)(const struct pkt_view *v);

	/*
	 * Which answers prove knowledge of their cookies, if their probes came from s? Bit i stands
	 * for answer i.
	 */
	uint64_t (*validate)(const struct source *s, const struct pkt_claims *c,
			     const struct cookie *cookie);

	/* What it says about the target. */
	enum record_state (*state)(const struct pkt_view *v);

	/* What it means: fills all of *rec but time, rtt and attempt, which are left as they are.
	 * The flags become those of the TCP options; what datapath knows is added afterwards. */
	void (*classify)(const struct pkt_view *v, struct record *rec);
};

extern const struct probe_ops probe_tcp_syn;

/* By name, NULL if there is none. */
const struct probe_ops *probe_find(const char *name);
