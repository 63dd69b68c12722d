#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A scan for PEAL_SOAK_SECONDS (300; 7200 with PEAL_TEST_LONG): its memory and its descriptors stay as
# they are, each checkpoint on the way is whole and none goes back, each status line is one, and in
# the end nothing is missing: sums, truth, buffers.

. "$(dirname "$0")/_init.sh"
needs jq sha256sum
seconds=${PEAL_SOAK_SECONDS:-300}
[[ ${PEAL_TEST_LONG:-} ]] && seconds=7200
# targets for all that time: an address has several ports when it is long
ports=80-$((80 + seconds * 5000 / (1 << 24)))
export XDG_RUNTIME_DIR=$tmp

"$PEAL" scan -i "sim:loss=0,alive=0.2,rtt=10ms" 10.0.0.0/8 --allow-special 10.0.0.0/8 -p "$ports" -r 5k -t "${seconds}s" \
	-c 2s -v -O ndjson -o "$tmp/soak.ndjson" -m "$tmp/soak.json" -u "$tmp/soak.status" --state-dir "$tmp/soak.state" \
	2>"$tmp/soak.err" &
pid=$!

# descriptors: how many are open but for what a moment needs; nobody but root may look
descriptors() {
	local i n least=9999
	for ((i = 0; i < 10; i++)); do
		n=$(find "/proc/$pid/fd" -mindepth 1 2>/dev/null | wc -l)
		((n < least)) && least=$n
		sleep 0.05
	done
	echo "$least"
}

resident() {
	awk '$1 == "VmRSS:" {print $2}' "/proc/$pid/status"
}

# checkpoint: it is whole; how far it says the scan is
checkpoint() {
	cp "$tmp/soak.state/checkpoint" "$tmp/checkpoint"
	is "the checkpoint's digest" "$(head -n 1 "$tmp/checkpoint" | tr -d '\n' | sha256sum | sed 's|\(.*\)  -|"\1"|')" \
		"$(sed -n 2p "$tmp/checkpoint")"
	head -n 1 "$tmp/checkpoint" | jq .cursor
}

wait_for 20 test -s "$tmp/soak.status"
wait_for 20 test -s "$tmp/soak.state/checkpoint"
sleep $((seconds / 10 + 2))
files=$(descriptors) cursor=$(checkpoint) looks=0 memory=
echo "$files descriptors, at step $cursor"
while kill -0 $pid 2>/dev/null && [[ $(tail -n 1 "$tmp/soak.status" | jq -r .phase) == sending ]]; do
	next=$(checkpoint)
	((next >= cursor)) || fail "a checkpoint went back from $cursor to $next"
	cursor=$next last_memory=$(resident) last_files=$(descriptors)
	# rings and buffers are touched for the first time in the first half
	((${memory:-0} || $(tail -n 1 "$tmp/soak.status" | jq '.elapsed | floor') < seconds / 2)) || memory=$last_memory half=$cursor
	((++looks))
	sleep $((seconds / 60 + 1))
done
status=0
wait $pid || status=$?
((status == 0)) || { tail "$tmp/soak.err" >&2; fail "exit status $status"; }
echo "$memory KiB in the middle, $last_memory KiB, $last_files descriptors, at step $cursor, after $looks looks"
((looks >= 3)) || fail "too few looks"
# what is known of each target, four bits, is touched in the order in which they are probed
touched=$(((cursor - half) / 2 / 1024))
((last_memory - memory < touched + 6144)) || fail "its memory grew from $memory to $last_memory KiB, $touched of them for targets"
is "descriptors" "$last_files" "$files"

books soak
is "sums" "$(jq -r '[.tx_dropped, .rx_missed, .ring_full, .control_lost] | add' "$tmp/soak.json")" 0
is "found" "$(summary soak .truth.found)" "$(summary soak .truth.open)"
is "lines and open ports" "$(grep -c '"state":"open"' "$tmp/soak.ndjson")" "$(summary soak .open)"
is "records that come twice" "$(jq -r '"\(.saddr) \(.sport) \(.state)"' "$tmp/soak.ndjson" | sort | uniq -d | wc -l)" 0
jq -se 'map(.elapsed) | . == sort and (length >= '$((seconds / 2))')' "$tmp/soak.status" >/dev/null ||
	fail "status lines are missing or out of order: $(wc -l <"$tmp/soak.status")"
jq -se 'all(.[]; .percent >= 0 and .percent <= 100 and .sent >= 0)' "$tmp/soak.status" >/dev/null ||
	fail "a status line makes no sense"
grep -q 'buffers: 0 of' "$tmp/soak.err" || fail "it does not tell of its buffers"
grep 'buffers: [^0]' "$tmp/soak.err" && fail "buffers are lost"
summary soak '"sent \(.sent), received \(.received), open \(.open)"'
