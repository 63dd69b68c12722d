#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Without root: the simulated internet works for an ordinary user, a Linux interface does not, and
# says so in one line with status 77.

. "$(dirname "$0")/_init.sh"
needs jq

as_user=()
if [[ $(id -u) == 0 ]]; then
	needs setpriv
	# the program may lie where only root can reach it
	install -m 755 "$PEAL" "$tmp/peal"
	PEAL=$tmp/peal
	chmod 777 "$tmp"
	as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all --no-new-privs
		env "HOME=$tmp" "XDG_RUNTIME_DIR=$tmp")
fi
peal() {
	"${as_user[@]}" "$PEAL" "$@"
}

say "sim"
scan sim -i sim 198.18.0.0/20 --allow-special 198.18.0.0/15 -p '80,443' --rate 20k --cooldown 1s
is "found" "$(summary sim .truth.found)" "$(summary sim .truth.open)"

say "repeats: counted where they go, whether the filter wants them or not"
twice=(-i "sim:alive=1,open=1,dup=1,retransmit=0" 198.18.0.0/24 --allow-special 198.18.0.0/15 -p 80 --cooldown 1s)
scan without "${twice[@]}"
is "not recorded" "$(summary without '"\(.records) \(.repeats) \(.repeats_written)"')" "256 256 0"
scan with "${twice[@]}" --filter 'repeat = 0 || repeat = 1'
is "recorded" "$(summary with '"\(.records) \(.repeats) \(.repeats_written)"')" "512 0 256"

say "more cores than the device has queues: one line says so"
scan queues -i sim 198.18.0.0/24 --allow-special 198.18.0.0/15 -p 80 --rx-cores 2 --cooldown 1s -q
is "warnings" "$(grep -c -- '--rx-cores: sim has 1 queue for 2 cores' "$tmp/queues.err")" 1
is "lines" "$(wc -l <"$tmp/queues.err")" 1

say "a Linux interface"
expect 77 peal scan -i af_packet:lo 198.18.0.0/24 --allow-special 198.18.0.0/15 -p 80
is "lines of the message" "$(wc -l <"$tmp/err")" 1
