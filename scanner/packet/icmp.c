/* SPDX-License-Identifier: BSD-3-Clause */

#include <string.h>

#include "checksum.h"
#include "ether.h"
#include "packet.h"

enum { ICMP_ECHO_REPLY = 0, ICMP_CHECKSUM = 2, ICMP_BODY = 4 };

uint16_t pkt_echo_reply_write(uint8_t *frame, const struct pkt_link *link, uint8_t ttl,
			      uint32_t saddr, uint32_t daddr, const uint8_t *body, uint16_t len)
{
	uint16_t at = ether_write(frame, link, TYPE_IPV4);
	uint8_t *ip = frame + at, *icmp = ip + IP_LEN;
	uint16_t total = IP_LEN + ICMP_BODY + len;

	memset(ip, 0, IP_LEN + ICMP_BODY);
	ip[IP_VERSION_IHL] = 4 << 4 | IP_LEN / 4;
	bytes_put16(ip + IP_TOTAL_LEN, total);
	bytes_put16(ip + IP_FRAGMENT, IP_DF);
	ip[IP_TTL] = ttl;
	ip[IP_PROTOCOL] = PROTO_ICMP;
	bytes_put32(ip + IP_SRC, saddr);
	bytes_put32(ip + IP_DST, daddr);
	bytes_put16(ip + IP_CHECKSUM, checksum_finish(checksum_add(0, ip, IP_LEN)));
	icmp[ICMP_TYPE] = ICMP_ECHO_REPLY;
	memcpy(icmp + ICMP_BODY, body, len);
	bytes_put16(icmp + ICMP_CHECKSUM,
		    checksum_finish(checksum_add(0, icmp, (uint16_t)(ICMP_BODY + len))));
	return at + total;
}
