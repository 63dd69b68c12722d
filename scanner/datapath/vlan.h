/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

#include <rte_mbuf.h>

/*
 * In which VLAN is a received frame? Its tag is in it, or beside it where the device has taken it
 * off: always, because it was asked to or of its own accord.
 */

enum { VLAN_NOBODYS = 0xffff }; /* no tag has this number */

/* tag: what pkt_parse() has found in it, 0 if nothing; bare: where frames without any tag are. */
static inline uint16_t vlan_of(const struct rte_mbuf *m, uint16_t tag, uint16_t bare)
{
	const uint16_t beside = m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED ? m->vlan_tci & 0xfff : 0;

	if (tag != 0)
		return beside != 0 ? VLAN_NOBODYS : tag; /* a VLAN within another */
	return beside != 0 ? beside : bare;
}
