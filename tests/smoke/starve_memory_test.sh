#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Each allocation of peal's, and of jansson, zstd and the C library for it, is refused once: in start-up
# and run, of each command. Either it can do without, and the result is the same; or it says so and ends
# with a status of its own, and the state that it leaves behind is whole. It never crashes, and frees
# whatever it got. With PEAL_TEST_LONG each one of them, else one in some.

. "$(dirname "$0")/_init.sh"
needs jq
export XDG_RUNTIME_DIR=$tmp
[[ -e $STARVE ]] || fail "no library at $STARVE"

starved() {
	local n=$1
	shift
	rm -f "$tmp/report"
	timeout -k 5 60 env "PEAL_STARVE=$n" "PEAL_STARVE_REPORT=$tmp/report" "LD_PRELOAD=$STARVE" "$PEAL" "$@"
}

# left NAME: what it did not free, but for what $tmp/kept_open has: the stream that DPDK logs to
left() {
	local number size where
	[[ -s $tmp/report ]] || fail "$1: it did not end as a program does"
	tail -n +2 "$tmp/report" | grep -vFf "$tmp/kept_open" >"$tmp/left" || return 0
	while read -r number size where; do
		echo "allocation $number, $size bytes: $(addr2line -fie "$PEAL" "$where" 2>/dev/null | xargs)" >&2
	done <"$tmp/left"
	fail "$1: not freed"
}

# tried NAME STEP RESULT ARGUMENT...: RESULT is a function that prints what must be the same
tried() {
	local name=$1 step=$2 result=$3 n status all felt=0
	shift 3
	[[ ${PEAL_TEST_LONG:-} ]] && step=1
	fresh
	starved 0 "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || fail "$name: $(tail -n 3 "$tmp/err")"
	tail -n +2 "$tmp/report" | cut -d' ' -f2- >"$tmp/kept_open"
	(($(wc -l <"$tmp/kept_open") <= 1)) || fail "$name: not freed: $(cat "$tmp/kept_open")"
	"$result" >"$tmp/want"
	cp "$tmp/out" "$tmp/whole"
	all=$(head -n 1 "$tmp/report")
	for ((n = 1; n <= all; n += step)); do
		status=0
		fresh
		starved "$n" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || status=$?
		case $status in
		0)
			"$result" >"$tmp/got"
			same "$name without allocation $n: what comes out" "$tmp/got" "$tmp/want"
			cmp -s "$tmp/out" "$tmp/whole" || ((++felt))
			;;
		64 | 65 | 69 | 70 | 74 | 75)
			grep -q '^peal: error: ' "$tmp/err" || grep -q '^FAIL ' "$tmp/out" ||
				fail "$name without allocation $n: status $status, and no word"
			! grep -qE ":-1:|damaged|contradicts" "$tmp/err" || fail "$name without allocation $n: it said $(cat "$tmp/err")"
			((++felt))
			;;
		*) fail "$name without allocation $n: status $status: $(tail -n 3 "$tmp/err")" ;;
		esac
		left "$name without allocation $n: status $status"
		after "$name without allocation $n"
	done
	say "$name: $all allocations, each ${step}th refused: $felt times it was felt"
	((felt > 0)) || fail "$name: nothing was refused: this proves nothing"
}

fresh() {
	rm -rf "$tmp/state" "$tmp/records" "$tmp/summary" "$tmp/capture"
	[[ ! -d $tmp/kept ]] || cp -a "$tmp/kept/." "$tmp"
}
printed() {
	cat "$tmp/out"
}
scanned() {
	LC_ALL=C sort "$tmp/records" | tee "$tmp/all"
	jq 'keys, .targets, .open, .closed, .complete, (.job | keys)' "$tmp/summary"
}
# which interfaces there are, it need not know
examined() {
	sed 's/interfaces: .*;/interfaces;/' "$tmp/out"
}
after() {
	:
}

cat >"$tmp/job.json" <<'JOB'
{"targets": ["192.0.2.0/28", "198.51.100.7"], "ports": "80,443", "allow_special": ["192.0.2.0/24", "198.51.100.0/24"],
 "exclude": ["192.0.2.3"], "seed": 5, "fields": "saddr,sport", "filter": "ttl < 3 && success = 1"}
JOB
printf '192.0.2.1\n192.0.2.2:81\n198.51.100.0/28\n' >"$tmp/list"
net=(--allow-special 10.0.0.0/8)
sim=(-i 'sim:loss=0,rtt=1ms,alive=1' -c 50ms -q)
job=(10.0.0.0/26 "${net[@]}" -p '80,443' -e 5 "${sim[@]}" -f 'saddr,sport,state,ttl' -O ndjson --state-dir "$tmp/state")

tried "the job" 1 printed scan -C "$tmp/job.json" -i sim -b "$tmp/list" --print-job
tried "list" 1 printed list -I "$tmp/list" -p 80 -e 3 -x 192.0.2.2 --allow-special 192.0.2.0/24 --allow-special 198.51.100.0/24
tried "doctor" 1 examined doctor
tried "doctor of a device" 1 examined doctor sim

# keep ARGUMENT...: what this scan leaves behind is there again for each attempt
keep() {
	fresh
	"$PEAL" scan "${job[@]}" "$@" 2>"$tmp/err" || true
	mkdir -p "$tmp/kept"
	mv "$tmp/state" "$tmp/records" "$tmp/kept/"
	mv "$tmp/capture" "$tmp/kept/" 2>/dev/null || true
}
keep -r 20k -o "$tmp/records" --capture "$tmp/capture"
tried "verify" 3 printed verify "$tmp/state"
rm -rf "$tmp/kept"

for i in 0 1; do
	"$PEAL" scan 10.0.0.0/23 "${net[@]}" -p 80 -e 5 "${sim[@]}" -r 20k --shard "$i/2" --output-dir "$tmp/shard.$i" --zstd
done
merged() {
	cat "$tmp/records"
}
tried "merge" 7 merged merge "$tmp/shard.0" "$tmp/shard.1" -o "$tmp/records"

# whatever was refused: what is left behind goes on to the same records, or is no state
went_on=0
after() {
	[[ -e $tmp/state/checkpoint ]] || return 0
	if ! "$PEAL" resume "$tmp/state" -q -r 20k -m "$tmp/summary" 2>"$tmp/err"; then
		grep -q 'nothing is left to do' "$tmp/err" || fail "$1, and gone on with: $(tail -n 2 "$tmp/err")"
	fi
	LC_ALL=C sort "$tmp/records" >"$tmp/got"
	same "$1, and gone on with: the records" "$tmp/got" "$tmp/all"
	((++went_on))
}
tried "a scan" 31 scanned scan "${job[@]}" -r 20k -o "$tmp/records" --capture "$tmp/capture" -m "$tmp/summary"
((went_on > 0)) || fail "no state was ever left behind: this proves nothing"

keep -r 100 -o "$tmp/records" --max-runtime 400ms
tried "resume" 41 scanned resume "$tmp/state" -q -r 20k -m "$tmp/summary"
