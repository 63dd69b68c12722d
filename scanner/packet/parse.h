/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "packet.h"

/* Fills in the TCP options: *v has all else of this frame. */
void pkt_options(struct pkt_view *v, const uint8_t *data);

/* pkt_checksum_ok() of len bytes of TCP behind an IPv4 header. */
bool tcp_checksum_ok(const uint8_t *ip, const uint8_t *tcp, uint16_t len);
