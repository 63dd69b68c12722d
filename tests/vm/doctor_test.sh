#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# From a bare card to one that is ready: the doctor names each fault, and the command that it names
# mends it. bind-nic leaves the card with the default route alone.

. "$(dirname "$0")/../smoke/_init.sh"
. "$(dirname "$0")/_vm.sh"
vm_needs
network
vm_cable

# doctor CODE VERDICT WORD TEXT [SHELL-COMMAND]: its exit status, and the line about WORD
doctor() {
	local got=0
	guest "${5:-peal doctor $nic}" >"$tmp/said" || got=$?
	((got == $1)) || fail "exit status $got, wanted $1: $(cat "$tmp/said")"
	grep -q "^$2 *$3 .*$4" "$tmp/said" || fail "no '$2 $3 ... $4' in: $(cat "$tmp/said")"
}

say "no IOMMU"
vm_iommu=off vm_start virtio-net-pci,disable-legacy=on
doctor 69 FAIL iommu 'intel_iommu=on iommu=pt'
expect 69 guest bind-nic "$nic"
vm_stop

say "a card with Linux, on the second of two nodes"
nic=0000:81:00.0
vm_slots=(-object "memory-backend-ram,id=memory0,size=750M" -object "memory-backend-ram,id=memory1,size=750M"
	-numa "node,nodeid=0,cpus=0,memdev=memory0" -numa "node,nodeid=1,cpus=1,memdev=memory1"
	-device "pxb-pcie,id=bridge,bus_nr=128,numa_node=1,bus=pcie.0,addr=18"
	-device "pcie-root-port,id=far,chassis=3,bus=bridge")
vm_slot=far vm_start vmxnet3
doctor 69 FAIL driver "vmxnet3, as eth0 keeps the card for Linux: sudo scripts/bind-nic $nic"
expect 69 peal scan -i "$nic" 198.18.0.1 -p 80 --allow-special 198.18.0.0/15 -S 198.19.0.1
grep -q "bind-nic $nic" "$tmp/err" || fail "the scan does not say how: $(cat "$tmp/err")"

say "bind-nic: not the card with the default route"
guest "ip addr add 198.19.0.1/24 dev eth0 && ip link set eth0 up && ip route add default via 198.19.0.2"
expect 78 guest bind-nic "$nic"
expect 78 guest bind-nic eth0
is "its driver" "$(guest bind-nic --show | awk '{print $4, $5}')" "vmxnet3 eth0"
guest ip route del default

say "bound to nobody"
guest "echo $nic >/sys/bus/pci/devices/$nic/driver/unbind"
doctor 69 FAIL driver "none: sudo scripts/bind-nic"

say "bound, but without large pages; then with them on the wrong node"
guest bind-nic "$nic" >"$tmp/said"
doctor 0 warn hugepages '0 MiB free, so small pages.*setup-hugepages 256 1'
guest setup-hugepages 128 0 >"$tmp/said"
doctor 0 warn hugepages "128 MiB free, but 0 on the card's node 1.*setup-hugepages 256 1"
guest "setup-hugepages --undo && setup-hugepages 128 1" >"$tmp/said"
doctor 0 ok hugepages "128 MiB free on the card's node 1"
grep -q '^ok *link .*net_vmxnet3.*MTU 1500' "$tmp/said" || fail "the driver is not named: $(cat "$tmp/said")"
grep -q '^ok *cores .*node 1' "$tmp/said" || fail "the node is not named: $(cat "$tmp/said")"

say "cores on the other node only"
doctor 0 warn cores 'taskset -c 1 peal' "taskset 1 peal doctor $nic"

say "link down"
monitor set_link nic0 off
doctor 69 FAIL link 'plug the cable in'
monitor set_link nic0 on

say "an ordinary user: the memory that may be locked, then vfio's file"
guest "mkdir -p /etc; echo user:x:1000:1000::/:/bin/sh >/etc/passwd; chmod 711 $tmp"
doctor 77 FAIL memlock 'prlimit --memlock=unlimited' "su user -c 'ulimit -l 64; peal doctor $nic'"
doctor 77 FAIL trial 'sudo chown 1000 /dev/vfio/' "ulimit -l unlimited; su user -c 'peal doctor $nic'"

say "back to Linux"
guest bind-nic --undo "$nic"
is "its driver" "$(guest bind-nic --show | awk '{print $4, $5}')" "vmxnet3 eth0"
vm_stop

say "an MTU below that of the Internet's routers; then no driver in DPDK"
nic=0000:01:00.0 vm_slots=()
vm_start virtio-net-pci,host_mtu=500,disable-legacy=on,iommu_platform=on
vm_bind
doctor 0 warn mtu 'ICMP errors can be longer: raise it to 1500'
guest "rm /usr/lib/*/dpdk/pmds-*/librte_net_virtio.so*"
doctor 69 FAIL trial 'no driver for a card of kind 1af4:1041 here: sudo apt-get install librte-meta-net'
