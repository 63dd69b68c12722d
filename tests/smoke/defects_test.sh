#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What other scanners get wrong, and options that promise much, on devices inside the process:
# no root, no network. The numbers are those of tests/usage/defects.txt.

. "$(dirname "$0")/_init.sh"
needs jq tshark

net=(--allow-special 10.0.0.0/8)

# pcap NAME ARGUMENT...: a scan whose probes go to $tmp/NAME.pcap
pcap() {
	local name=$1
	shift
	scan "$name" -i "pcap:$tmp/$name.pcap" "${net[@]}" --source-mac 02:00:00:00:00:01 \
		--gateway-mac 02:00:00:00:00:02 --rate max --cooldown 0s "$@"
}

# probes NAME FIELD...: these of each probe, one a line, in the order of sending
probes() {
	local name=$1 field fields=()
	shift
	for field in "$@"; do fields+=(-e "$field"); done
	tshark -n -r "$tmp/$name.pcap" -T fields -E separator=' ' "${fields[@]}" 2>/dev/null
}

# true_states DEVICE ARGUMENT...: what peal list --truth says of those who answer, as states has it
true_states() {
	peal list --truth -i "$@" "${net[@]}" --format ndjson -q |
		jq -r 'select(.state != "silent") | "\(.saddr) \(.sport) \(.state)"' | LC_ALL=C sort
}

say "Z4: a percentage is a share of the targets, and 0 is not one"
is "half of a /29" "$(peal list 198.18.0.0/29 --allow-special 198.18.0.0/15 -p 80 -n 50% -q | sort -u | wc -l)" 4
is "half of a /29 less three" "$(peal list 198.18.0.0/29 -x 198.18.0.1,198.18.0.5-198.18.0.6 \
	--allow-special 198.18.0.0/15 -p '80,81' -n 50% -q | sort -u | wc -l)" 5
scan quota -i sim 10.7.0.0/20 "${net[@]}" -p 80 -n 25% --rate max --cooldown 0s
is "sent and exit_reason" "$(summary quota '"\(.sent) \(.exit_reason)"')" "1024 max-targets"
scan count -i sim 10.7.0.0/20 "${net[@]}" -p 80 -n 77 --rate max --cooldown 0s
is "sent" "$(summary count .sent)" 77
expect 64 peal scan -i sim 10.7.0.0/20 "${net[@]}" -p 80 -n 0

say "Z8: each target behind one router has its own record, and every state is the truth"
silent=sim:alive=0.3,icmp=0.5,rtt=5ms
scan truth -i $silent 10.7.0.0/20 "${net[@]}" -p '22,80,443,9999' --rate 50k --cooldown 1s \
	-f saddr,sport,state,icmp_responder
states truth >"$tmp/got"
true_states $silent 10.7.0.0/20 -p '22,80,443,9999' >"$tmp/want"
same "the records and the truth" "$tmp/got" "$tmp/want"
cut -d ' ' -f 3 "$tmp/want" | sort | uniq -c | tee "$tmp/kinds"
is "kinds of states" "$(wc -l <"$tmp/kinds")" 4
jq -es 'map(select(.state == "unreachable")) | group_by(.icmp_responder) | map(length) | max > 100' \
	"$tmp/truth.ndjson" >/dev/null || fail "no router answers for many targets: this proves nothing"

say "Z9: hosts that play tricks: an RST first hides no open port, and nothing is made up"
hostile=sim:alive=0.3,icmp=0.5,hostile=0.5,rtt=5ms
scan hostile -i $hostile 10.7.0.0/20 "${net[@]}" -p '22,80,443,9999' --rate 20k --cooldown 2s
states hostile >"$tmp/got"
true_states $hostile 10.7.0.0/20 -p '22,80,443,9999' >"$tmp/want"
LC_ALL=C comm -13 "$tmp/got" "$tmp/want" >"$tmp/missed"
same "what was missed, and nothing," "$tmp/missed" /dev/null
# a host may send an RST before its SYN-ACK: two states, two records
LC_ALL=C comm -23 "$tmp/got" "$tmp/want" >"$tmp/extra"
sed -n 's/ open$/ closed/p' "$tmp/want" | LC_ALL=C comm -23 "$tmp/extra" - >"$tmp/untrue"
same "what is untrue, and nothing," "$tmp/untrue" /dev/null
(($(wc -l <"$tmp/extra") > 0)) || fail "no host sent an RST first: this proves nothing"
jq -e '[.rejected | .wrong_cookie, .bare_rst, .bad_checksum, .malformed] | all(. > 0)' \
	"$tmp/hostile.json" >/dev/null || fail "no tricks were played: $(summary hostile -c .rejected)"
jq -c '{records, repeats, rejected}' "$tmp/hostile.json"

say "Z10: each target once, after 4 x 10^6 answers on several ports"
expect 0 peal scan -i sim:alive=1,open=1,dup=1,retransmit=0 10.0.0.0/14 "${net[@]}" -p 1-4 -P 2 --sample 0 --rate max \
	--cooldown 1s -O list -o "$tmp/dup.ndjson" -m "$tmp/dup.json" -q
books dup
is "received" "$(summary dup .received)" 4194304
is "records" "$(wc -l <"$tmp/dup.ndjson")" 1048576
is "different ones" "$(LC_ALL=C sort -u "$tmp/dup.ndjson" | wc -l)" 1048576

say "Z11: the same records whatever the format and the fields"
same_scan() {
	expect 0 peal scan -i sim:dup=0.3,hostile=0.2,rtt=5ms 10.7.0.0/18 "${net[@]}" -p '80,443' -e 5 --rate 50k \
		--cooldown 1s -q "$@"
}
same_scan -O ndjson -o "$tmp/form.ndjson"
same_scan -O ndjson -f state,sport,saddr,ttl -o "$tmp/fields.ndjson"
same_scan -O csv -o "$tmp/form.csv" -f saddr,sport,state
same_scan -O list -o "$tmp/form.list"
states form >"$tmp/want"
states fields >"$tmp/got"
same "records with and without -f" "$tmp/got" "$tmp/want"
sed 1d "$tmp/form.csv" | tr , ' ' | LC_ALL=C sort >"$tmp/got"
same "records as CSV and NDJSON" "$tmp/got" "$tmp/want"
tr ':\t' '  ' <"$tmp/form.list" | LC_ALL=C sort >"$tmp/got"
same "records as list and NDJSON" "$tmp/got" "$tmp/want"

say "Z18: round-trip times and attempts, though the cookie has all its bits"
scan rtt -i sim:rtt=40ms,alive=1,open=0.5,loss=0.3,retransmit=0 10.7.0.0/20 "${net[@]}" -p 1000 -P 3 \
	--rate 10k --cooldown 2s -f saddr,sport,rtt_us,attempt
# sim's times: median 40 ms and up to an eighth more, none below an eighth; a busy machine adds some
jq -es 'map(.rtt_us) | sort | .[0] >= 4900 and .[length / 2 | floor] >= 38000 and .[length / 2 | floor] < 400000' \
	"$tmp/rtt.ndjson" >/dev/null || fail "rtt_us: $(jq -s -c 'map(.rtt_us) | sort | [.[0], .[length / 2 | floor], last]' "$tmp/rtt.ndjson")"
for attempt in 1 2 3; do
	jq -s -c --argjson a $attempt 'map(select(.attempt == $a).rtt_us) | sort | [$a, length, .[0], .[length / 2 | floor]]' \
		"$tmp/rtt.ndjson" | tee "$tmp/attempt"
	jq -e '.[1] > 100 and .[3] >= 38000 and .[3] < 400000' "$tmp/attempt" >/dev/null || fail "attempt $attempt"
done
is "attempts" "$(jq .attempt "$tmp/rtt.ndjson" | sort -u | tr '\n' ' ')" "1 2 3 "

say "Z19: thousands of source addresses, empty lines in a list, times in UTC"
pcap sources 10.7.0.0/16 -p 80 -S 10.200.0.0/16
probes sources ip.src | LC_ALL=C sort -u >"$tmp/got"
(($(wc -l <"$tmp/got") > 10000)) || fail "only $(wc -l <"$tmp/got") source addresses"
is "sources of others" "$(grep -cv '^10\.200\.' "$tmp/got" || true)" 0
printf '\n# a comment\n10.7.0.9\n\n  10.7.0.8  # another\n\n' >"$tmp/gaps"
is "targets of a list with gaps" "$(peal list -I "$tmp/gaps" "${net[@]}" -p 80 -q | sort | tr '\n' ' ')" \
	"10.7.0.8:80 10.7.0.9:80 "
start=$(date +%s)
TZ=Asia/Kolkata expect 0 peal scan -i sim:alive=1 10.7.0.0/28 "${net[@]}" -p 80 -q --cooldown 1s -O ndjson \
	-f timestamp_str,timestamp_ts,timestamp_us -o "$tmp/times"
[[ -s $tmp/times ]] || fail "no record"
jq -es --argjson from "$start" --argjson to "$(date +%s)" 'all(
	.timestamp_ts >= $from and .timestamp_ts <= $to
	and .timestamp_str == (.timestamp_ts | todate | rtrimstr("Z")) + .timestamp_str[19:]
	and .timestamp_str[20:] == "\(.timestamp_us / 1000 | floor + 1000)"[1:] + "+0000")' "$tmp/times" >/dev/null ||
	fail "times: $(head -n 1 "$tmp/times")"

say "M2: -P 3 probes each target three times, pass after pass"
pcap passes 10.7.0.0/20 -p '80,443' -P 3 -S 10.200.0.1
probes passes ip.dst tcp.dstport >"$tmp/all"
is "probes" "$(wc -l <"$tmp/all")" 24576
for pass in 0 1 2; do
	is "targets of pass $pass" "$(sed -n "$((pass * 8192 + 1)),$((pass * 8192 + 8192))p" "$tmp/all" |
		LC_ALL=C sort -u | wc -l)" 8192
done
is "probes a target" "$(LC_ALL=C sort "$tmp/all" | uniq -c | awk '{ print $1 }' | sort -u)" 3

say "M3: a scan's shard is the one that list prints, in its order"
part=(10.7.0.0/22 -p '80,443' -e 11 --shard 1/3)
pcap shard "${part[@]}" -S 10.200.0.1
probes shard ip.dst tcp.dstport | tr ' ' : >"$tmp/got"
peal list "${part[@]}" "${net[@]}" -q >"$tmp/want"
same "a shard's probes and its list" "$tmp/got" "$tmp/want"

say "L1: what list prints, list and scan read; a dry run sends nothing"
peal list 10.7.0.0/22 "${net[@]}" -p '22,80' -q | LC_ALL=C sort >"$tmp/want"
is "lines" "$(LC_ALL=C sort -u "$tmp/want" | wc -l)" 2048
peal list -I - "${net[@]}" -q <"$tmp/want" | LC_ALL=C sort >"$tmp/got"
same "the list and the list of the list" "$tmp/got" "$tmp/want"
pcap listed -I - -S 10.200.0.1 <"$tmp/want"
probes listed ip.dst tcp.dstport | tr ' ' : | LC_ALL=C sort >"$tmp/got"
same "the list and the probes of its scan" "$tmp/got" "$tmp/want"
expect 0 peal scan -i "pcap:$tmp/dry.pcap" 10.7.0.0/20 "${net[@]}" -p 80 -S 10.200.0.1 --dry-run -q \
	--gateway-mac 02:00:00:00:00:02 --rate max --cooldown 0s -O ndjson -o "$tmp/dry.ndjson" -m "$tmp/dry.json"
books dry
is "sent" "$(summary dry .sent)" 0
[[ ! -s $tmp/dry.pcap ]] || fail "a dry run wrote $(wc -c <"$tmp/dry.pcap") bytes of probes"

say "-N and -t: stop early, cleanly"
# early NAME REASON ARGUMENT...
early() {
	local name=$1 reason=$2
	shift 2
	expect 0 peal scan -i sim:alive=1 10.7.0.0/16 "${net[@]}" -p 80 -q --cooldown 1s -O ndjson \
		-o "$tmp/$name.ndjson" -m "$tmp/$name.json" "$@"
	books "$name"
	is "$name: exit_reason, complete" "$(summary "$name" '"\(.exit_reason) \(.complete)"')" "$reason false"
	(($(summary "$name" .not_reached) > 0)) || fail "$name: it did not stop early"
}
early results max-results -N 100 --rate 20k
is "records" "$(wc -l <"$tmp/results.ndjson")" 100
early runtime max-runtime -t 1s --rate 2k
(($(summary runtime .sent) <= 2400)) || fail "$(summary runtime .sent) probes in 1 s at 2 k"

say "--contact and --purpose: asked for above 10^6 targets on a real device, before it is touched"
# memif is another process, maybe a switch with uplinks: real. Nobody is at this socket.
large=(10.7.0.0/16 "${net[@]}" -S 10.200.0.1 --gateway-mac 02:00:00:00:00:02 -q)
real=(-i "memif:$tmp/socket" "${large[@]}")
for who in "" "--contact=a@example.org" "--purpose=study"; do
	expect 78 peal scan "${real[@]}" -p 1-16 ${who:+"$who"}
	grep -q -- '--contact and --purpose' "$tmp/err" || fail "it says: $(cat "$tmp/err")"
done
expect 69 peal scan "${real[@]}" -p 1-16 --contact a@example.org --purpose study
expect 69 peal scan "${real[@]}" -p 1-16 -n 1000000
expect 78 peal scan "${real[@]}" -p 1-16 -n 1000001
expect 0 peal scan -i "null" "${large[@]}" -p 1-16 -m "$tmp/null.json" --rate max --cooldown 0s
scan people -i sim 10.7.0.0/24 "${net[@]}" -p 80 --cooldown 0s --contact a@example.org --purpose study
is "contact and purpose" "$(summary people '"\(.contact) \(.purpose)"')" "a@example.org study"
