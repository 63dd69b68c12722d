#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# While a scan runs, DPDK's own client gets /peal/status and /peal/counters from its telemetry
# socket.

. "$(dirname "$0")/_init.sh"
needs jq socat

export XDG_RUNTIME_DIR=$tmp
base=$tmp/dpdk
[[ $(id -u) == 0 ]] && base=/var/run/dpdk

find_socket() {
	local path
	socket=
	for path in "$base"/*/dpdk_telemetry.v2*; do
		[[ -S $path && $path -nt $tmp/before ]] && socket=$path && return 0
	done
	return 1
}

# ask COMMAND: what the socket answers; the first message is its greeting
ask() {
	{ sleep 0.3; printf '%s' "$1"; sleep 0.5; } |
		timeout 5 socat -t 2 - "UNIX-CONNECT:$socket,type=5" 2>/dev/null |
		sed 's/}{/}\n{/g' | jq -c --arg c "$1" 'select(has($c)) | .[$c]'
}

touch "$tmp/before"
"$PEAL" scan -i sim 198.18.0.0/16 --allow-special 198.18.0.0/15 -p 80 --rate 5k -q -o /dev/null \
	-m "$tmp/scan.json" --cooldown 1s 2>"$tmp/err" &
scan=$!
wait_for 10 find_socket
find_socket
sleep 1

# asks COMMAND CONDITION
asks() {
	ask "$1" >"$tmp/answer"
	echo "$1: $(cut -c 1-300 "$tmp/answer")"
	jq -e "$2" "$tmp/answer" >/dev/null || fail "$1 says: $(cat "$tmp/answer")"
}
asks /peal/status '.sent > 0 and .sent_rate > 0 and .phase == "sending"'
asks /peal/counters '.sent > 0 and .targets == 65536 and .received >= .handed'

client=$(command -v dpdk-telemetry.py || true)
if [[ $client ]] && command -v python3 >/dev/null; then
	prefix=$(basename "$(dirname "$socket")")
	{ sleep 0.3; echo /peal/status; sleep 0.5; echo quit; } |
		timeout 10 "$client" -f "$prefix" >"$tmp/client" 2>&1 || true
	grep -q '"sent"' "$tmp/client" || fail "the stock client got: $(tail -n 5 "$tmp/client")"
	echo "$client: $(tr -d '\n' <"$tmp/client" | cut -c 1-200)"
fi

kill -INT $scan
status=0
wait $scan || status=$?
is "exit status" $status 75
