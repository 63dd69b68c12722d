#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The rig itself: the Linux host answers as truth says, shown by nmap, and the counters that guard
# excluded and foreign addresses do count.

SMOKE_WITHOUT_PEAL=1
. "$(dirname "$0")/_init.sh"
needs nmap
network

say "nmap sees on 64 addresses what truth says"
nmap -n -Pn -sS --reason --max-retries 2 --min-rate 500 -p 80-83 -oG "$tmp/nmap" 198.18.0.0/26 >/dev/null
awk '/Ports:/ {
	n = split($0, port, /Ports: |, /)
	for (i = 2; i <= n; i++) { split(port[i], f, "/"); print $2, f[1], f[2] }
}' "$tmp/nmap" | LC_ALL=C sort >"$tmp/got"
# nmap calls both kinds of ICMP error, and silence, filtered
truth 26 | sed 's/unreachable$/filtered/' >"$tmp/want"
for i in {0..63}; do echo "198.18.0.$i 82 filtered"; done >>"$tmp/want"
LC_ALL=C sort -o "$tmp/want" "$tmp/want"
same "nmap's states and the truth" "$tmp/got" "$tmp/want"

say "the counters count"
((before = $(counter probes)))
ip neigh replace 198.19.0.2 lladdr 02:00:00:00:00:02 dev scan0 nud permanent
ip route add 192.0.2.0/24 via 198.19.0.2
nmap -n -Pn -sS --max-retries 0 -p 80 192.0.2.1 >/dev/null
is "packets to a foreign address" "$(counter stray)" 1
exclude 198.18.7.0/24
nmap -n -Pn -sS --max-retries 0 -p 80 198.18.7.9 >/dev/null
(($(counter excluded) > 0)) || fail "no packet to an excluded address was counted"
is "probes" "$(counter probes)" $((before + 1))
(smoke_safety) 2>/dev/null && fail "the safety check passes with packets to excluded addresses"
on_host nft reset counters >/dev/null
