#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What can happen to a running scan: INT once and twice, TERM, KILL, USR1, HUP with a blocklist that
# has grown, a consumer that goes away, is slow, or has no room. Nothing that was recorded is lost,
# the books balance, and the exit status says what happened.

. "$(dirname "$0")/_init.sh"
needs timeout
network

long=(-i scan0 198.18.0.0/16 --allow-special 198.18.0.0/15 -p '80,81' -O ndjson)

# start NAME OPTION...: a scan in the background; $scan is its process
start() {
	local name=$1
	shift
	rm -f "$tmp/$name.ndjson"
	"$PEAL" scan "${long[@]}" -o "$tmp/$name.ndjson" -m "$tmp/$name.json" "$@" 2>"$tmp/$name.err" &
	scan=$!
	wait_for 10 test -s "$tmp/$name.ndjson"
}

# ended CODE: waits for it
ended() {
	local got=0 name=$2
	wait "$scan" || got=$?
	((got == $1)) || { tail -n 20 "$tmp/$name.err" >&2; fail "$name: exit status $got, wanted $1"; }
	jq -es 'all(type == "object")' "$tmp/$name.ndjson" >/dev/null || fail "$name: a line is torn"
	books "$name"
}

stopped() {
	is "$1: exit_reason" "$(summary "$1" .exit_reason)" signal
	is "$1: complete" "$(summary "$1" .complete)" false
	(($(summary "$1" .not_reached) > 0)) || fail "$1: nothing is left over: the scan was too short for this test"
	# 80 and 81 answer each probe
	is "$1: records of probes sent" "$(summary "$1" .records)" "$(summary "$1" .sent)"
}

for signal in INT TERM; do
	say "$signal once: stops sending, cools down, writes all, 75"
	start once --cooldown 2s
	kill -$signal $scan
	before=$EPOCHREALTIME
	ended 75 once
	stopped once
	awk -v t="$(echo "$EPOCHREALTIME $before" | tr -d .)" 'BEGIN { split(t, f); s = (f[1] - f[2]) / 1e6; exit !(s > 1.8 && s < 5) }' ||
		fail "the cooldown of 2 s was not kept"
done

say "INT twice: skips the cooldown"
start twice --cooldown 60s
kill -INT $scan
sleep 0.5
kill -INT $scan
before=$SECONDS
ended 75 twice
stopped twice
((SECONDS - before < 5)) || fail "the second INT did not skip the cooldown"

say "KILL: all lines but the last are whole, wherever it hits"
# killed PAUSE
killed() {
	start killed --cooldown 1s --rate 30k -f '*'
	sleep "$1"
	kill -KILL $scan
	wait $scan 2>/dev/null || true
	head -n -1 "$tmp/killed.ndjson" >"$tmp/whole"
	echo "$(wc -l <"$tmp/whole") whole lines"
	(($(wc -l <"$tmp/whole") > 1000)) || fail "it was killed before there was much to tear"
	jq -es 'all(type == "object") and (map(length) | unique | length == 1)' "$tmp/whole" >/dev/null ||
		fail "a line in the middle is torn"
	is "lines about the same target and state" "$(jq -r '"\(.saddr) \(.sport) \(.state)"' "$tmp/whole" |
		LC_ALL=C sort | uniq -d | wc -l)" 0
	[[ ! -e $tmp/killed.json ]] || fail "a killed scan has a summary"
}
killed 0.2
killed 0.5
killed 0.9

say "USR1: prints the status, and goes on"
start usr1 --cooldown 1s -n 60000 -q
kill -USR1 $scan
wait_for 5 grep -qE 'sent|%' "$tmp/usr1.err"
ended 0 usr1

say "HUP: the blocklist has grown; the last packet to the new entry leaves within 100 ms"
exclude 198.18.255.0/24
on_host nft add counter ip smoke new_entry
on_host nft add rule ip smoke watch ip daddr 198.18.128.0/17 counter name new_entry
# hup: false when packets came later than that, as they may on a machine that is busy
hup() {
	local before
	echo 198.18.255.0/24 >"$tmp/block"
	start hup --cooldown 1s -b "$tmp/block" --rate 20k
	(($(counter new_entry) > 0)) || fail "the new entry was not probed before"
	echo 198.18.128.0/17 >>"$tmp/block"
	kill -HUP $scan
	sleep 0.1
	before=$(counter new_entry)
	wait_for 5 grep -q 'HUP: the blocklist was read again' "$tmp/hup.err"
	ended 0 hup
	(($(summary hup '.opted_out // 0') > 0)) || fail "no target was opted out"
	echo "packets later than 100 ms: $(($(counter new_entry) - before))"
	(($(counter new_entry) == before))
}
hup || hup || hup || fail "in none of three scans"
smoke_safety
on_host nft flush set ip smoke excluded # the next scans may

say "a consumer that goes away: 74, at once"
start=$SECONDS status=0
{ timeout 60 "$PEAL" scan "${long[@]}" -q 2>"$tmp/pipe.err" || echo $? >"$tmp/status"; } | head -n 1 >"$tmp/one"
is "exit status" "$(cat "$tmp/status" 2>/dev/null || echo 0)" 74
is "lines before the pipe broke" "$(jq -s length "$tmp/one")" 1
((SECONDS - start < 20)) || fail "it went on sending for $((SECONDS - start)) s"

say "a full disk that is not waited for: 74, all that is there is whole lines but the last"
mkdir "$tmp/full"
mount -t tmpfs -o size=256k tmpfs "$tmp/full"
expect 74 timeout 60 "$PEAL" scan "${long[@]}" -q --on-full stop -o "$tmp/full/out" -m "$tmp/full.json"
head -n -1 "$tmp/full/out" | jq -es 'all(type == "object")' >/dev/null || fail "a torn line in the middle"
is "complete" "$(summary full .complete)" false
umount "$tmp/full"

say "a slow consumer: sending waits, nothing is lost"
mkfifo "$tmp/fifo"
# reads nothing for a while, then all of it
{ sleep 4; cat; } <"$tmp/fifo" >"$tmp/slow.ndjson" &
reader=$!
expect 0 timeout 120 "$PEAL" scan "${long[@]}" -q -o "$tmp/fifo" -m "$tmp/slow.json" --rate 60k --cooldown 2s
wait $reader
books slow
is "records" "$(summary slow .records)" 131072
is "lines that arrived" "$(wc -l <"$tmp/slow.ndjson")" 131072
