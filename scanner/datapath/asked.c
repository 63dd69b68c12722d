/* SPDX-License-Identifier: BSD-3-Clause */

#include "asked.h"

#include <string.h>

#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "echo.h"
#include "rx.h"

static bool has_addr(const uint32_t *addr, unsigned n, uint32_t wanted)
{
	const struct pkt_sieve sieve = {.addr = addr, .n_addrs = n};

	return pkt_sieve_addr(&sieve, wanted);
}

bool asked_is_ours(const struct rx *rx, uint32_t addr)
{
	const struct source *s = &rx->stream->probe.source;

	return has_addr(s->addr, s->n_addrs, addr);
}

static bool kernel_has_addr(const struct rx *rx, uint32_t addr)
{
	for (unsigned i = 0; i < rx->n_kernel_addrs; i++)
		if (rx->kernel_addrs[i] == addr)
			return true;
	return false;
}

void asked_arp(struct rx *rx, const struct pkt_view *v)
{
	struct followup f = {
		.kind = FOLLOWUP_ARP,
		.saddr = v->local,
		.daddr = v->remote,
	};

	neigh_hear(rx->neigh, v);
	if (v->arp_op != 1 || !has_addr(rx->neigh->own, rx->neigh->n_own, v->local) ||
	    kernel_has_addr(rx, v->local))
		return;
	memcpy(f.mac, v->arp_mac, sizeof(f.mac));
	if (rte_ring_sp_enqueue_elem(rx->followups, &f, sizeof(f)) != 0)
		rx->stats.control_lost++;
}

void asked_echo(struct rx *rx, const struct pkt_view *v, const uint8_t *data)
{
	struct echo echo;

	if (asked_is_ours(rx, v->local) && !kernel_has_addr(rx, v->local) &&
	    echo_read(&echo, v, data) &&
	    rte_ring_mp_enqueue_elem(rx->echoes, &echo, sizeof(echo)) != 0)
		rx->stats.control_lost++;
}
