#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What leaves is valid: tshark finds no bad IP or TCP checksum and nothing malformed in 10^6
# captured probes over all looks of the SYN (10^6 of each with PEAL_TEST_LONG), tagged ones too,
# and every target is in the capture exactly once.

. "$(dirname "$0")/_init.sh"
needs tshark jq

bits=14 # 2^18 addresses
[[ ${PEAL_TEST_LONG:-} ]] && bits=12

# NAME OPTION...: captures a scan and reads it back
wire() {
	local name=$1 count=$((1 << (32 - bits)))
	shift
	say "$name: $count probes"
	scan "$name" -i "pcap:$tmp/$name.pcap" "10.64.0.0/$bits" --allow-special 10.0.0.0/8 -p 443 \
		-S 10.1.2.3 --source-mac 02:00:00:00:00:01 --gateway-mac 02:00:00:00:00:02 \
		--rate max --cooldown 0s "$@"
	is "sent" "$(summary "$name" .sent)" $count
	tshark -n -r "$tmp/$name.pcap" -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE \
		-T fields -e ip.dst -e ip.checksum.status -e tcp.checksum.status -e tcp.flags \
		-e tcp.hdr_len -e vlan.id -e _ws.malformed -e ip.ttl -e tcp.dstport \
		>"$tmp/fields" 2>"$tmp/tshark.err" || fail "tshark: $(cat "$tmp/tshark.err")"
	is "packets in the capture" "$(wc -l <"$tmp/fields")" $count
	# status 1 is good, 0 is bad, 2 is not checked
	cut -f 2- "$tmp/fields" | sort | uniq -c | sed 's/^ *//' >"$tmp/kinds"
	is "$name: count, checksums, flags, TCP header, VLAN, malformed, TTL, port" \
		"$(cat "$tmp/kinds")" "$count $want"
	is "different targets" "$(cut -f 1 "$tmp/fields" | LC_ALL=C sort -u | wc -l)" $count
	rm "$tmp/$name.pcap" "$tmp/fields"
}

tab=$'\t'
# a look's length is that system's: MSS 4; Linux MSS, SACK, timestamps, window scale 20;
# Windows MSS, NOP, window scale, NOP, NOP, SACK 12; FreeBSD as long as Linux, in another order
for look in mss:24 linux:40 windows:32 bsd:40 none:20; do
	want="1${tab}1${tab}0x0002${tab}${look#*:}${tab}${tab}${tab}255${tab}443"
	wire "${look%:*}" --tcp-options "${look%:*}"
done
want="1${tab}1${tab}0x0002${tab}24${tab}77${tab}${tab}64${tab}443"
wire vlan --vlan 77 --ttl 64

say "two devices: the VLAN and the hardware addresses are each one's own"
a=pcap:$tmp/a.pcap b=pcap:$tmp/b.pcap
scan both -i "$a" -i "$b" 10.64.0.0/22 --allow-special 10.0.0.0/8 -p 443 -S "$a=10.1.2.3" -S "$b=10.1.2.4" \
	--source-mac "$a=02:00:00:00:00:01" --source-mac "$b=02:00:00:00:01:01" \
	--gateway-mac 02:00:00:00:00:02 --gateway-mac "$b=02:00:00:00:01:02" --vlan "$a=77" --rate 20k --cooldown 0s
# kinds FILE: of its frames
kinds() {
	tshark -n -r "$tmp/$1" -Y tcp -T fields -e ip.src -e eth.src -e eth.dst -e vlan.id 2>"$tmp/tshark.err" | sort -u
}
is "the first" "$(kinds a.pcap)" "10.1.2.3${tab}02:00:00:00:00:01${tab}02:00:00:00:00:02${tab}77"
is "the second" "$(kinds b.pcap)" "10.1.2.4${tab}02:00:00:00:01:01${tab}02:00:00:00:01:02${tab}"
is "the job reads back" "$(summary both '.job.vlan, (.job.gateway_mac | length)')" "$a=77
2"
