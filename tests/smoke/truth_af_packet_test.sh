#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Over a Linux interface, peal finds exactly the truth about 65,536 addresses x 4 ports: state for
# state, no duplicate, no miss; at the default rate, and as fast as it goes.

. "$(dirname "$0")/_init.sh"
network
driver=${test_name#truth_}
driver=${driver%_test}

# bits of the prefix, name, options
truth_scan() {
	local bits=$1 name=$2 before targets=$((4 << (32 - $1)))
	shift 2
	say "$driver, 198.18.0.0/$bits, $*"
	before=$(counter probes)
	scan "$name" -i "$driver:scan0" "198.18.0.0/$bits" --allow-special 198.18.0.0/15 -p 80-83 \
		--cooldown 3s "$@"
	states "$name" >"$tmp/got"
	truth "$bits" >"$tmp/want"
	same "the records and the truth" "$tmp/got" "$tmp/want"
	is "targets" "$(summary "$name" .targets)" $targets
	is "sent" "$(summary "$name" .sent)" $targets
	for state in open closed unreachable filtered; do
		is "$state" "$(summary "$name" ".$state")" "$(grep -c " $state\$" "$tmp/want")"
	done
	is "tx_dropped and rx_missed" "$(summary "$name" '"\(.tx_dropped) \(.rx_missed)"')" "0 0"
	is "probes at the host less those sent again" \
		"$(($(counter probes) - before - $(summary "$name" '.resent // 0')))" $targets
	jq -c '{send_seconds, sent, received, records, repeats, resent}' "$tmp/$name.json"
}

truth_scan 16 default
truth_scan 16 fast --rate max
