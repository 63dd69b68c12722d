#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# On each card that the emulator has and DPDK drives, peal finds exactly the truth about 4,096
# addresses x 4 ports, leaves excluded prefixes alone, and closes with its own RST each connection
# that a SYN-ACK opened: the host never asks twice. All that within its sandbox.

. "$(dirname "$0")/../smoke/_init.sh"
. "$(dirname "$0")/_vm.sh"
vm_needs
network
vm_cable

# no cookies: what we do not close stays half open, and the host sends its SYN-ACK again
on_host sysctl -qw net.ipv4.tcp_syncookies=0
on_host nft -f - <<-'RULES'
	table ip smoke {
		counter synacks {}
		counter resets {}
		chain resets {
			type filter hook prerouting priority raw
			tcp dport 80 tcp flags & (syn | ack | rst) == rst counter name resets
		}
		chain synacks {
			type filter hook output priority raw
			tcp sport 80 tcp flags & (syn | ack | rst) == (syn | ack) counter name synacks
		}
	}
RULES
exclude 198.18.7.0/24
truth 19 | awk '{split($1, part, "."); if (part[3] <= 16 && part[3] != 7) print}' >"$tmp/want"

for card in e1000 e1000e vmxnet3 virtio-net-pci,disable-legacy=on,iommu_platform=on; do
	name=${card%%,*}
	say "$name"
	vm_start "$card"
	vm_bind
	on_host nft reset counters table ip smoke >/dev/null
	scan "$name" -i "$nic" 198.18.0.0-198.18.16.255 -x 198.18.7.0/24 --allow-special 198.18.0.0/15 \
		-p 80-83 -S 198.19.0.1 --gateway-ip 198.19.0.2 --cooldown 3s
	states "$name" >"$tmp/got"
	same "the records and the truth" "$tmp/got" "$tmp/want"
	is "sent, at the host" "$(counter probes)" 16384
	is "connections opened, and closed" "$(counter synacks) $(counter resets)" "4096 4096"
	is "excluded" "$(counter excluded)" 0
	is "the card counts what it took" \
		"$(summary "$name" '.devices[0] | .tx_unsent == 0 and .tx_taken >= .sent + .control')" true
	(($(summary "$name" '.device_counters[].tx_good_packets - .devices[0].tx_taken') >= 0)) ||
		fail "$(jq -c '.devices, .device_counters' "$tmp/$name.json")"
	is "in force" "$(summary "$name" '.sandbox | join(" ")')" "capabilities seccomp landlock"
	jq -c '{send_seconds, sent, received, records, control}' "$tmp/$name.json"
	vm_stop
done
