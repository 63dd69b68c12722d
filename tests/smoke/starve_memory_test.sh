#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Each allocation of peal's and jansson's is refused once: in start-up and run, of each command. Either
# it can do without, and the result is the same; or it says so and ends with a status of its own, and
# the state that it leaves behind is whole. It never crashes. With PEAL_TEST_LONG each one of them,
# else one in some.

. "$(dirname "$0")/_init.sh"
needs jq
export XDG_RUNTIME_DIR=$tmp
[[ -e $STARVE ]] || fail "no library at $STARVE"

starved() {
	local n=$1
	shift
	timeout 60 env "PEAL_STARVE=$n" "LD_PRELOAD=$STARVE" "$PEAL" "$@"
}

# tried NAME STEP RESULT ARGUMENT...: RESULT is a function that prints what must be the same
tried() {
	local name=$1 step=$2 result=$3 n status all said=0
	shift 3
	[[ ${PEAL_TEST_LONG:-} ]] && step=1
	fresh
	PEAL_STARVE_COUNT=$tmp/count starved 0 "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || fail "$name: $(tail -n 3 "$tmp/err")"
	"$result" >"$tmp/want"
	all=$(cat "$tmp/count")
	for ((n = 1; n <= all; n += step)); do
		status=0
		fresh
		starved "$n" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || status=$?
		case $status in
		0)
			"$result" >"$tmp/got"
			same "$name without allocation $n: what comes out" "$tmp/got" "$tmp/want"
			;;
		64 | 65 | 69 | 70 | 74 | 75)
			grep -q '^peal: error: ' "$tmp/err" || fail "$name without allocation $n: status $status, and no word"
			((++said))
			;;
		*) fail "$name without allocation $n: status $status: $(tail -n 3 "$tmp/err")" ;;
		esac
		after "$name without allocation $n"
	done
	say "$name: $all allocations, each ${step}th refused: $said times it gave up"
	((said > 0)) || fail "$name: nothing was refused: this proves nothing"
}

fresh() {
	rm -rf "$tmp/state" "$tmp/records" "$tmp/summary"
	[[ -d $tmp/kept ]] && cp -a "$tmp/kept" "$tmp/state"
	[[ -e $tmp/kept.records ]] && cp "$tmp/kept.records" "$tmp/records"
	return 0
}
printed() {
	cat "$tmp/out"
}
scanned() {
	LC_ALL=C sort "$tmp/records" | tee "$tmp/all"
	jq 'keys, .targets, .open, .closed, .complete, (.job | keys)' "$tmp/summary"
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
sim=(-i 'sim:loss=0,rtt=1ms,alive=1' -r 20k -c 50ms -q --no-sandbox)

tried "the job" 1 printed scan -C "$tmp/job.json" -i sim -b "$tmp/list" --print-job
tried "list" 1 printed list -I "$tmp/list" -p 80 -e 3 -x 192.0.2.2 --allow-special 192.0.2.0/24 --allow-special 198.51.100.0/24

# whatever was refused: what is left behind goes on to the same records, or is no state
went_on=0
after() {
	[[ -e $tmp/state/checkpoint ]] || return 0
	if ! "$PEAL" resume "$tmp/state" -q -m "$tmp/summary" 2>"$tmp/err"; then
		grep -q 'nothing is left to do' "$tmp/err" || fail "$1, and gone on with: $(tail -n 2 "$tmp/err")"
	fi
	LC_ALL=C sort "$tmp/records" >"$tmp/got"
	same "$1, and gone on with: the records" "$tmp/got" "$tmp/all"
	((++went_on))
}
tried "a scan" 23 scanned scan 10.0.0.0/26 "${net[@]}" -p 80,443 -e 5 "${sim[@]}" -f saddr,sport,state \
	-O ndjson -o "$tmp/records" -m "$tmp/summary" --state-dir "$tmp/state"
((went_on > 0)) || fail "no state was ever left behind: this proves nothing"
