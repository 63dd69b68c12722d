#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A dry run builds every probe and sends none: progress tells how far it is, the summary that nothing
# was sent; no device is opened, no capture file made, and no privilege needed.

. "$(dirname "$0")/_init.sh"
needs jq

# dry NAME ARGUMENT...: a dry run that ends by itself, with status 0
dry() {
	expect 0 "$PEAL" scan -d -p 80 --allow-special 10.0.0.0/8 --cooldown 60s -o "$tmp/$1.ndjson" -m "$tmp/$1.json" \
		-u "$tmp/$1.status" "${@:2}"
	mv "$tmp/err" "$tmp/$1.err"
	books "$1"
	is "$1: exit_reason" "$(summary "$1" .exit_reason)" dry-run
	is "$1: complete" "$(summary "$1" .complete)" false
	is "$1: sent" "$(summary "$1" .sent)" 0
	is "$1: built" "$(summary "$1" .built)" "$(summary "$1" .targets)"
	is "$1: not_reached" "$(summary "$1" .not_reached)" "$(summary "$1" .targets)"
	is "$1: records" "$(wc -c <"$tmp/$1.ndjson")" 0
	is "$1: percent at the end" "$(jq -s 'last.percent' "$tmp/$1.status")" 100
}

say "sim"
dry sim -i sim 10.7.0.0/20 --rate 2k
is "steps of progress" "$(jq -s 'map(.percent) | unique | length > 1 and .[1] > 0' "$tmp/sim.status")" true
is "rates" "$(jq -s 'map(.sent_rate) | max > 1000' "$tmp/sim.status")" true
grep -q '^end       dry-run$' "$tmp/sim.err" || fail "it said: $(cat "$tmp/sim.err")"
grep -q '^built     4096 of 4096 probes.*nothing was sent' "$tmp/sim.err" || fail "it said: $(cat "$tmp/sim.err")"

say "pcap: no file"
dry pcap -i "pcap:$tmp/out.pcap" 10.7.0.0/24 --rate max
[[ ! -e $tmp/out.pcap ]] || fail "a capture file was made"

say "a part of the targets"
dry part -i sim 10.7.0.0/20 -n 5% --rate max
is "targets" "$(summary part .targets)" 205
