#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Nobody helps with the neighbourhood: the gateway is found by ARP alone, and its neighbour entry
# for us is flushed all the time. It moves to another hardware address, and nothing is lost. Hundreds
# of source addresses are announced, and answered for.

. "$(dirname "$0")/../smoke/_init.sh"
. "$(dirname "$0")/_vm.sh"
vm_needs
network
vm_cable
vm_start e1000e
vm_bind
common=(-i "$nic" 198.18.0.0/20 --allow-special 198.18.0.0/15 -p 80-83 --gateway-ip 198.19.0.2 --cooldown 2s)
truth 20 >"$tmp/want"

say "the host forgets us every second"
while sleep 1; do
	# not an entry that is being asked for: Linux would throw away what waits for it
	on_host ip neigh flush dev host0 nud reachable nud stale nud delay nud probe
done 2>/dev/null &
flusher=$!
scan flushed "${common[@]}" -S 198.19.0.1 --rate 4k
kill $flusher
states flushed >"$tmp/got"
same "the records and the truth" "$tmp/got" "$tmp/want"
(($(summary flushed .rejected.arp) >= 3)) || fail "the host did not ask: $(summary flushed .rejected.arp)"

say "the gateway moves: how long until it is found again (10 s is the aim)"
before=$(counter probes)
(
	wait_for 60 probed $((before + 4000))
	on_host ip link set host0 address 02:00:00:00:00:03
	moved=$SECONDS
	before=$(counter probes)
	wait_for 60 probed "$before"
	echo $((SECONDS - moved)) >"$tmp/found"
) &
mover=$!
scan moved "${common[@]}" -S 198.19.0.1 --rate 4k
wait $mover || fail "it was not found again"
say "found after $(cat "$tmp/found") s; $(summary moved '"\(.resent) sent again, \(.outages) outages"')"
grep -q 'the gateway is now at 02:00:00:00:00:03' "$tmp/moved.err" || fail "no word of it"
states moved >"$tmp/got"
same "the records and the truth" "$tmp/got" "$tmp/want"
is "sent" "$(summary moved .sent)" 16384
(($(summary moved .resent) > 0)) || fail "nothing was sent again"

on_host ip address flush dev host0
on_host ip address add 198.19.0.2/23 dev host0
say "300 source addresses: each is announced, and answered for"
on_host ip neigh flush dev host0
on_host sysctl -qw net.ipv4.conf.host0.arp_accept=1
scan many "${common[@]}" -S 198.19.0.10-198.19.1.53 --rate 10k
states many >"$tmp/got"
same "the records and the truth" "$tmp/got" "$tmp/want"
is "neighbours at the host" "$(on_host ip neigh show dev host0 | grep -c 02:00:00:00:00:01)" 300
