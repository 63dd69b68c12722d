/* SPDX-License-Identifier: BSD-3-Clause */

#include <string.h>

#include "ether.h"
#include "packet.h"

enum { FRAME_MIN = 60 }; /* what Ethernet wants before the FCS, without a tag */

uint16_t pkt_arp_write(uint8_t *frame, const struct pkt_link *link, uint16_t op, uint32_t sender,
		       uint32_t target, const uint8_t target_mac[6])
{
	uint16_t len = link->tagged ? FRAME_MIN + VLAN_LEN : FRAME_MIN;
	uint8_t *arp;

	memset(frame, 0, len);
	arp = frame + ether_write(frame, link, TYPE_ARP);
	bytes_put16(arp + ARP_HARDWARE, ARP_ETHERNET);
	bytes_put16(arp + ARP_PROTOCOL, TYPE_IPV4);
	arp[ARP_HARDWARE_LEN] = 6;
	arp[ARP_PROTOCOL_LEN] = 4;
	bytes_put16(arp + ARP_OP, op);
	memcpy(arp + ARP_SENDER_MAC, link->src_mac, 6);
	bytes_put32(arp + ARP_SENDER_IP, sender);
	memcpy(arp + ARP_TARGET_MAC, target_mac, 6);
	bytes_put32(arp + ARP_TARGET_IP, target);
	return len;
}
