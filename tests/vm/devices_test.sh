#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two cards in one scan, of two kinds and on two cables: each position is probed once, from an
# address of the card that sends it, and the answers of both are the truth.

. "$(dirname "$0")/../smoke/_init.sh"
. "$(dirname "$0")/_vm.sh"
vm_needs
network
vm_cable
on_host ip tuntap add host1 mode tap
on_host ip link set host1 address 02:00:00:00:01:02 up
on_host ip address add 198.19.1.2/24 dev host1

second=0000:02:00.0 # behind the second root port
vm_start e1000e -netdev tap,id=cable1,ifname=host1,script=no,downscript=no \
	-device vmxnet3,id=nic1,bus=slot1,netdev=cable1,mac=02:00:00:00:01:01
vm_bind
guest "bind-nic $second" >/dev/null

before=$(counter probes)
scan two -i "$nic" -i "$second" -S "$nic=198.19.0.1" -S "$second=198.19.1.1,198.19.1.7" \
	--gateway-ip "$nic=198.19.0.2" --gateway-mac "$second=02:00:00:00:01:02" \
	198.18.0.0/20 --allow-special 198.18.0.0/15 -p 80-83 --rate 10k --cooldown 3s
jq -c '{device, sent, received, records, devices}' "$tmp/two.json"
states two >"$tmp/got"
truth 20 >"$tmp/want"
same "the records and the truth" "$tmp/got" "$tmp/want"
is "sent" "$(summary two .sent)" 16384
is "probes at the host" "$(($(counter probes) - before))" 16384
is "sent by both" "$(summary two '.sent == ([.devices[].sent] | add)')" true
is "sent by each" "$(summary two '[.devices[].sent] | min > 0')" true
is "received by each" "$(summary two '[.devices[].received] | min > 0')" true
is "lost" "$(summary two '[.devices[] | .tx_dropped + .rx_missed] | add')" 0
