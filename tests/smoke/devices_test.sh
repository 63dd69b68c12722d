#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two devices in one scan, over two cables to the same host: each position is probed once, from an
# address of the device that sends it; answers count whichever they come in by, and what they make
# us send leaves by the same; one of them gone stops the scan, and the other one ends it.

. "$(dirname "$0")/_init.sh"
network

ip link add name scan1 address 02:00:00:00:01:01 type veth \
	peer name host1 address 02:00:00:00:01:02 netns host
sysctl -qw net.ipv4.conf.scan1.rp_filter=0
on_host sysctl -qw net.ipv4.conf.host1.rp_filter=0
ip address add 198.19.1.1/24 dev scan1
ip link set scan1 up
on_host ip address add 198.19.1.2/24 dev host1
on_host ip link set host1 up
wait_for 10 ip route add 198.18.0.0/16 via 198.19.1.2 dev scan1 metric 100
on_host nft -f - <<-'RULES'
	table ip cables {
		counter right0 {}
		counter right1 {}
		counter wrong {}
		counter rst0 {}
		counter rst1 {}
		chain asked {
			iifname host0 ip saddr 198.19.0.0/24 counter name right0 return
			iifname host1 ip saddr 198.19.1.0/24 counter name right1 return
			counter name wrong
		}
		chain watch {
			type filter hook prerouting priority raw
			tcp flags & (syn | ack | rst) == syn jump asked
			tcp flags & rst == rst iifname host0 ip saddr 198.19.1.77 counter name rst0
			tcp flags & rst == rst iifname host1 ip saddr 198.19.1.77 counter name rst1
		}
	}
RULES

# seen NAME: packets of that counter, which starts anew
seen() {
	on_host nft -j reset counter ip cables "$1" | jq '.nftables[] | .counter? // empty | .packets'
}

# two NAME OPTION...: a scan by both, which must find the truth and send each position once
two() {
	local name=$1
	shift
	scan "$name" -i scan0 -i scan1 198.18.0.0/19 --allow-special 198.18.0.0/15 -p 80-83 \
		--rate 30k --cooldown 1s "$@"
	states "$name" >"$tmp/got"
	truth 19 >"$tmp/want"
	same "the records and the truth" "$tmp/got" "$tmp/want"
	is "sent" "$(summary "$name" '.sent - .resent')" 32768
	is "sent by both" "$(summary "$name" '.sent == ([.devices[].sent] | add)')" true
	is "sent by each" "$(summary "$name" '[.devices[].sent] | min > 0')" true
	is "by the first, from its address" "$(seen right0)" "$(summary "$name" '.devices[0].sent')"
	is "by the second, from its address" "$(seen right1)" "$(summary "$name" '.devices[1].sent')"
	is "from an address of the other" "$(seen wrong)" 0
	jq -c '{device, sent, received, records, devices}' "$tmp/$name.json"
}
say "each sends its share, and hears its answers"
two both -T 2 --rx-cores 2
is "received by both" "$(summary both '[.devices[].received] | min > 0')" true

say "the host answers all by the first cable"
on_host ip route add 198.19.1.1/32 via 198.19.0.1 dev host0
two crossed
is "received by the first" "$(summary crossed '.devices[0].received >= .records')" true
is "received by the second" "$(summary crossed '.devices[1].received < 10')" true
on_host ip route del 198.19.1.1/32 via 198.19.0.1 dev host0

say "so for an address that only peal has: the RST goes where the answer came from"
on_host ip route add 198.19.1.77/32 via 198.19.0.1 dev host0
two own -S scan0=198.19.0.1 -S scan1=198.19.1.77
is "RSTs by the first" "$(($(seen rst0) > 2000))" 1
is "RSTs by the second" "$(seen rst1)" 0
on_host ip route del 198.19.1.77/32 via 198.19.0.1 dev host0

say "one of them vanishes: the scan stops, and goes on with the other"
scan_gone=0
peal scan -i scan0 -i scan1 198.18.0.0/19 --allow-special 198.18.0.0/15 -p 80-83 --rate 10k \
	--cooldown 1s --state-dir "$tmp/state" -O ndjson -o "$tmp/gone.ndjson" \
	-m "$tmp/gone.json" 2>"$tmp/gone.err" &
before=$(counter probes)
wait_for 20 probed $((before + 10000))
ip link del scan1
wait $! || scan_gone=$?
is "exit status" "$scan_gone" 75
is "reason" "$(summary gone .exit_reason)" device
grep -q 'scan1: ' "$tmp/gone.err" || fail "it does not say which: $(<"$tmp/gone.err")"
expect 0 peal resume "$tmp/state" -i scan0 -q
truth 19 >"$tmp/want"
states gone >"$tmp/got"
same "the records of both runs and the truth" "$tmp/got" "$tmp/want"
jq -c '{sent, resent, devices, job: .job.device}' "$tmp/gone.json"
