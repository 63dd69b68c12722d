#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Nobody knows anybody: peal asks for the gateway by ARP, and answers the host's questions for
# addresses that the kernel does not own.

. "$(dirname "$0")/_init.sh"
needs busybox tcpdump
network

ip neigh flush all nud permanent
on_host ip neigh flush all nud permanent
is "neighbours" "$(ip neigh show nud permanent)$(on_host ip neigh show nud permanent)" ""

known() {
	on_host ip neigh show "$1" dev host0 | grep -q '02:00:00:00:00:01.*REACHABLE'
}

say "two addresses of peal's own, which the host forgets and must ask for"
scan own -i scan0 198.18.3.0/24 --allow-special 198.18.0.0/15 -p 80-83 -S 198.19.0.8,198.19.0.9 \
	--gateway-ip 198.19.0.2 --rate 200 --cooldown 2s &
scan=$!
for _ in 1 2 3; do
	for address in 198.19.0.8 198.19.0.9; do
		wait_for 20 known $address
		on_host ip neigh del $address dev host0
	done
done
wait $scan
states own >"$tmp/got"
truth 16 | grep '^198\.18\.3\.' >"$tmp/want"
same "the records and the truth" "$tmp/got" "$tmp/want"

say "the kernel answers for its own address, peal for the other: the host hears one of them only"
on_host tcpdump -i host0 -n -U -w "$tmp/arp.pcap" arp 2>"$tmp/tcpdump.err" &
capture=$!
wait_for 10 grep -q 'listening on' "$tmp/tcpdump.err"
on_host ip neigh flush dev host0
scan both -i scan0 198.18.3.0/26 --allow-special 198.18.0.0/15 -p 80-83 -S 198.19.0.1,198.19.0.9 \
	-G 02:00:00:00:00:02 --cooldown 1s
kill $capture
wait $capture || true
heard() {
	tcpdump -n -r "$tmp/arp.pcap" 2>/dev/null | grep -c "$1" || true
}
(($(heard 'Request who-has 198.19.0.1 ') > 0)) || fail "the host did not ask for 198.19.0.1"
is "answers for 198.19.0.1" "$(heard 'Reply 198.19.0.1 ')" "$(heard 'Request who-has 198.19.0.1 ')"

say "no gateway: one line that says what to do"
on_host ip link set host0 arp off
ip neigh flush all
expect 69 peal scan -i scan0 198.18.3.0/24 --allow-special 198.18.0.0/15 -p 80 --gateway-ip 198.19.0.77
grep -q 198.19.0.77 "$tmp/err" || fail "the message does not name the gateway: $(cat "$tmp/err")"

say "who asks for an address of peal's own is answered, and who pings it, when told to"
on_host ip link set host0 arp on
neighbours
before=$(counter probes)
(
	wait_for 20 probed "$before"
	on_host ip neigh flush all
	on_host busybox ping -c 3 -W 3 198.19.0.9 >"$tmp/ping"
) &
scan pinged -i scan0 198.18.3.0/24 --allow-special 198.18.0.0/15 -p 80-83 -S 198.19.0.9 --gateway-ip 198.19.0.2 \
	--rate 200 --cooldown 1s --answer-ping
wait $! || fail "the pings were not answered: $(cat "$tmp/ping")"
states pinged >"$tmp/got"
same "the records and the truth" "$tmp/got" "$tmp/want"
