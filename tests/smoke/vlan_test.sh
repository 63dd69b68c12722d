#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A tagged link: probes go out in VLAN 77, answers come back in it, and with another tag or none
# nobody is there.

. "$(dirname "$0")/_init.sh"
TAG=${TAG:-$smoke_dir/../../build/tests/smoke/tag}
network
[[ -c /dev/net/tun ]] || skip "no /dev/net/tun"

# the host is behind a switch that takes its frames out of VLAN 77, and gives back to 78 as well
ip netns exec host "$TAG" host0 77 host77 78 >"$tmp/tag.out" 2>&1 &
wait_for 10 grep -q ready "$tmp/tag.out"
on_host ip address flush dev host0
on_host ip link set host0 address 02:00:00:00:00:03 # without a tag, nothing is for the host
on_host ip link set host77 address 02:00:00:00:00:02
on_host ip address add 198.19.0.2/24 dev host77
on_host sysctl -qw net.ipv4.neigh.host77.unres_qlen_bytes=16777216
on_host ip link set host77 up
on_host ip neigh replace 198.19.0.1 lladdr 02:00:00:00:00:01 dev host77 nud permanent

targets=(198.18.12.0/24 --allow-special 198.18.0.0/15 -p '80-83' -G 02:00:00:00:00:02 -S 198.19.0.1)
truth 16 | grep -E '^198\.18\.12\.' >"$tmp/want"

# tagged DRIVER
tagged() {
	local before
	say "VLAN 77 over $1"
	before=$(counter probes)
	scan "$1" -i "$1:scan0" "${targets[@]}" --vlan 77 --cooldown 2s
	states "$1" >"$tmp/got"
	same "the records and the truth" "$tmp/got" "$tmp/want"
	is "probes at the host" "$(($(counter probes) - before))" 1024
	is "every answer came in the other VLAN, too" \
		"$(summary "$1" '.repeats == 0 and .rejected.wrong_vlan >= .records')" true
}
tagged af_packet
tagged af_xdp

say "another VLAN, and none: nobody is there"
scan other -i scan0 "${targets[@]}" --vlan 78 --cooldown 1s
is "records" "$(summary other .records)" 0
scan none -i scan0 "${targets[@]}" --cooldown 1s
is "records" "$(summary none .records)" 0

say "the gateway is asked for by ARP in the VLAN"
scan arp -i scan0 198.18.12.0/24 --allow-special 198.18.0.0/15 -p 80-83 --gateway-ip 198.19.0.2 -S 198.19.0.9 \
	--vlan 77 --cooldown 2s
states arp >"$tmp/got"
same "the records and the truth" "$tmp/got" "$tmp/want"
