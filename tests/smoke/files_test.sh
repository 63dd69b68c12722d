#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A file that cannot be written is found before anything is sent, in one line with status 74, and a
# scan that cannot start leaves the records of the one before as they are. What a summary has of its
# job repeats the scan's order.

. "$(dirname "$0")/_init.sh"
needs jq

args=(10.7.0.0/24 --allow-special 10.0.0.0/8 -p 80 -q --rate max --cooldown 1s -O ndjson)
echo "the records of before" >"$tmp/out"

# refused CODE OPTION...: one line, the old records are there, and nothing was made beside them
refused() {
	local before
	before=$(ls "$tmp")
	expect "$1" timeout 20 "$PEAL" scan "${args[@]}" -o "$tmp/out" "${@:2}"
	is "lines of the message of ${*:2}" "$(wc -l <"$tmp/err")" 1
	is "what was in the output of ${*:2}" "$(cat "$tmp/out")" "the records of before"
	is "files" "$(ls "$tmp")" "$before"
}

mkdir "$tmp/folder"
: >"$tmp/err"
say "files that cannot be written"
refused 74 -i sim -m "$tmp/nonesuch/summary"
refused 74 -i sim -m "$tmp/folder"
refused 74 -i sim -u "$tmp/nonesuch/status"
refused 74 -i sim -u "$tmp/folder"
refused 74 -i sim -l "$tmp/nonesuch/log"
expect 74 timeout 20 "$PEAL" scan -i sim "${args[@]}" -o "$tmp/folder"

say "devices that cannot be opened"
refused 69 -i memif:/nonesuch.sock -S 192.0.2.1

say "a scan that starts replaces them"
expect 0 "$PEAL" scan -i sim "${args[@]}" -o "$tmp/out"
! grep -q before "$tmp/out" || fail "the old records are still there"
records=$(wc -l <"$tmp/out")

say "and what the shell opened to append is appended to"
"$PEAL" scan -i sim "${args[@]}" >>"$tmp/out"
is "lines" "$(wc -l <"$tmp/out")" $((2 * records))

say "a status file that fails meanwhile: one warning, all records, 74"
expect 74 "$PEAL" scan -i sim 10.7.0.0/24 --allow-special 10.0.0.0/8 -p 80 -q --rate 200 --cooldown 2s -O list \
	-u /dev/full -m "$tmp/full.json" >"$tmp/full"
is "lines of the message" "$(wc -l <"$tmp/err")" 1
grep -q 'status-file.*No space left' "$tmp/err" || fail "it said: $(cat "$tmp/err")"
is "complete" "$(summary full .complete)" true
is "records" "$(wc -l <"$tmp/full")" "$(summary full .records)"

say "the job of a summary repeats the order, whatever the seed"
targets=(10.7.0.0/24 --allow-special 10.0.0.0/8 -p 80)
for seed in "" 18446744073709551615; do
	scan first -i sim "${targets[@]}" -q --rate max --cooldown 1s ${seed:+-e $seed}
	jq .job "$tmp/first.json" >"$tmp/job.json"
	peal list -C "$tmp/job.json" >"$tmp/order"
	peal list "${targets[@]}" -e "$(summary first .seed)" >"$tmp/want"
	same "the order" "$tmp/order" "$tmp/want"
done

say "a pipe that nobody reads: it says that it waits, TERM and INT end it at once, with 75"
mkfifo "$tmp/pipe"
# waits OPTION...: a scan in the background that says it waits for the pipe's reader; $scan is its process
waits() {
	timeout -k 5 60 "$PEAL" scan -i sim "${args[@]}" "$@" 2>"$tmp/err" &
	scan=$!
	wait_for 30 grep -q "$tmp/pipe: a pipe that nobody reads; waiting for a reader" "$tmp/err"
}
# ended CODE TEXT: it did, and said so
ended() {
	local got=0
	wait $scan || got=$?
	is "exit status" "$got" "$1"
	grep -q "$2" "$tmp/err" || fail "it said: $(cat "$tmp/err")"
}
for signal in TERM INT; do
	waits -o "$tmp/pipe"
	kill -$signal $scan # timeout hands it on
	ended 75 "stopped before anybody read $tmp/pipe"
	waits -o "$tmp/out" --capture "$tmp/pipe"
	kill -$signal $scan
	ended 75 "stopped before anybody read $tmp/pipe"
	waits -o "$tmp/out" -m "$tmp/pipe" # after the scan: the records are whole
	kill -$signal $scan
	ended 74 "cannot open the summary $tmp/pipe"
	is "records" "$(wc -l <"$tmp/out")" "$records"
done

say "and a reader that comes late gets all"
waits -o "$tmp/pipe"
cat "$tmp/pipe" >"$tmp/late"
ended 0 ""
is "records" "$(wc -l <"$tmp/late")" "$records"
