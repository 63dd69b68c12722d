#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Each row of defects.txt names tests that exist and are run, or why the defect cannot happen here;
# and all 37 defects have a row. Writes TAP.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.." || exit 1

n=0 failed=0
report() { # NAME PROBLEM
	((n++))
	if [[ $2 ]]; then
		((failed++))
		echo "not ok $n - $1"
		echo "# $2"
	else
		echo "ok $n - $1"
	fi
}

# has_function FILE NAME: it is there, and cmocka or libFuzzer calls it
has_function() {
	grep -qE "\b$2\((void \*\*state|const uint8_t \*data)" "$1" || return 1
	[[ $2 == LLVMFuzzerTestOneInput ]] || grep -qE "cmocka_unit_test[a-z_]*\($2\b" "$1"
}

# has_word FILE WORD: a script does not only talk of it in a comment
has_word() {
	grep -vE '^[[:space:]]*#' "$1" | grep -E "(^|[^[:alnum:]_])$2([^[:alnum:]_]|\$)" >/dev/null
}

# is_run FILE: the meson.build beside it lists it, or scripts/check runs it
is_run() {
	local name=${1##*/}
	if [[ $1 == scripts/* ]]; then
		grep -qE "^step .* $1\$" scripts/check
		return
	fi
	name=${name%.c}
	name=${name#test_}
	name=${name#fuzz_}
	name=${name%_test.sh}
	grep -qE "^ +'$name'[,:]" "${1%/*}/meson.build"
}

# problem_of FILE:TEST: prints what is wrong with it
problem_of() {
	local file=${1%%:*} name=${1#*:}
	if [[ $1 != *:* || ! -f $file ]]; then
		echo "there is no file $file"
	elif [[ $file == *.c ]] && ! has_function "$file" "$name"; then
		echo "$file does not have the test $name, or does not run it"
	elif [[ $file != *.c ]] && ! has_word "$file" "$name"; then
		echo "$file does not have the word $name"
	elif ! is_run "$file"; then
		echo "nothing runs $file"
	fi
}

# row NUMBER DEFECT TESTS
row() {
	local tests=${3%%out:*} test problem=
	[[ $3 == *out:* && ! ${3#*out:} =~ [a-z] ]] && problem="no reason"
	[[ $tests =~ [^\ ] || $3 == *out:* ]] || problem="no test"
	for test in $tests; do
		[[ $problem ]] || problem=$(problem_of "$test")
	done
	report "$1 $2" "$problem"
}

numbers=
while IFS= read -r line; do
	[[ -z $line || $line == '#'* ]] && continue
	rest=${line#* | }
	numbers+="${line%% | *} "
	row "${line%% | *}" "${rest%% | *}" "${rest#* | }"
done <"$here/defects.txt"

want="$(echo Z{1..21} M{1..12}) N1 L1 L2 X1 "
problem=
[[ $numbers == "$want" ]] || problem="rows are $numbers, wanted $want"
report "each of the 37 defects has one row" "$problem"

echo "1..$n"
exit $((failed > 0))
