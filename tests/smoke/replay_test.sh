#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Answers to an earlier scan are worth nothing: the same seed makes the same order, not the same
# key. What a Linux host answered to one scan is played to a second one, and all of it is refused.

. "$(dirname "$0")/_init.sh"
needs tcpdump tshark
network

targets=(198.18.11.0/24 --allow-special 198.18.0.0/15 -p '80,81,83' -e 42 -S 198.19.0.1)
macs=(--source-mac 02:00:00:00:00:01 --gateway-mac 02:00:00:00:00:02)

say "a first scan: 256 open"
tcpdump -i scan0 -n -Q in -w "$tmp/replies.pcap" 'tcp or icmp' 2>"$tmp/tcpdump.err" &
dump=$!
wait_for 10 grep -q 'listening on' "$tmp/tcpdump.err"
scan first -i scan0 "${targets[@]}" "${macs[@]}" --cooldown 2s
kill -TERM $dump
wait $dump || true
states first >"$tmp/got"
truth 16 | grep -E '^198\.18\.11\.' >"$tmp/want"
same "the records and the truth" "$tmp/got" "$tmp/want"
is "open" "$(summary first .open)" 256
answers=$(tshark -n -r "$tmp/replies.pcap" 2>/dev/null | wc -l)
((answers >= 768)) || fail "only $answers answers are in the capture"

say "the same scan again, and the first one's $answers answers: nothing"
# replay NAME REPLIES: a scan into a file, to which these answers come
replay() {
	scan "$1" -i "pcap:$tmp/$1.pcap,$2" "${targets[@]}" "${macs[@]}" --rate max --cooldown 2s
}
replay second "$tmp/replies.pcap"
is "received" "$(summary second .received)" "$answers"
is "records, repeats" "$(summary second '"\(.records) \(.repeats)"')" "0 0"
is "rejected for their cookie" "$(summary second .rejected.wrong_cookie)" "$answers"

say "the same seed: the same order; but other sequence numbers and ports, since the key is another"
replay third "$tmp/replies.pcap"
for name in second third; do
	tshark -n -r "$tmp/$name.pcap" -o tcp.relative_sequence_numbers:FALSE -T fields -E separator=' ' \
		-e ip.dst -e tcp.dstport -e tcp.seq_raw -e tcp.srcport >"$tmp/$name.probes" 2>/dev/null
	is "probes of the $name scan" "$(wc -l <"$tmp/$name.probes")" 768
	cut -d ' ' -f 1,2 "$tmp/$name.probes" >"$tmp/$name.order"
done
same "the two orders" "$tmp/third.order" "$tmp/second.order"
paste -d ' ' "$tmp/second.probes" "$tmp/third.probes" >"$tmp/both"
# by chance, one in 6 million such pairs of scans has a sequence number in common
is "probes with the same sequence number" "$(awk '$3 == $7' "$tmp/both" | wc -l)" 0
# of 28,233 ports; one in 10^9 such pairs of scans has five or more in common
same_port=$(awk '$4 == $8' "$tmp/both" | wc -l)
((same_port < 5)) || fail "$same_port probes with the same source port"
