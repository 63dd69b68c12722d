#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What scripts/bench measures of cards that peal drives itself: nic.sh ROUNDS SECONDS CARD...
#
# Each card is in an emulated machine of its own (tests/vm). In one boot, peal and dpdk-testpmd txonly
# take turns on it, with frames of one length, one queue, one lcore and 64 frames a burst. What they
# send is counted at the far end of the cable, and thrown away there. Prints an object a measurement,
# as scripts/bench has them: frames a second; frames a second of the emulator's processor time, which
# what else runs on the machine disturbs less; and the same of the one emulated processor that sends,
# without what a program does beside it.

. "$(dirname "$0")/../smoke/_init.sh"
. "$(dirname "$0")/../vm/_vm.sh"
vm_needs
needs dpdk-testpmd
network
# shellcheck disable=SC2034 # _vm.sh reads it
vm_programs=("$(command -v dpdk-testpmd)")
vm_cable
on_host nft -f - <<-'RULES'
	table netdev bench {
		chain nobody {
			type filter hook ingress device host0 priority -500
			drop
		}
	}
RULES
rounds=$1 seconds=$2
shift 2
frame=58 # of peal's SYN

start_peal() {
	guest "peal scan -i $nic 198.18.0.0/16 --allow-special 198.18.0.0/15 -p '*' -S 198.19.0.1 \
		--gateway-mac 02:00:00:00:00:02 --rate max -t ${1}s --cooldown 0s -q -o /dev/null \
		--contact bench --purpose bench >/tmp/log 2>&1 &"
}

start_testpmd() {
	guest "timeout -s INT $1 dpdk-testpmd --in-memory -a $nic -l 0,1 -- --forward-mode=txonly \
		--txpkts=$frame --burst=64 --nb-cores=1 --stats-period 60 --auto-start --no-mlockall --total-num-mbufs=8192 \
		</dev/null >/tmp/log 2>&1 &"
}

arrived() {
	on_host cat /proc/net/dev | awk '$1 == "host0:" { print $3 }'
}

flows() {
	(($(arrived) > $1 + 20000))
}

# ticks of processor time that the emulator has had, and its emulated processor 1, on which both
# programs have the lcore that sends
ticks() {
	cat "/proc/$vm_pid"/task/*/stat | awk '
		{ sub(/^.*\) /, ($0 ~ /\(CPU 1\/TCG\)/) " "); all += $13 + $14; if ($1) sender += $13 + $14 }
		END { print all, sender }'
}

# figures ROUND NAME: of the seconds from now on
figures() {
	local frames us all sender all_before sender_before hz
	hz=$(getconf CLK_TCK)
	frames=$(arrived) us=${EPOCHREALTIME/[.,]/}
	read -r all_before sender_before < <(ticks)
	sleep "$seconds"
	((frames = $(arrived) - frames, us = ${EPOCHREALTIME/[.,]/} - us))
	read -r all sender < <(ticks)
	printf '{"round":%d,"name":"%s","unit":"pps","value":%d}\n' "$1" "$2" $((frames * 1000000 / us)) \
		"$1" "$2_cpu" $((frames * hz / (all - all_before))) \
		"$1" "$2_sender" $((frames * hz / (sender - sender_before)))
}

for card in "$@"; do
	vm_start "$card"
	vm_bind
	for ((round = 1; round <= rounds; round++)); do
		for program in peal testpmd; do
			"start_$program" $((seconds + 15))
			wait_for 30 flows "$(arrived)"
			figures "$round" "${card%%[-,]*}_$program"
			guest "kill -INT \$(pidof peal dpdk-testpmd); while pidof peal dpdk-testpmd >/dev/null; do sleep 0.1; done"
		done
	done
	vm_stop
done
