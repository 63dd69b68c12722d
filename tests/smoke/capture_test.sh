#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What --capture keeps proves the records: any reader of pcapng finds an answer for each, peal verify
# derives them again whatever format, fields and filter they have, and nothing can be changed on
# either side without its saying so. After kills, too, there is a frame for each record.

. "$(dirname "$0")/_init.sh"
. "$(dirname "$0")/_resume.sh"
needs jq xxd tshark capinfos tcpdump

special=(--allow-special 10.0.0.0/8)
quick=(-i 'sim:loss=0,rtt=10ms,icmp=0.3,dup=0.3' 10.7.0.0/20 "${special[@]}" -p '80,443' -e 7 -r 40k -c 300ms -q)

# proof NAME: nothing to find
proof() {
	"$PEAL" verify "$tmp/$1.state" >"$tmp/found" || { cat "$tmp/found" >&2; fail "$1: exit status $?"; }
	is "$1: lines told" "$(wc -l <"$tmp/found")" 2
}

# finds NAME PATTERN OPTION...: there is something to find, and this among it
finds() {
	local name=$1 pattern=$2
	shift 2
	expect 65 "$PEAL" verify "$tmp/$name.state" "$@" >"$tmp/found"
	grep -q -- "$pattern" "$tmp/found" "$tmp/err" || { head "$tmp/found" "$tmp/err" >&2; fail "not told: $pattern"; }
}

# kept NAME OPTION...: a scan with state and capture
kept() {
	local name=$1
	shift
	"$PEAL" scan "${quick[@]}" -o "$tmp/$name.out" --state-dir "$tmp/$name.state" --capture "$tmp/$name.pcapng" "$@" ||
		fail "$name: exit status $?"
}

say "an honest scan, as others read it"
kept all -f '*' -P 2
lines=$(wc -l <"$tmp/all.out")
((lines > 500)) || fail "only $lines records"
proof all
is "frames, by peal" "$(head -n 1 "$tmp/found")" "frames: $lines, no answers: 0"
is "records, by peal" "$(tail -n 1 "$tmp/found")" "records: $lines, findings: 0"
is "frames, by capinfos" "$(capinfos -rcM "$tmp/all.pcapng" | awk '/^Number of packets:/ {print $NF}')" "$lines"
is "frames, by tshark" "$(tshark -r "$tmp/all.pcapng" 2>/dev/null | wc -l)" "$lines"
is "frames, by tcpdump" "$(tcpdump -nnr "$tmp/all.pcapng" 2>/dev/null | wc -l)" "$lines"
capinfos "$tmp/all.pcapng" >"$tmp/info"
grep -q 'Capture comment: *peal .*, seed 7$' "$tmp/info" || fail "no version and seed: $(cat "$tmp/info")"
grep -q 'nanoseconds (9)' "$tmp/info" || fail "no nanoseconds"
grep -q 'Name = sim:loss=0' "$tmp/info" || fail "no device"
tshark -r "$tmp/all.pcapng" -Y 'tcp && !icmp' -T fields -e ip.src -e tcp.srcport -e tcp.seq_raw 2>/dev/null | sort >"$tmp/got"
jq -r 'select(.classification != "icmp") | "\(.saddr)\t\(.sport)\t\(.seqnum)"' "$tmp/all.out" | sort >"$tmp/want"
same "TCP answers, by tshark" "$tmp/got" "$tmp/want"

say "formats, fields, filters, shards"
kept csv -O csv -f 'saddr,sport,state,rtt_us,timestamp_us,attempt' --open
proof csv
kept list -O list --filter 'ttl > 100 || success = 1'
proof list
kept repeats --filter 'repeat = 1 || cooldown = 1' -f 'saddr,sport,state,repeat,cooldown'
(($(wc -l <"$tmp/repeats.out") > 50)) || fail "no repeats"
proof repeats
kept shard --shard 1/3 -n 500
proof shard
jq -c '{sport, saddr, ttl}' "$tmp/all.out" >"$tmp/few"
"$PEAL" verify "$tmp/all.state" --records "$tmp/few" >"$tmp/found" || fail "other fields: $(head -n 3 "$tmp/found")"
"$PEAL" verify "$tmp/csv.state" --records - >"$tmp/found" || fail "no records: $(cat "$tmp/found")"
grep -q 'not compared' "$tmp/found" || fail "records compared with what?"
"$PEAL" scan "${quick[@]}" --state-dir "$tmp/bare.state" -o "$tmp/bare"
expect 64 "$PEAL" verify "$tmp/bare.state"

say "each field changed, each line gone, twice, or in another place"
icmp=$(grep -n '"classification":"icmp"' "$tmp/all.out" | sed -n '3s/:.*//p')
tcp=$(grep -n '"state":"open"' "$tmp/all.out" | sed -n '3s/:.*//p')
for field in $(jq -r 'keys_unsorted[]' <(head -n 1 "$tmp/all.out")); do
	at=$tcp
	[[ $field == icmp* ]] && at=$icmp
	jq -c --arg f "$field" --argjson n "$at" 'if input_line_number == $n then
		.[$f] |= (if type == "number" then . + 1 elif type == "boolean" then not
			elif type == "string" then . + "x" else 0 end) else . end' "$tmp/all.out" >"$tmp/mutant"
	finds all "^line $at (frame $at): $field: got" --records "$tmp/mutant"
	is "$field: findings" "$(tail -n 1 "$tmp/found")" "records: $lines, findings: 1"
done
sed "${at}d" "$tmp/all.out" >"$tmp/mutant"
finds all "^frame $at: its record is missing" --records "$tmp/mutant"
sed "${at}p" "$tmp/all.out" >"$tmp/mutant"
finds all "^line $((at + 1)): no captured answer leads to it" --records "$tmp/mutant"
sed "${at}{h;d};\$G" "$tmp/all.out" >"$tmp/mutant"
finds all "findings: 2" --records "$tmp/mutant"
head -n $((lines / 2)) "$tmp/all.out" >"$tmp/mutant"
finds all "findings: $((lines - lines / 2))" --records "$tmp/mutant"
sed "${at}s/.*/&\x1b[31m/" "$tmp/all.out" >"$tmp/mutant"
finds all "^line $at .*: not as peal writes it" --records "$tmp/mutant"
grep -q $'\x1b' "$tmp/found" && fail "an escape was printed"
: >"$tmp/mutant"
finds all "findings: $lines" --records "$tmp/mutant"
echo nonsense >"$tmp/mutant"
finds all "no record, and no names" --records "$tmp/mutant"

say "each byte of the header and of an answer changed"
kept small -n 200 -f '*'
cp "$tmp/small.pcapng" "$tmp/mutant"
section=$((16#$(xxd -p -s 4 -l 1 "$tmp/mutant")))
iface=$((16#$(xxd -p -s $((section + 4)) -l 1 "$tmp/mutant")))
first=$((section + iface))
packet=$((16#$(xxd -p -s $((first + 4)) -l 1 "$tmp/mutant")))
passed=''
for ((i = 0; i < first + packet; i++)); do
	byte=$(xxd -p -s $i -l 1 "$tmp/small.pcapng")
	printf '%08x: %02x' $i $((16#$byte ^ 4)) | xxd -r - "$tmp/mutant"
	"$PEAL" verify "$tmp/small.state" --capture "$tmp/mutant" >"$tmp/found" 2>&1 && passed+=" $i"
	printf '%08x: %s' $i "$byte" | xxd -r - "$tmp/mutant"
done
cmp "$tmp/mutant" "$tmp/small.pcapng"
# what may pass: words for people, hardware addresses, less than a microsecond
for i in $passed; do
	((i < first || i - first == 16 || i - first == 17 || (i - first >= 28 && i - first < 40))) ||
		fail "byte $((i - first)) of a packet can be changed"
done
echo "may be changed: $(wc -w <<<"$passed") of $((first + packet)) bytes"

say "cut off, another key, another scan, no scan"
head -c -5 "$tmp/all.pcapng" >"$tmp/mutant"
finds all 'cut off' --capture "$tmp/mutant"
kept other -f '*' -P 2
finds other 'wrong_cookie' --capture "$tmp/all.pcapng" --records "$tmp/all.out"
is "proofs with another key" "$(grep -c '^frame.*wrong_cookie' "$tmp/found")" "$lines"
finds csv 'no answer to a probe of this scan' --capture "$tmp/all.pcapng"
finds all 'No such file' --capture "$tmp/nothing"
mkdir "$tmp/empty.state"
expect 65 "$PEAL" verify "$tmp/empty.state"
sed -i 's/"seed": *7/"seed":8/' "$tmp/other.state/job.json"
finds other 'not the job that the checkpoint belongs to'

say "nothing is sent when it cannot be written, and no file is emptied"
echo precious >"$tmp/precious"
expect 74 "$PEAL" scan "${quick[@]}" -o "$tmp/precious" --capture /nowhere/at/all
expect 64 "$PEAL" scan "${quick[@]}" -o "$tmp/x" --capture "$tmp/precious" -f nosuch
is "precious" "$(cat "$tmp/precious")" precious
expect 74 "$PEAL" scan "${quick[@]}" -o "$tmp/x" --capture /dev/full
grep -q -- '--capture: /dev/full: No space left' "$tmp/err" || fail "$(cat "$tmp/err")"

say "killed, and gone on with"
job=(-i 'sim:loss=0,rtt=10ms' 10.7.0.0/18 "${special[@]}" -p '80,443' -e 7 -r 60k -c 300ms -f 'saddr,sport,state,ttl,rtt_us'
	--capture "$tmp/kill.pcapng")
begin calm
ended calm 0
states calm >"$tmp/want"
kills=4
[[ ${PEAL_TEST_LONG:-} ]] && kills=40
for ((i = 0; i < kills; i++)); do
	begin kill
	wait_for 20 test -s "$tmp/kill.ndjson"
	kill_after $((RANDOM % 500)) KILL
	ended kill
	# as if it had been in the middle of a block
	dd if="$tmp/small.pcapng" of="$tmp/kill.pcapng" bs=1 skip=$first count=$((i * 9)) oflag=append \
		conv=notrunc status=none
	finish kill
	states kill >"$tmp/got"
	same "records" "$tmp/got" "$tmp/want"
	proof kill
	is "frames, by tshark" "$(tshark -r "$tmp/kill.pcapng" 2>/dev/null | wc -l)" "$(wc -l <"$tmp/kill.ndjson")"
done
