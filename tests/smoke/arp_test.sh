#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Nobody knows anybody: peal asks for the gateway by ARP, and answers the host's questions for an
# address that the kernel does not own.

. "$(dirname "$0")/_init.sh"
network

ip neigh flush all nud permanent
on_host ip neigh flush all nud permanent
is "neighbours" "$(ip neigh show nud permanent)$(on_host ip neigh show nud permanent)" ""

say "an address of peal's own"
scan own -i scan0 198.18.3.0/24 --allow-special 198.18.0.0/15 -p 80-83 -S 198.19.0.9 --gateway-ip 198.19.0.2 \
	--cooldown 2s
states own >"$tmp/got"
truth 16 | grep '^198\.18\.3\.' >"$tmp/want"
same "the records and the truth" "$tmp/got" "$tmp/want"
on_host ip neigh show 198.19.0.9 | grep -q 02:00:00:00:00:01 || fail "the host does not know 198.19.0.9"

say "no gateway: one line that says what to do"
on_host ip link set host0 arp off
ip neigh flush all
expect 69 peal scan -i scan0 198.18.3.0/24 --allow-special 198.18.0.0/15 -p 80 --gateway-ip 198.19.0.77
grep -q 198.19.0.77 "$tmp/err" || fail "the message does not name the gateway: $(cat "$tmp/err")"
