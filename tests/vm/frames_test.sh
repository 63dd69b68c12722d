#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Through a VLAN, and amid frames of every size: from a few bytes to jumbo ones that the card was
# not set up for. The records are the truth all the same, and each frame is accounted for.

. "$(dirname "$0")/../smoke/_init.sh"
. "$(dirname "$0")/_vm.sh"
TAG=${TAG:-$smoke_dir/../../build/tests/smoke/tag}
vm_needs
network
needs python3 tcpdump tshark
vm_cable
vm_start e1000e
vm_bind
common=(-i "$nic" 198.18.0.0/20 --allow-special 198.18.0.0/15 -p 80-83 -S 198.19.0.1
	--gateway-ip 198.19.0.2 --cooldown 2s)
truth 20 >"$tmp/want"

cat >"$tmp/frames.py" <<'PYTHON'
import socket, sys, time

wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind(("host0", 0))
head = bytes.fromhex("020000000001 020000000002 0800".replace(" ", ""))
sizes = [14, 15, 20, 33, 34, 59, 60, 64, 1514, 1518, 1522, 2048, 4000, 9014]
sent = 0
while time.time() < float(sys.argv[1]):
    for size in sizes:
        wire.send((head + bytes(range(256)) * 40)[:size])
        sent += 1
    time.sleep(0.01)
print(sent)
PYTHON

say "jumbo and tiny frames all the time"
on_host ip link set host0 mtu 9000
on_host python3 "$tmp/frames.py" "$(($(date +%s) + 8))" >"$tmp/sent" &
sender=$!
scan sizes "${common[@]}" --rate 4k
wait $sender
states sizes >"$tmp/got"
same "the records and the truth" "$tmp/got" "$tmp/want"
jq -c '{received, records, rejected, rx_missed}' "$tmp/sizes.json"
(($(summary sizes .rejected.malformed) > 1000)) || fail "the frames did not come: $(cat "$tmp/sent") sent"
on_host ip link set host0 mtu 1500

say "VLAN 77: the host is behind a switch that takes its frames out of it, and gives back to 78 as well"
on_host "$TAG" host0 77 host77 78 >"$tmp/tag.out" 2>&1 &
wait_for 10 grep -q ready "$tmp/tag.out"
on_host ip address flush dev host0
on_host ip link set host0 address 02:00:00:00:00:03 # without a tag, nothing is for the host
on_host ip link set host77 address 02:00:00:00:00:02
on_host ip address add 198.19.0.2/24 dev host77
on_host ip link set host77 up
# vlan CARD WHO: in it, and in another one; the device or peal leaves out what comes in 78
vlan() {
	local name=vlan-${1%%,*} rejected='.rejected.wrong_vlan == 0'
	[[ $2 == "the device" ]] || rejected='.rejected.wrong_vlan >= .records'
	ip netns exec host tcpdump -i host0 -w "$tmp/sent.pcap" ether src 02:00:00:00:00:01 2>"$tmp/tcpdump.err" &
	sender=$!
	wait_for 10 grep -q 'listening on' "$tmp/tcpdump.err"
	scan "$name" "${common[@]}" --vlan 77
	kill $sender
	wait $sender || true
	states "$name" >"$tmp/got"
	same "the records of $name and the truth" "$tmp/got" "$tmp/want"
	jq -c '{received, records, repeats, rejected}' "$tmp/$name.json"
	is "left out by $2" "$(summary "$name" ".repeats == 0 and ($rejected)")" true
	tshark -r "$tmp/sent.pcap" -T fields -e vlan.id -e vlan.priority 2>/dev/null | sort | uniq -c >"$tmp/tags"
	is "tags of $name" "$(awk '{ print $2, $3 }' "$tmp/tags")" "77 0"
	(($(awk '{ print $1 }' "$tmp/tags") >= $(summary "$name" '.sent + .control'))) || fail "$(cat "$tmp/tags")"
	expect 69 peal scan "${common[@]}" --vlan 78 -v
	grep -q "VLAN 78: the device takes tags off, $2 leaves other VLANs out" "$tmp/err" || fail "$(cat "$tmp/err")"
	grep -q 'no flow isolation): the lcores see everything that the card receives' "$tmp/err" || fail "$(cat "$tmp/err")"
	grep -q 'does not answer ARP: check the address, the link and the VLAN' "$tmp/err" || fail "$(cat "$tmp/err")"
}
vlan e1000e "the device"
virtio="virtio-net-pci,disable-legacy=on,iommu_platform=on"
for card in vmxnet3 "$virtio" "$virtio,ctrl_vlan=off"; do
	vm_stop
	vm_start "$card"
	vm_bind
	vlan "$card" "$([[ $card == *,ctrl_vlan=off ]] && echo peal || echo "the device")"
done
