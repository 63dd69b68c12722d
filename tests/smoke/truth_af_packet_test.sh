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

say "$driver, -x, -b and --scope: the rest is the truth, and no packet goes where none may"
printf '198.18.20.0/22 # a network\n198.18.30.5\n198.18.31.7-198.18.32.9\n' >"$tmp/block"
printf '198.18.0.0/18\n198.18.100.0/24\n' >"$tmp/scope"
exclude 198.18.7.0/24 198.18.20.0/22 198.18.30.5 198.18.31.7-198.18.32.9 \
	198.18.64.0-198.18.99.255 198.18.101.0-198.18.255.255
before=$(counter probes)
scan excluded -i "$driver:scan0" 198.18.0.0/16 --allow-special 198.18.0.0/15 -p 80-83 --rate 60k --cooldown 3s \
	-x 198.18.7.0/24 -b "$tmp/block" --scope "$tmp/scope"
truth 16 | awk '{
	split($1, octet, "."); net = octet[3]; host = octet[4]
	if ((net < 64 || net == 100) && net != 7 && (net < 20 || net > 23) && !(net == 30 && host == 5) &&
	    !(net == 31 && host >= 7) && !(net == 32 && host <= 9)) print
}' >"$tmp/want"
states excluded >"$tmp/got"
same "the records and the truth" "$tmp/got" "$tmp/want"
# 80 and 81 always answer
is "targets" "$(summary excluded .targets)" $((4 * $(grep -c ' 80 ' "$tmp/want")))
is "probes at the host" "$(($(counter probes) - before))" "$(summary excluded .sent)"
is "packets where none may go" "$(counter excluded)" 0
