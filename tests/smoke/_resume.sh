# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# Scans in the background that are killed and go on. A test sources this after _init.sh, and says in
# $job what is scanned.

# into NAME: where the records go, in $where; a test may define its own
into() {
	where=(-o "$tmp/$1.ndjson")
}

# begin NAME OPTION...: anew, in the background; $scan is its process
begin() {
	local name=$1
	shift
	rm -rf "$tmp/$name.ndjson" "$tmp/$name.d" "$tmp/$name.state"
	into "$name"
	# shellcheck disable=SC2154 # the test says it
	"$PEAL" scan "${job[@]}" "${where[@]}" --state-dir "$tmp/$name.state" "$@" -q 2>"$tmp/$name.err" &
	scan=$!
}

# go_on NAME OPTION...: resumes it, in the background
go_on() {
	local name=$1
	shift
	"$PEAL" resume "$tmp/$name.state" "$@" 2>"$tmp/$name.err" &
	scan=$!
}

# ended NAME [CODE]: waits for it, however it ends unless told; without the shell's word that it was
# killed
ended() {
	local status=0
	{ wait "$scan" || status=$?; } 2>/dev/null
	((status == ${2:-status})) && return 0
	cat "$tmp/$1.err" >&2
	fail "$1: exit status $status, wanted $2"
}

# kill_after MILLISECONDS SIGNAL
kill_after() {
	sleep "$(awk -v ms="$1" 'BEGIN { print ms / 1000 }')"
	kill "-$2" "$scan" 2>/dev/null || true
}

# finish NAME OPTION...: goes on to the end; a scan that was killed before its state was written has
# sent nothing, and says so
finish() {
	local name=$1
	shift
	if [[ ! -e $tmp/$name.state/checkpoint ]]; then
		expect 65 "$PEAL" resume "$tmp/$name.state"
		begin "$name"
	else
		go_on "$name" "$@"
	fi
	ended "$name" 0
	cp "$tmp/$name.state/summary.json" "$tmp/$name.json" 2>/dev/null || true # complete at once
}
