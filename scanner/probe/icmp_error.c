/* SPDX-License-Identifier: BSD-3-Clause */

#include "icmp_error.h"

enum { UNREACHABLE = 3 };

/*
 * Filtered is what somebody forbade: protocol and port unreachable (nobody answers a SYN so but a
 * filter), and the three prohibitions. All else says that the packet did not get there; this
 * includes 14 and 15, precedence in the way, and codes yet unknown. Types 11 and 12 have codes of
 * their own, which mean nothing here.
 */
enum record_state icmp_error_state(const struct pkt_view *v)
{
	if (v->icmp_type != UNREACHABLE)
		return STATE_UNREACHABLE;
	switch (v->icmp_code) {
	case 2:	 /* protocol unreachable */
	case 3:	 /* port unreachable */
	case 9:	 /* network administratively prohibited */
	case 10: /* host administratively prohibited */
	case 13: /* communication administratively prohibited */
		return STATE_FILTERED;
	default:
		return STATE_UNREACHABLE;
	}
}

void icmp_error_classify(const struct pkt_view *v, struct record *rec)
{
	rec->class = CLASS_ICMP;
	rec->responder = v->responder;
	rec->icmp_type = v->icmp_type;
	rec->icmp_code = v->icmp_code;
}
