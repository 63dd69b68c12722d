#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two lcores, each of which sends and receives on a queue of its own, where the card has two: peal
# finds exactly the truth, and the card's own counters say that each queue had its share.

. "$(dirname "$0")/../smoke/_init.sh"
. "$(dirname "$0")/_vm.sh"
vm_needs
network
truth 20 >"$tmp/want"

# queue NAME DIRECTION NUMBER: packets, by the card's own counters; drivers have different words
queue() {
	summary "$1" "[.device_counters[] | to_entries[] | select(.key | test(\"^$2_q$3_?(good_)?packets$\")) | .value] | max // 0"
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
	vm_stop
}

vm_cable
pairs vmxnet3 1 # the emulated one has a second queue to receive on, and never uses it
ip -n host link delete host0
vm_tap=(multi_queue)
vm_netdev=tap,id=cable0,ifname=host0,script=no,downscript=no,queues=2
vm_cable
pairs virtio-net-pci,mq=on,vectors=6,disable-legacy=on,iommu_platform=on 2
