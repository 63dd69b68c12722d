/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "bytes.h"
#include "layout.h"
#include "packet.h"

/* Writes the Ethernet header, with an 802.1Q tag if the link has one. Returns its length. */
static inline uint16_t ether_write(uint8_t *frame, const struct pkt_link *link, uint16_t type)
{
	uint8_t *at = frame + ETHER_TYPE;

	memcpy(frame + ETHER_DST, link->dst_mac, sizeof(link->dst_mac));
	memcpy(frame + ETHER_SRC, link->src_mac, sizeof(link->src_mac));
	if (link->tagged) {
		bytes_put16(at, TYPE_VLAN);
		bytes_put16(at + 2, link->vlan);
		at += VLAN_LEN;
	}
	bytes_put16(at, type);
	return link->tagged ? ETHER_LEN + VLAN_LEN : ETHER_LEN;
}
