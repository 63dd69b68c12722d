#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Records in a folder of segments, and in a compressed file: killed several times and gone on with,
# on a disk that fills up, or left in peace, they are the same, none is there twice, and whoever
# has sha256sum, zstd and jq finds what the manifest says.

. "$(dirname "$0")/_init.sh"
. "$(dirname "$0")/_resume.sh"
needs jq zstd sha256sum

# as root, with mounts of our own, for the small disk
if [[ $(id -u) == 0 ]] && command -v unshare >/dev/null &&
	[[ ${SMOKE_OUTSIDE:-} == "" || $(readlink /proc/self/ns/mnt) == "$SMOKE_OUTSIDE" ]]; then
	smoke_cleanup
	SMOKE_OUTSIDE=$(readlink /proc/self/ns/mnt) exec unshare --mount --propagation private bash "$0"
fi
at_exit() {
	umount -l "$tmp/full.d" 2>/dev/null || true
}

kills=1
[[ ${PEAL_TEST_LONG:-} ]] && kills=30

job=(-i 'sim:loss=0,rtt=10ms,alive=1,closed=1' 10.7.0.0/17 --allow-special 10.0.0.0/8 -p '80,443' -e 7
	--rate 60k --cooldown 400ms -O ndjson -f 'saddr,sport,state,ttl')
fast=("${job[@]}") slow=("${job[@]/60k/15k}") # slow: four seconds
random=${PEAL_TEST_SEED:-$RANDOM}
RANDOM=$random
say "\$PEAL_TEST_SEED=$random makes the same kills"

# into NAME: as the name begins
into() {
	case $1 in
	calm*) where=(-o "$tmp/$1.ndjson") ;;
	size* | full*) where=(--output-dir "$tmp/$1.d" --segment-size 1M) ;;
	time*) where=(--output-dir "$tmp/$1.d" --segment-time 1s --zstd) ;;
	file*) where=(-o "$tmp/$1.ndjson.zst") ;;
	esac
}

# described NAME: the folder has what its manifest says, and nothing else
described() {
	local dir=$tmp/$1.d text names
	text=$(<"$dir/manifest.json")
	is "$1: digest of the manifest" "$(printf %s "${text%,\"sha256\":*}" | sha256sum | cut -d' ' -f1)" "$(jq -r .sha256 <<<"$text")"
	jq -r '.segments[] | "\(.sha256)  \(.name)"' <<<"$text" >"$tmp/sums"
	[[ ! -s $tmp/sums ]] || (cd "$dir" && sha256sum --quiet -c "$tmp/sums") || fail "$1: segments differ"
	names=$(cd "$dir" && echo records-*)
	is "$1: files" "$names" "$(jq -r '[.segments[].name] | join(" ")' <<<"$text")"
	is "$1: bytes" "$(cat "$dir"/records-* | wc -c)" "$(jq '[.segments[].bytes] | add' <<<"$text")"
}

# gather NAME: its records as one file, for states and books
gather() {
	case $1 in
	calm*) ;;
	file*) zstd -dcq "$tmp/$1.ndjson.zst" >"$tmp/$1.ndjson" ;;
	time*) zstd -dcq "$tmp/$1.d"/records-*.ndjson.zst >"$tmp/$1.ndjson" ;;
	*) cat "$tmp/$1.d"/records-*.ndjson >"$tmp/$1.ndjson" ;;
	esac
}

# whole NAME: nothing is missing, nothing is there twice, the books balance
whole() {
	[[ ! -d $tmp/$1.d ]] || described "$1"
	gather "$1"
	states "$1" >"$tmp/got"
	same "$1: records" "$tmp/got" "$tmp/want"
	books "$1"
	is "$1: complete" "$(summary "$1" .complete)" true
	[[ -d $tmp/$1.d ]] || return 0
	is "$1: the manifest's end" "$(jq -c '[.complete, .counts.records]' "$tmp/$1.d/manifest.json")" \
		"[true,$(wc -l <"$tmp/want")]"
	is "$1: its records" "$(jq '[.segments[].records] | add' "$tmp/$1.d/manifest.json")" "$(wc -l <"$tmp/want")"
}

say "undisturbed"
begin calm
ended calm 0
cp "$tmp/calm.state/summary.json" "$tmp/calm.json"
states calm >"$tmp/want"
for kind in size time file; do
	[[ $kind != time ]] || job=("${slow[@]}")
	begin $kind
	job=("${fast[@]}")
	ended $kind 0
	cp "$tmp/$kind.state/summary.json" "$tmp/$kind.json"
	whole $kind
done
(($(jq '.segments | length' "$tmp/size.d/manifest.json") >= 3)) || fail "few segments by size"
(($(jq '.segments | length' "$tmp/time.d/manifest.json") >= 2)) || fail "few segments by time"
(($(stat -c %s "$tmp/file.ndjson.zst") * 4 < $(stat -c %s "$tmp/calm.ndjson"))) || fail "it is hardly compressed"

say "killed three times in $kills scans of each kind, going on at other rates, killed again"
for kind in size_kill time_kill file_kill; do
	for ((i = 0; i < kills; i++)); do
		begin $kind
		kill_after $((300 + RANDOM % 1000)) KILL
		ended $kind
		for ((k = 0; k < 2; k++)); do
			[[ -e $tmp/$kind.state/checkpoint ]] || break
			go_on $kind -r "$((40 + RANDOM % 40))k"
			kill_after $((200 + RANDOM % 600)) KILL
			ended $kind
		done
		finish $kind -r "$((30 + RANDOM % 90))k"
		whole $kind
	done
done

say "stopped in order: the segments are whole, the scan is not, and goes on with the next"
job=("${slow[@]}")
begin size_stop
wait_for 20 test -e "$tmp/size_stop.d/records-000000.ndjson"
kill_after 0 INT
ended size_stop 75
described size_stop
is "complete" "$(jq .complete "$tmp/size_stop.d/manifest.json")" false
finish size_stop -r 60k
whole size_stop
is "resent" "$(summary size_stop .resent)" 0

say "another scan's folder is refused, and so is one that was changed"
expect 64 "$PEAL" scan "${job[@]}" --output-dir "$tmp/size.d"
grep -q 'records of another scan' "$tmp/err" || fail "it said: $(cat "$tmp/err")"
begin size_changed
wait_for 20 test -e "$tmp/size_changed.d/records-000000.ndjson"
kill_after 0 INT
ended size_changed 75
sed -i '1s/open/owen/;1s/closed/clowed/' "$tmp/size_changed.d/records-000000.ndjson"
expect 65 "$PEAL" resume "$tmp/size_changed.state"
grep -q 'records-000000.ndjson is not what the manifest says' "$tmp/err" || fail "it said: $(cat "$tmp/err")"

job=("${fast[@]}")

if [[ ! ${SMOKE_OUTSIDE:-} ]]; then
	say "no root: no small disk"
	exit
fi

# full NAME OPTION...: on a disk with room for a segment and a half
full() {
	local name=$1
	shift
	umount "$tmp/full.d" 2>/dev/null || mkdir "$tmp/full.d"
	mount -t tmpfs -o size=1600k tmpfs "$tmp/full.d"
	"$PEAL" scan "${job[@]}" --output-dir "$tmp/full.d" --segment-size 1M --state-dir "$tmp/$name.state" -q "$@" 2>"$tmp/$name.err" &
	scan=$!
}

# room: there is plenty from now on
room() {
	mount -o remount,size=64m "$tmp/full.d"
}

say "a full disk: waits for room"
full full_wait
wait_for 30 grep -q -- '--output-dir: .*: the disk is full' "$tmp/full_wait.err"
kill -0 $scan || fail "it did not wait"
room
ended full_wait 0
cp "$tmp/full_wait.state/summary.json" "$tmp/full.json"
whole full

say "a full disk: stops, or is killed while it waits, and goes on"
full full_stop --on-full stop
ended full_stop 74
grep -q -- '--output-dir: .*: No space left' "$tmp/full_stop.err" || fail "it said: $(cat "$tmp/full_stop.err")"
room
expect 0 timeout 60 "$PEAL" resume "$tmp/full_stop.state"
cp "$tmp/full_stop.state/summary.json" "$tmp/full.json"
whole full
full full_killed
wait_for 30 grep -q 'the disk is full' "$tmp/full_killed.err"
kill -KILL $scan
ended full_killed
room
expect 0 timeout 60 "$PEAL" resume "$tmp/full_killed.state"
cp "$tmp/full_killed.state/summary.json" "$tmp/full.json"
whole full
