#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# While a scan runs, DPDK's own client gets /peal/status and /peal/counters from its telemetry
# socket.

. "$(dirname "$0")/_init.sh"
needs jq socat

export XDG_RUNTIME_DIR=$tmp

# ask COMMAND: what the socket answers; the first message is its greeting
ask() {
	{ sleep 0.3; printf '%s' "$1"; sleep 0.5; } |
		timeout 5 socat -t 2 - "UNIX-CONNECT:$socket,type=5" 2>/dev/null |
		sed 's/}{/}\n{/g' | jq -c --arg c "$1" 'select(has($c)) | .[$c]'
}

"$PEAL" scan -i sim 198.18.0.0/16 --allow-special 198.18.0.0/15 -p 80 --rate 2k -q -o /dev/null \
	-m "$tmp/scan.json" --cooldown 1s 2>"$tmp/err" &
scan=$!
wait_for 10 telemetry_socket "$scan"
socket=$(telemetry_socket "$scan")
sleep 1

# asks COMMAND CONDITION
asks() {
	ask "$1" >"$tmp/answer"
	echo "$1: $(cut -c 1-300 "$tmp/answer")"
	jq -e "$2" "$tmp/answer" >/dev/null || fail "$1 says: $(cat "$tmp/answer")"
}
asks /peal/status '.sent > 0 and .sent_rate > 0 and .phase == "sending"'
asks /peal/counters '.sent > 0 and .targets == 65536 and .received >= .handed'

# DPDK's own client, which finds the socket by its file prefix
client=$(command -v dpdk-telemetry.py || true)
if [[ $client ]]; then
	printf '%s\n' /peal/status /peal/counters quit |
		timeout 20 "$client" -f "peal-$scan" >"$tmp/client" 2>&1 || true
	for command in status counters; do
		jq -es --arg c "/peal/$command" \
			'map(select(has($c)) | .[$c]) | length == 1 and .[0].sent > 0' "$tmp/client" >/dev/null ||
			fail "$client did not get /peal/$command: $(tail -n 20 "$tmp/client")"
	done
	echo "$client: $(tr -d '\n' <"$tmp/client" | cut -c 1-200)"
fi

kill -INT $scan
status=0
wait $scan || status=$?
is "exit status" $status 75
[[ $client ]] || skip "dpdk-telemetry.py is not installed: asked by socat only"
