/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "packet.h"
#include "record.h"

/* What ICMP errors (types 3, 11, 12) mean, whatever kind of probe they quote. */

enum record_state icmp_error_state(const struct pkt_view *v);

/* Fills what a record says about an ICMP error besides its state; as probe_ops.classify. */
void icmp_error_classify(const struct pkt_view *v, struct record *rec);
