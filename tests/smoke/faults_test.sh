#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Each call with which a scan touches the disk fails once: with an error, interrupted, half done, or as
# the first on a disk that is broken from then on. Either the scan ends as if nothing had been, or it says
# so with 74, and goes on to the same records when the disk is well again. With PEAL_TEST_LONG each call
# in each way, else one in some.

. "$(dirname "$0")/_init.sh"
needs jq zstd
[[ -e $FAULT ]] || fail "no library at $FAULT"

job=(10.0.0.0/18 --allow-special 10.0.0.0/8 -p '80,443' -e 5 -i 'sim:loss=0,rtt=1ms,alive=1' -c 50ms -q -r 300k
	-f 'saddr,sport,state,ttl' -O ndjson --state-dir "$tmp/disk/state" -m "$tmp/disk/summary" -u "$tmp/disk/status")

# faulty KIND NTH ARGUMENT...: the exit status in $status
faulty() {
	local kind=$1 nth=$2
	shift 2
	status=0
	timeout -k 5 60 env "PEAL_FAULT=$kind" "PEAL_FAULT_NTH=$nth" "PEAL_FAULT_REPORT=$tmp/report" \
		"LD_PRELOAD=$FAULT" "$PEAL" "$@" 2>"$tmp/err" </dev/null || status=$?
}

fresh() {
	rm -rf "$tmp/disk"
	mkdir "$tmp/disk"
}

# whole WHAT: the records are there, each once, and the summary says so
whole() {
	"$records" | LC_ALL=C sort >"$tmp/got"
	same "$1: the records" "$tmp/got" "$tmp/want"
	is "$1: complete" "$(jq .complete "$tmp/disk/summary")" true
}

# mended WHAT: what is left behind goes on to the end, or nothing was begun
mended() {
	if [[ ! -e $tmp/disk/state/checkpoint ]]; then
		fresh
		expect 0 "$PEAL" scan "${args[@]}"
	elif ! "$PEAL" resume "$tmp/disk/state" 2>"$tmp/err"; then
		fail "$1, and gone on with: $(tail -n 2 "$tmp/err")"
	fi
	[[ -e $tmp/disk/summary ]] || cp "$tmp/disk/state/summary.json" "$tmp/disk/summary" # it was complete already
	whole "$1, and gone on with"
}

# fails NAME: a scan with $args, whose records $records prints, with each call failing in turn
fails() {
	local calls n kind felt=0 tried=0 step=31
	[[ ${PEAL_TEST_LONG:-} ]] && step=1
	fresh
	faulty none 0 scan "${args[@]}"
	((status == 0)) || fail "$1: $(cat "$tmp/err")"
	"$records" | LC_ALL=C sort >"$tmp/want"
	whole "$1"
	calls=$(wc -l <"$tmp/report")
	for kind in EIO ENOSPC EDQUOT EINTR SHORT EIO+; do
		for ((n = 1 + RANDOM % step; n <= calls; n += step)); do
			fresh
			faulty $kind $n scan "${args[@]}"
			what="$1, $kind at call $n: $(sed -n "${n}p" "$tmp/report"): status $status"
			((++tried))
			! grep -q ^FAILED "$tmp/report" || ((++felt))
			case $status in
			0) whole "$what" ;;
			74)
				grep -q '^peal: error: ' "$tmp/err" || fail "$what, and no word"
				mended "$what"
				;;
			*) fail "$what: $(tail -n 3 "$tmp/err")" ;;
			esac
		done
	done
	say "$1: $calls calls, $tried tried, $felt failed"
	((felt > 0)) || fail "$1: nothing failed: this proves nothing"
}

in_file() {
	cat "$tmp/disk/records"
}
args=("${job[@]}" -o "$tmp/disk/records" --capture "$tmp/disk/capture") records=in_file
fails "a file, and a capture"

in_frames() {
	zstd -dcq "$tmp/disk/records.zst"
}
args=("${job[@]}" -o "$tmp/disk/records.zst") records=in_frames
fails "a compressed file"

in_segments() {
	cat "$tmp/disk/records.d"/records-*
}
args=("${job[@]}" --output-dir "$tmp/disk/records.d" --segment-size 1M) records=in_segments
fails "segments"
(($(find "$tmp/disk/records.d" -name 'records-*' | wc -l) > 1)) || fail "one segment only"
