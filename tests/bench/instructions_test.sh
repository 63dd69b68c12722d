#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Instructions an element of each stage of sending and receiving, and a record of each format, counted
# by callgrind, beside what was recorded: times differ from run to run, these do not. More than a tenth
# above the record fails; so does a stage without a record. After a change that is meant:
#
#   instructions_test.sh BENCH_ENCODE BENCH_RX_STAGES BENCH_TX record
#
# (callgrind knows no AVX-512, so that set is not counted.)
set -euo pipefail

encode=$1 rx=$2 tx=$3 record=$(dirname "$0")/instructions.txt
skip() {
	echo "skipped: $*"
	exit 77
}
command -v valgrind >/dev/null || skip "valgrind is not installed"
command -v callgrind_annotate >/dev/null || skip "callgrind_annotate is not installed"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# counts WHAT BENCH ELEMENTS ISA: "ISA WHAT STAGE INSTRUCTIONS" lines of a short round, which has so many
# elements. One of bench_tx, or of bench_rx_stages, says which set it has: valgrind's processor may not
# have the one that is asked for.
counts() {
	local what=$1 bench=$2 elements=$3 isa=$4 out=$tmp/out.$1.$4
	PEAL_ISA=$isa valgrind --tool=callgrind --callgrind-out-file="$out" "$bench" 1 \
		>"$tmp/stdout" 2>"$tmp/stderr" || { tail -n 5 "$tmp/stderr" >&2; exit 1; }
	[[ $what == encode ]] || grep -q "^$isa " "$tmp/stdout" || return 0
	callgrind_annotate --inclusive=yes --threshold=100 "$out" 2>/dev/null |
		sed -n 's/^ *\([0-9,]*\) .*:stage_\([a-z]*\)[. ].*/\1 \2/p' | tr -d , | sort -u |
		awk -v isa="$isa" -v what="$what" -v n="$elements" '
			{ if ($1 > most[$2]) most[$2] = $1 } # what was inlined from other files has lines of its own, and is in the largest, too
			END { for (stage in most) printf "%s %s %s %.2f\n", isa, what, stage, most[stage] / n }'
}

{
	counts encode "$encode" 4096 plain
	for isa in plain aes-ni avx2; do
		counts rx "$rx" 1024 $isa
		counts tx "$tx" 4096 $isa
	done
} | sort >"$tmp/counts"
[[ -s $tmp/counts ]] || { echo "nothing was counted" >&2; exit 1; }
if [[ ${4:-} == record ]]; then
	cp "$tmp/counts" "$record"
	exit
fi
awk '
	NR == FNR { was[$1 " " $2 " " $3] = $4; next }
	{
		key = $1 " " $2 " " $3
		grown = !(key in was) || $4 > was[key] * 1.1
		printf "%s%-22s %9.2f, recorded %s\n", grown ? "FAILED: " : "", key, $4, key in was ? was[key] : "nothing"
		failed = failed || grown
	}
	END { exit failed }' "$record" "$tmp/counts"
