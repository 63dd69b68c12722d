/* SPDX-License-Identifier: BSD-3-Clause */

#include "echo.h"

#include <string.h>

enum { ICMP_HEAD = 4 }; /* type, code, checksum: what a reply does not copy */

bool echo_read(struct echo *echo, const struct pkt_view *v, const uint8_t *data)
{
	if (v->kind != PKT_ICMP_ECHO || v->l4_len > ICMP_HEAD + sizeof(echo->body) ||
	    !pkt_checksum_ok(v, data))
		return false;
	memset(echo, 0, sizeof(*echo));
	echo->local = v->local;
	echo->remote = v->remote;
	echo->len = v->l4_len - ICMP_HEAD;
	memcpy(echo->body, data + v->l4 + ICMP_HEAD, echo->len);
	return true;
}

uint16_t echo_write(const struct echo *echo, const struct pkt_link *link, uint8_t ttl,
		    uint8_t *frame)
{
	return pkt_echo_reply_write(frame, link, ttl, echo->local, echo->remote, echo->body,
				    echo->len);
}
