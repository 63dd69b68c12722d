#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two lcores, each of which sends and receives on a queue of its own, where the card has two: peal
# finds exactly the truth, and the card's own counters say that each queue had its share. On how many
# of the two queues a card receives at all, dpdk-testpmd says in the same boot.

. "$(dirname "$0")/../smoke/_init.sh"
. "$(dirname "$0")/_vm.sh"
vm_needs
needs dpdk-testpmd
network
# shellcheck disable=SC2034 # _vm.sh reads it
vm_programs=("$(command -v dpdk-testpmd)")
truth 20 >"$tmp/want"

# queue NAME DIRECTION NUMBER: packets, by the card's own counters; drivers have different words
queue() {
	summary "$1" "[.device_counters[] | to_entries[] | select(.key | test(\"^$2_q$3_?(good_)?packets$\")) | .value] | max // 0"
}

# flows: 4,096 of them to the card, to 1,024 addresses, one frame each
flows() {
	on_host ip neigh replace 198.19.0.1 lladdr 02:00:00:00:00:01 dev host0 nud permanent
	on_host ip route replace 198.19.4.0/22 via 198.19.0.1
	# shellcheck disable=SC2016 # the inner shell expands it
	on_host bash -c 'for to in 198.19.{4..7}.{0..255}/{1..4}; do echo >/dev/udp/$to; done'
}

# without_peal WANT: the RX queues, of two, to which the card brings flows when dpdk-testpmd has it
without_peal() {
	local log=$tmp/testpmd
	guest "(dpdk-testpmd --in-memory -a $nic -l 0,1 -- --forward-mode=rxonly --rxq=2 --txq=2 --nb-cores=1 \
		--no-mlockall --total-num-mbufs=8192 --stats-period=1 --auto-start </dev/null >$log 2>&1; echo ended >>$log) &"
	wait_for 30 guest grep -q Throughput "$log"
	flows
	wait_for 30 guest grep -Eq "'RX-packets: [1-9][0-9]{3}'" "$log"
	guest "kill -INT \$(pidof dpdk-testpmd)"
	wait_for 30 guest grep -q ended "$log"
	vm_fetch
	sed -n 's/.*Forward Stats for RX Port= 0\/\(Queue= [01]\).*/\1/p' "$log" >"$tmp/used"
	grep -A 1 'Forward Stats for RX' "$log" || tail -n 40 "$log"
	is "queues that testpmd receives on" "$(grep -c . "$tmp/used")" "$1"
}

# pairs CARD RX-QUEUES: a scan with two queues each way, of which the card receives on that many
pairs() {
	local name=${1%%,*} direction number
	say "$name"
	vm_start "$1"
	vm_bind
	scan "$name" -i "$nic" 198.18.0.0/20 --allow-special 198.18.0.0/15 -p 80-83 -S 198.19.0.10-198.19.0.17 \
		--gateway-ip 198.19.0.2 --cooldown 3s -T 2 --rx-cores 2
	states "$name" >"$tmp/got"
	same "the records and the truth" "$tmp/got" "$tmp/want"
	jq -c '.device_counters[] | with_entries(select(.key | test("packets$")))' "$tmp/$name.json"
	for direction in tx rx; do
		for number in 0 1; do
			[[ $direction == rx ]] && ((number >= $2)) && continue
			(($(queue "$name" $direction $number) > 1000)) ||
				fail "$name: $direction queue $number had $(queue "$name" $direction $number) packets"
		done
	done
	without_peal "$2"
	vm_stop
}

vm_cable
pairs vmxnet3 1 # the emulated one brings all to its first queue, whoever drives it
ip -n host link delete host0
vm_tap=(multi_queue)
vm_netdev=tap,id=cable0,ifname=host0,script=no,downscript=no,queues=2
vm_cable
pairs virtio-net-pci,mq=on,vectors=6,disable-legacy=on,iommu_platform=on 2
