#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A disk that fills up, with records and state on it: the scan waits for room, or stops with 74 and
# goes on when there is room again; so does one whose files may not grow, or whose reader left. A
# reader that is slow, stalls, and is fast in the end gets everything. Whatever happened, the
# records are those of a scan to which nothing did, and none is there twice.

. "$(dirname "$0")/_init.sh"
[[ $(id -u) == 0 ]] || skip "root is needed for a small disk"
needs jq unshare mount
if [[ ${SMOKE_OUTSIDE:-} == "" || $(readlink /proc/self/ns/mnt) == "$SMOKE_OUTSIDE" ]]; then
	smoke_cleanup
	SMOKE_OUTSIDE=$(readlink /proc/self/ns/mnt) exec unshare --mount --propagation private bash "$0"
fi
at_exit() {
	umount -l "$tmp/disk" 2>/dev/null || true
}

common=(--allow-special 10.0.0.0/8 -p '80,443' --cooldown 400ms -f 'saddr,sport,state,ttl' -q)
job=(-i 'sim:loss=0,rtt=10ms,alive=1,closed=1' 10.7.0.0/19 -e 7 --rate 20k "${common[@]}")

# disk: an empty one of 128 KiB, for records and state
disk() {
	umount "$tmp/disk" 2>/dev/null || mkdir "$tmp/disk"
	mount -t tmpfs -o size=128k tmpfs "$tmp/disk"
}

# room: there is plenty from now on
room() {
	mount -o remount,size=64m "$tmp/disk"
}

# begin NAME OPTION...: in the background; $scan is its process
begin() {
	local name=$1
	shift
	disk
	"$PEAL" scan "${job[@]}" -o "$tmp/disk/out" --state-dir "$tmp/disk/state" "$@" 2>"$tmp/$name.err" &
	scan=$!
}

# ended NAME CODE: waits for it
ended() {
	local got=0
	wait $scan || got=$?
	((got == $2)) || { cat "$tmp/$1.err" >&2; fail "$1: exit status $got, wanted $2"; }
}

# whole NAME: nothing is missing, nothing is there twice, the books balance
whole() {
	cp "$tmp/disk/out" "$tmp/$1.ndjson"
	cp "$tmp/disk/state/summary.json" "$tmp/$1.json"
	states "$1" >"$tmp/got"
	same "$1: records" "$tmp/got" "$tmp/want"
	books "$1"
	is "$1: complete" "$(summary "$1" .complete)" true
}

# goes_on NAME: with room, to the end
goes_on() {
	room
	expect 0 timeout -k 5 60 "$PEAL" resume "$tmp/disk/state"
	whole "$1"
}

say "undisturbed"
scan calm "${job[@]}"
states calm >"$tmp/want"
(($(wc -c <"$tmp/calm.ndjson") > 512 * 1024)) || fail "the disk would not be full"

say "wait: says so once, and goes on when there is room"
begin wait
wait_for 30 grep -q 'the disk is full' "$tmp/wait.err"
sleep 1
kill -0 $scan || fail "it did not wait"
room
ended wait 0
whole wait
is "resent" "$(summary wait .resent)" 0
is "lines that say so" "$(grep -c 'disk/out: the disk is full' "$tmp/wait.err")" 1

say "wait, and killed meanwhile"
begin killed
wait_for 30 grep -q 'the disk is full' "$tmp/killed.err"
kill -KILL $scan
{ wait $scan || true; } 2>/dev/null
goes_on killed

say "wait, until INT says twice not to"
begin given_up
wait_for 30 grep -q 'the disk is full' "$tmp/given_up.err"
kill -INT $scan
sleep 1
kill -0 $scan || fail "it gave the records up at the first INT"
for ((i = 0; i < 100; i++)); do
	kill -INT $scan 2>/dev/null || break
	sleep 0.1
done
ended given_up 74
grep -q 'No space left' "$tmp/given_up.err" || fail "it said: $(cat "$tmp/given_up.err")"
goes_on given_up

say "stop: 74"
begin stop --on-full stop
ended stop 74
grep -q 'No space left' "$tmp/stop.err" || fail "it said: $(cat "$tmp/stop.err")"
goes_on stop

say "answers that are captured on a full disk: the same, and a frame for each record in the end"
mkdir "$tmp/frames"
# captured NAME OPTION...: as begin, but what is full is another disk, for the frames
captured() {
	umount "$tmp/frames" 2>/dev/null || true
	mount -t tmpfs -o size=128k tmpfs "$tmp/frames"
	begin "$@" --capture "$tmp/frames/capture"
	room
}
# proven: peal verify has nothing to find
proven() {
	"$PEAL" verify "$tmp/disk/state" >"$tmp/found" || fail "$(head "$tmp/found")"
}
captured frames
wait_for 30 grep -q -- '--capture: .*/capture: the disk is full' "$tmp/frames.err"
mount -o remount,size=64m "$tmp/frames"
ended frames 0
whole frames
proven
captured frames --on-full stop
ended frames 74
grep -q -- '--capture: .*/capture: No space left' "$tmp/frames.err" || fail "it said: $(cat "$tmp/frames.err")"
mount -o remount,size=64m "$tmp/frames"
goes_on frames
proven
umount "$tmp/frames"

say "files that may not grow: 74"
(
	ulimit -f 64 # KiB
	expect 74 "$PEAL" scan "${job[@]}" -o "$tmp/disk/limit" --state-dir "$tmp/disk/limit.state"
	grep -q 'File too large' "$tmp/err" || fail "it said: $(cat "$tmp/err")"
)
expect 0 timeout -k 5 60 "$PEAL" resume "$tmp/disk/limit.state"
mv "$tmp/disk/limit" "$tmp/limit.ndjson"
states limit >"$tmp/got"
same "records" "$tmp/got" "$tmp/want"

say "a reader that leaves: 74; what it may not have read comes again"
disk
room
{ "$PEAL" scan "${job[@]/400ms/10s}" -O ndjson --state-dir "$tmp/disk/state" 2>"$tmp/err" || echo $? >"$tmp/status"; } |
	head -n 1 >"$tmp/one"
is "exit status" "$(cat "$tmp/status")" 74
grep -q 'Broken pipe' "$tmp/err" || fail "it said: $(cat "$tmp/err")"
expect 0 timeout -k 5 60 "$PEAL" resume "$tmp/disk/state" --cooldown 400ms >"$tmp/pipe.rest"
cat "$tmp/one" "$tmp/pipe.rest" >"$tmp/pipe.ndjson"
states pipe | LC_ALL=C sort -u >"$tmp/got"
same "records" "$tmp/got" "$tmp/want"

say "a reader that is slow, stalls, and is fast in the end gets all, and nothing is dropped meanwhile"
flood=(-i 'sim:loss=0,rtt=10ms,alive=1,closed=1' 10.7.0.0/17 --rate 100k "${common[@]}")
mkfifo "$tmp/fifo"
stall=2
[[ ${PEAL_TEST_LONG:-} ]] && stall=30
{
	for _ in 1 2 3; do
		dd bs=1000 count=1 iflag=fullblock status=none
		sleep 1
	done
	sleep $stall
	cat
} <"$tmp/fifo" >"$tmp/slow.ndjson" &
reader=$!
expect 0 timeout -k 5 120 "$PEAL" scan "${flood[@]}" -o "$tmp/fifo" -m "$tmp/slow.json"
wait $reader
books slow
states slow >"$tmp/got"
"$PEAL" list 10.7.0.0/17 --allow-special 10.0.0.0/8 -p '80,443' -q | awk -F: '{ print $1, $2 }' | LC_ALL=C sort >"$tmp/all"
cut -d' ' -f1,2 "$tmp/got" >"$tmp/got.targets"
same "targets that answered" "$tmp/got.targets" "$tmp/all"
is "dropped" "$(summary slow '.rx_missed + .tx_dropped')" 0
