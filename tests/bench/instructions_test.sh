#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Instructions an element of each stage of sending, counted by callgrind, beside what was recorded:
# times differ from run to run, these do not. More than a tenth above the record fails; so does a
# stage without a record. After a change that is meant:
#
#   instructions_test.sh BENCH_TX record
#
# (callgrind knows no AVX-512, so that set is not counted.)
set -euo pipefail

bench=$1 record=$(dirname "$0")/instructions.txt
elements=4096 # of a short round of bench_tx
skip() {
	echo "skipped: $*"
	exit 77
}
command -v valgrind >/dev/null || skip "valgrind is not installed"
command -v callgrind_annotate >/dev/null || skip "callgrind_annotate is not installed"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# counts ISA: "ISA STAGE INSTRUCTIONS" lines
counts() {
	PEAL_ISA=$1 valgrind --tool=callgrind --callgrind-out-file="$tmp/out.$1" "$bench" 1 \
		>"$tmp/stdout" 2>"$tmp/stderr" || { tail -n 5 "$tmp/stderr" >&2; exit 1; }
	grep -q "^$1 " "$tmp/stdout" || return 0 # valgrind's processor does not have it
	callgrind_annotate --inclusive=yes --threshold=100 "$tmp/out.$1" 2>/dev/null |
		sed -n 's/^ *\([0-9,]*\) .*:stage_\([a-z]*\) .*/\1 \2/p' | tr -d , | sort -u |
		awk -v isa="$1" -v n=$elements '{ printf "%s %s %.2f\n", isa, $2, $1 / n }'
}

for isa in plain aes-ni avx2; do counts $isa; done | sort >"$tmp/counts"
[[ -s $tmp/counts ]] || { echo "nothing was counted" >&2; exit 1; }
if [[ ${2:-} == record ]]; then
	cp "$tmp/counts" "$record"
	exit
fi
awk '
	NR == FNR { was[$1 " " $2] = $3; next }
	{
		key = $1 " " $2
		grown = !(key in was) || $3 > was[key] * 1.1
		printf "%s%-16s %9.2f, recorded %s\n", grown ? "FAILED: " : "", key, $3, key in was ? was[key] : "nothing"
		failed = failed || grown
	}
	END { exit failed }' "$record" "$tmp/counts"
