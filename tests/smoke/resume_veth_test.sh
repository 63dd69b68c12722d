#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# resume_test.sh against a Linux host: killed scans go on and find all, those stopped in order send
# each probe once, as the host counts them, and what was opted out while a scan ran stays so.

. "$(dirname "$0")/_init.sh"
. "$(dirname "$0")/_resume.sh"
needs jq
network

kills=5
[[ ${PEAL_TEST_LONG:-} ]] && kills=30

job=(-i scan0 198.18.0.0/17 --allow-special 198.18.0.0/15 -p '80,81' -e 7 --rate 30k --cooldown 1s)
truth 17 | awk '$2 < 83' >"$tmp/want"
random=${PEAL_TEST_SEED:-$RANDOM}
RANDOM=$random
say "\$PEAL_TEST_SEED=$random makes the same kills"

# resume NAME: to the end
resume() {
	expect 0 timeout 60 "$PEAL" resume "$tmp/$1.state"
	cp "$tmp/$1.state/summary.json" "$tmp/$1.json"
	books "$1"
	is "$1: complete" "$(summary "$1" .complete)" true
}

say "killed at $kills instants"
for ((i = 0; i < kills; i++)); do
	begin kill
	wait_for 20 test -s "$tmp/kill.ndjson"
	sleep "$((RANDOM % 3)).$((RANDOM % 10))"
	kill -KILL $scan
	ended kill 137
	resume kill
	states kill >"$tmp/got"
	same "records" "$tmp/got" "$tmp/want"
	is "sent" "$(summary kill .sent)" 65536
	(($(summary kill .resent) <= 30000 * 38 / 10 + 4096)) || fail "probed again: $(summary kill .resent)"
done

say "stopped in order, twice: the host sees each probe once"
before=$(counter probes)
begin stop
wait_for 20 test -s "$tmp/stop.ndjson"
kill -TERM $scan
ended stop 75
"$PEAL" resume "$tmp/stop.state" -r 20k -m "$tmp/stop.json" 2>"$tmp/stop.err" &
scan=$!
sleep 1
kill -TERM $scan
ended stop 75
books stop
resume stop
is "resent" "$(summary stop .resent)" 0
is "probes that the host saw" "$(($(counter probes) - before))" 65536
states stop >"$tmp/got"
same "records" "$tmp/got" "$tmp/want"

say "opted out while the scan ran: still so after a kill, when the file is gone"
echo 198.18.127.0/24 >"$tmp/block"
exclude 198.18.127.0/24
begin hup -b "$tmp/block"
wait_for 20 test -s "$tmp/hup.ndjson"
echo 198.18.64.0/18 >>"$tmp/block"
kill -HUP $scan
wait_for 5 test -e "$tmp/hup.state/optout"
sleep 0.3
exclude 198.18.64.0/18
sleep 0.5
kill -KILL $scan
ended hup 137
rm "$tmp/block"
resume hup
(($(summary hup .opted_out) > 0)) || fail "no target was opted out"
