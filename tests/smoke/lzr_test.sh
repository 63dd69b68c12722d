#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The stream that LZR reads, field by field, with the options that it tells to give ZMap and no RST
# from us; the lists that ZGrab2 and ztee read; and ZMap's filter expressions.

. "$(dirname "$0")/_init.sh"
needs tcpdump tshark
network

say "LZR: integers and strings as it wants them"
# an address that the kernel does not own, or it would send RSTs itself
ip netns exec host tcpdump -i host0 -n -w "$tmp/lzr.pcap" tcp 2>"$tmp/tcpdump.err" &
dump=$!
wait_for 10 grep -q 'listening on' "$tmp/tcpdump.err"
scan lzr -i scan0 198.18.9.0/24 --allow-special 198.18.0.0/15 -p '80,81' -S 198.19.0.9 \
	--rst never --cooldown 2s -f "saddr,daddr,sport,dport,seqnum,acknum,window" \
	--output-filter="success = 1 && repeat = 0"
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

say "LZR: the options it tells to give ZMap, word for word, on stdout"
targets=(-i scan0 198.18.9.0/24 --allow-special 198.18.0.0/15 -S 198.19.0.9)
expect 0 peal scan "${targets[@]}" -p '80,81' --rst never --cooldown 2s -q \
	-f "saddr,daddr,sport,dport,seqnum,acknum,window" -O json --output-filter="success = 1 && repeat = 0" \
	>"$tmp/stdout"
is "order of fields" "$(jq -c keys_unsorted "$tmp/stdout" | sort -u)" \
	'["saddr","daddr","sport","dport","seqnum","acknum","window"]'
is "open ports" "$(jq -r '"\(.saddr):\(.sport)"' "$tmp/stdout" | LC_ALL=C sort | md5sum)" \
	"$(peal list "${targets[@]:2:3}" -p 80 -q | LC_ALL=C sort | md5sum)"

say "ZGrab2: IP, DOMAIN, TAG, PORT, without a header; ztee: with one"
expect 0 peal scan "${targets[@]}" -p '80,81,83' --open --cooldown 2s -q -O csv -f saddr,sport -o "$tmp/csv"
is "header" "$(head -n 1 "$tmp/csv")" saddr,sport
sed '1d;s/,/,,,/' "$tmp/csv" >"$tmp/zgrab"
is "lines that are not four fields: an address, nothing, nothing, a port" \
	"$(awk -F , '!(NF == 4 && $1 ~ /^198\.18\.9\.[0-9]+$/ && $2 == "" && $3 == "" && $4 == "80")' "$tmp/zgrab")" ""
awk -F , '{ print $1, $4, "open" }' "$tmp/zgrab" | LC_ALL=C sort >"$tmp/got"
truth 16 | grep -E '^198\.18\.9\.[0-9]+ [0-9]+ open$' >"$tmp/want"
same "the lines and the open ports" "$tmp/got" "$tmp/want"

say "ZMap's filter expressions choose the records that the truth has for them"
truth 16 | grep -E '^198\.18\.9\.' >"$tmp/truth"
# filter EXPRESSION AWK: what a scan with it records, and which lines of the truth that should be
filter() {
	echo "$1"
	scan filter "${targets[@]}" -p '80,81,83' --cooldown 1s --output-filter="$1"
	states filter >"$tmp/got"
	awk "$2" "$tmp/truth" >"$tmp/want"
	same "the records and what the filter asks for" "$tmp/got" "$tmp/want"
}
# shellcheck disable=SC2016 # the dollars are awk's
filters() {
	filter 'success = 1 && repeat = 0' '$3 == "open"'
	filter 'classification = synack' '$3 == "open"'
	filter 'classification = rst || classification = icmp' '$3 != "open"'
	filter 'classification != icmp && sport > 80' '$2 > 80 && $3 == "closed"'
	filter '(sport = 80 || sport = 83) && success = 0 && repeat = 0' '$2 == 83'
	filter 'icmp_type = 3 && icmp_code >= 13' '$3 == "filtered" && substr($1, 10) % 4 == 0'
}
filters
expect 64 peal scan "${targets[@]}" -p 80 --output-filter='saddrs = 1'
expect 64 peal scan "${targets[@]}" -p 80 --output-filter='sport = http'
