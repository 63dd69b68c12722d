#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Runs each bad command line of usage.txt and expects its exit status and its message: one line on
# stderr that begins with "peal: error:", nothing on stdout, at once, and no control bytes.
# PEAL is the program. Writes TAP.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

cp -r "$here"/files/. "$tmp"
cd "$tmp" || exit 1
# what does not belong into a repository
printf '{"contact": "%01100000d"}' 0 >large.json
printf '\377\376{"rate": 1}' >binary.json
printf '%0100000d' 0 | tr 0 '[' >deep.json
printf '192.0.2.1\n192.0.2.\0002\n' >nul.txt
printf '192.0.2.1\n\033[2J\007\n' >escape.txt
printf '%05000d\n' 0 | tr 0 1 >long-line.txt
mkdir directory

n=0 failed=0

# row STATUS ARGUMENTS MESSAGE
row() {
	local want=$1 fragment=$3 status said problem=
	local -a args
	eval "args=($2)" # the table is ours, and quotes as the shell does
	timeout 10 "$PEAL" "${args[@]}" >out 2>said </dev/null
	status=$?
	said=$(<said)
	((n++))
	if ((status != want)); then
		problem="exit status $status, not $want"
	elif [[ -s out ]]; then
		problem="wrote to stdout"
	elif [[ $said != 'peal: error: '* || $(wc -l <said) -ne 1 ]]; then
		problem="not one line of error"
	elif [[ $said != *"$fragment"* ]]; then
		problem="lacks '$fragment'"
	elif LC_ALL=C grep -q '[[:cntrl:]]' said; then
		problem="control bytes"
	fi
	if [[ $problem ]]; then
		((failed++))
		echo "not ok $n - peal $2"
		echo "# $problem; it said: $(tr -c '[:print:]\n' '?' <said | head -c 600)"
	else
		echo "ok $n - peal $2"
	fi
}

while IFS= read -r line; do
	[[ -z $line || $line == '#'* ]] && continue
	rest=${line#* | }
	row "${line%% | *}" "${rest%% | *}" "${rest#* | }"
done <"$here/usage.txt"

((n >= 60)) || failed=1
echo "1..$n"
exit $((failed > 0))
