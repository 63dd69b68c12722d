#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# 2*10^7 forged and broken frames (10^9 with PEAL_TEST_LONG) arrive while a scan runs: it finds
# exactly the truth, sends as fast as without them, needs no more memory, and gives all buffers back.

. "$(dirname "$0")/_init.sh"
needs jq
FLOOD=${FLOOD:-$(dirname "$PEAL")/tests/smoke/flood}
[[ -x $FLOOD ]] || skip "no program at $FLOOD"
want=20000000 bits=19
[[ ${PEAL_TEST_LONG:-} ]] && want=1000000000 bits=16
export XDG_RUNTIME_DIR=$tmp

# resident PID: its memory in KiB
resident() {
	awk '$1 == "VmRSS:" {print $2}' "/proc/$1/status"
}

# flooded NAME FRAMES: a scan beside at most that many; sets $forged and $last
flooded() {
	local name=$1 status=0 scanner hosts now
	last=0
	rm -f "$tmp/cable"
	"$FLOOD" "$tmp/cable" "$2" >"$tmp/$name.flood" 2>"$tmp/$name.flood.err" &
	hosts=$!
	wait_for 20 test -S "$tmp/cable"
	"$PEAL" scan -i "memif:$tmp/cable" -S 198.19.0.1 -G 02:00:00:00:00:02 "198.18.0.0/$bits" \
		--allow-special 198.18.0.0/15 -p 80-83 -r 5k -c 4s -v -O ndjson -o "$tmp/$name.ndjson" \
		-m "$tmp/$name.json" -u "$tmp/$name.status" --state-dir "$tmp/$name.state" 2>"$tmp/$name.err" &
	scanner=$!
	while kill -0 $scanner 2>/dev/null; do
		now=$(resident $scanner) || now=
		[[ $now ]] && last=$now
		sleep 0.5
	done
	wait $scanner || status=$?
	((status == 0)) || { tail "$tmp/$name.err" "$tmp/$name.flood.err" >&2; fail "exit status $status"; }
	kill -TERM $hosts
	wait $hosts || fail "the hosts ended with $?: $(cat "$tmp/$name.flood.err")"
	read -r _ _ forged <"$tmp/$name.flood"
	echo "$forged other frames; $last KiB of memory at the end;" \
		"$(summary "$name" '"sent \(.sent / .send_seconds | floor)/s"')"
	books "$name"
	is "$name: complete" "$(summary "$name" .complete)" true
	states "$name" >"$tmp/got"
	same "the records and the truth" "$tmp/got" "$tmp/want"
	is "received, and not answers" "$(summary "$name" '[.rejected[]] | add')" "$forged"
	grep -q 'buffers: 0 of' "$tmp/$name.err" || fail "it does not tell of its buffers"
	grep 'buffers: [^0]' "$tmp/$name.err" && fail "buffers are lost"
	return 0
}

truth $bits | awk '$2 != 83 {print} $2 == 80 {print $1, 83, "filtered"}' | LC_ALL=C sort >"$tmp/want"

say "none"
flooded none 0
quiet=$last

say "as many as are taken"
total=0
for ((run = 0; total < want; run++)); do
	((run < 200)) || fail "only $total in $run scans"
	flooded "run$run" $((want - total))
	((last - quiet < 16384)) || fail "it took $last KiB of memory, without a flood $quiet"
	((total += forged))
done
echo "$total in $run scans; kinds: $(summary run0 '.rejected | with_entries(select(.value > 0)) | tostring')"
