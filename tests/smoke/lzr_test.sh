#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The stream that LZR reads, field by field, with ZMap's own filter expression and no RST from us;
# and the list that ZGrab2 reads.

. "$(dirname "$0")/_init.sh"
needs tcpdump tshark
network

say "LZR: integers and strings as it wants them"
# an address that the kernel does not own, or it would send RSTs itself
ip netns exec host tcpdump -i host0 -n -w "$tmp/lzr.pcap" tcp 2>"$tmp/tcpdump.err" &
dump=$!
wait_for 10 grep -q 'listening on' "$tmp/tcpdump.err"
scan lzr -i scan0 198.18.9.0/24 --allow-special 198.18.0.0/15 -p '80,81' -S 198.19.0.9 \
	--rst never --cooldown 2s -f saddr,daddr,sport,dport,seqnum,acknum,window \
	--filter "success = 1 && repeat = 0"
kill -TERM $dump
wait $dump || true
is "records" "$(wc -l <"$tmp/lzr.ndjson")" 256
jq -es 'all(
	(keys == ["acknum", "daddr", "dport", "saddr", "seqnum", "sport", "window"])
	and ([.saddr, .daddr] | all(type == "string"))
	and ([.sport, .dport, .seqnum, .acknum, .window] | all(type == "number" and . == floor and . >= 0))
	and .sport == 80 and .daddr == "198.19.0.9" and .dport >= 1024 and .window > 0)' \
	"$tmp/lzr.ndjson" >/dev/null || fail "not what LZR reads: $(head -n 1 "$tmp/lzr.ndjson")"

# each record against the packets themselves
jq -r '"\(.saddr) \(.dport) \(.seqnum) \(.acknum) \(.window)"' "$tmp/lzr.ndjson" | LC_ALL=C sort >"$tmp/got"
tshark -n -r "$tmp/lzr.pcap" -o tcp.relative_sequence_numbers:FALSE -o tcp.calculate_timestamps:FALSE \
	-Y 'tcp.flags.syn == 1 && tcp.flags.ack == 1' -T fields -E separator=' ' \
	-e ip.src -e tcp.dstport -e tcp.seq_raw -e tcp.ack_raw -e tcp.window_size_value 2>/dev/null |
	LC_ALL=C sort >"$tmp/want"
same "the records and the SYN-ACKs on the wire" "$tmp/got" "$tmp/want"
is "RSTs from us" "$(tshark -n -r "$tmp/lzr.pcap" -Y 'ip.src == 198.19.0.9 && tcp.flags.reset == 1' 2>/dev/null | wc -l)" 0

say "--rst always: each SYN-ACK is answered by one RST"
ip netns exec host tcpdump -i host0 -n -w "$tmp/rst.pcap" tcp 2>"$tmp/tcpdump.err" &
dump=$!
wait_for 10 grep -q 'listening on' "$tmp/tcpdump.err"
scan rst -i scan0 198.18.9.0/24 --allow-special 198.18.0.0/15 -p '80' -S 198.19.0.9 --rst always --cooldown 2s
kill -TERM $dump
wait $dump || true
is "hosts that got a RST" "$(tshark -n -r "$tmp/rst.pcap" -Y 'ip.src == 198.19.0.9 && tcp.flags.reset == 1' \
	-T fields -e ip.dst 2>/dev/null | sort -u | wc -l)" 256

say "CSV for ZGrab2 and ztee: a header line, one address a line"
expect 0 peal scan -i scan0 198.18.9.0/28 --allow-special 198.18.0.0/15 -p 80 --open -O csv -f saddr,sport \
	--cooldown 1s -o "$tmp/csv"
is "header" "$(head -n 1 "$tmp/csv")" saddr,sport
is "rows" "$(sed 1d "$tmp/csv" | grep -cE '^198\.18\.9\.[0-9]+,80$')" 16
