# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# A machine with a network card that peal drives itself. A test sources this file after _init.sh:
#
#   . "$(dirname "$0")/../smoke/_init.sh"
#   . "$(dirname "$0")/_vm.sh"
#   vm_needs                       skips the test where there is no emulator or no kernel
#   network
#   vm_cable                       the host's end becomes a tap device
#   vm_start NIC [OPTION...]       an emulated PC: qemu's name of the card, more options of qemu
#   vm_bind                        the card is given to DPDK
#   scan NAME -i "$nic" ...        as in the smoke tests, but in the machine
#
# The PC is emulated in software, with an IOMMU before the card; it runs Debian's own kernel and,
# from memory alone, peal with DPDK's drivers. Its card is one end of a cable (tap) whose other end
# is host0 of the Linux host that _init.sh makes, with the same answers and the same watch.

# shellcheck disable=SC2154 # tmp is _init.sh's
vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
vm_scripts=$vm_dir/../../scripts
vm_cache=${PEAL_VM_CACHE:-$(dirname "$PEAL")/tests/vm}
vm_pmds=(net_e1000 net_vmxnet3 net_virtio mempool_ring)
vm_modules=(virt/lib/irqbypass drivers/vfio/vfio drivers/vfio/vfio_virqfd
	drivers/vfio/vfio_iommu_type1 drivers/vfio/pci/vfio-pci-core drivers/vfio/pci/vfio-pci
	drivers/virtio/virtio_ring drivers/virtio/virtio drivers/virtio/virtio_pci_modern_dev
	drivers/virtio/virtio_pci_legacy_dev drivers/virtio/virtio_pci drivers/char/virtio_console
	net/core/failover drivers/net/net_failover drivers/net/virtio_net drivers/net/vmxnet3/vmxnet3)
vm_programs=()   # more programs for the machine
vm_slots=()      # more slots, as options of qemu
vm_tap=()        # more for ip tuntap add
nic=0000:01:00.0 # behind the first root port

# --- the kernel ---

# vm_needs: before network, for Debian's kernel may have to come from its archive. It is unpacked
# below $vm_cache, not installed.
vm_needs() {
	local package
	[[ $(uname -m) == x86_64 ]] || skip "the emulated machine wants an x86-64 peal"
	[[ $(id -u) == 0 ]] || skip "root is needed for network namespaces"
	needs qemu-system-x86_64 busybox cpio apt-cache dpkg-deb
	package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/ *Depends: *//p' | head -n 1)
	[[ $package ]] || skip "no package linux-image-cloud-amd64 in apt's lists"
	vm_release=${package#linux-image-}
	vm_root=$vm_cache/$package
	[[ -e $vm_root/done ]] && return
	mkdir -p "$vm_root"
	(cd "$vm_root" && apt-get download "$package" >download.log 2>&1 && dpkg-deb -x ./*.deb .) ||
		skip "the kernel's package cannot be had: $(tail -n 1 "$vm_root/download.log")"
	rm -f "$vm_root"/*.deb
	touch "$vm_root/done"
}

# --- what the machine has in memory ---

# libraries PROGRAM...: the paths of all that the dynamic linker would load
libraries() {
	ldd "$@" | awk '$2 == "=>" && $3 ~ /^\// {print $3} $1 ~ /^\// && $1 !~ /:$/ {print $1}' | sort -u
}

# vm_copy PATH...: each with what it links to, to the same place; a library must not be there twice
vm_copy() {
	local path dir link
	for path in "$@"; do
		dir=$(realpath "$(dirname "$path")")
		path=$dir/${path##*/}
		mkdir -p "$tmp/root$dir"
		cp -P "$path" "$tmp/root$path"
		[[ -L $path ]] || continue
		link=$(readlink "$path")
		[[ $link == /* ]] || link=$dir/$link
		vm_copy "$link"
	done
}

vm_initramfs() {
	local root=$tmp/root pmds=() pmd module library
	mkdir -p "$root"/{bin,dev,modules,proc,root,run,sys,tmp,usr/lib,usr/lib64,var}
	ln -s usr/lib usr/lib64 "$root/"
	cp "$(command -v busybox)" "$PEAL" "${vm_programs[@]}" "$root/bin/"
	cp "$vm_scripts"/{bind-nic,setup-hugepages} "$root/bin/"
	for pmd in "${vm_pmds[@]}"; do
		pmds+=(/usr/lib/*/dpdk/pmds-*/librte_"$pmd".so.*)
	done
	[[ -e ${pmds[0]} ]] || skip "DPDK's drivers are not where Debian has them"
	mapfile -t library < <(libraries "$PEAL" "${pmds[@]}" "${vm_programs[@]}")
	vm_copy "${pmds[@]}" "${library[@]}"
	for pmd in "$root"/usr/lib/*/dpdk/pmds-*/*.so.??; do # testpmd's need each other
		[[ -L ${pmd%/dpdk/*}/${pmd##*/} ]] || ln -s "${pmd#"${pmd%/dpdk/*}/"}" "${pmd%/dpdk/*}/"
	done
	for module in "${vm_modules[@]}"; do
		cp "$vm_root/lib/modules/$vm_release/kernel/$module.ko" "$root/modules/"
		echo "${module##*/}" >>"$root/modules/order"
	done
	cp "$vm_dir/init" "$root/init"
	(cd "$root" && find . | cpio -o -H newc --quiet) >"$tmp/initramfs"
	rm -rf "$root"
}

# --- the machine ---

# vm_cable: instead of the veth pair, host0 is a tap device that the machine's card is on
vm_cable() {
	ip link delete scan0 2>/dev/null || true # a second cable takes the place of the first
	on_host ip tuntap add host0 mode tap "${vm_tap[@]}"
	on_host ip link set host0 address 02:00:00:00:00:02 up
	on_host ip address add 198.19.0.2/24 dev host0
	on_host ip route flush table local 198.18.0.0/16 2>/dev/null || true
	on_host ip route replace local 198.18.0.0/16 dev lo
}

# vm_start NIC [QEMU-OPTION...]: boots; vm_append adds to the kernel's command line
vm_start() {
	local model=$1 iommu=(-device "intel-iommu,intremap=on,caching-mode=on")
	shift
	[[ -e $tmp/initramfs ]] || vm_initramfs
	[[ ${vm_iommu:-on} == on ]] || iommu=()
	rm -f "$tmp"/{ctl,qmp}.{in,out}
	mkfifo "$tmp"/{ctl,qmp}.{in,out}
	ip netns exec host qemu-system-x86_64 -name peal,debug-threads=on -nodefaults -no-user-config -display none -no-reboot \
		-machine q35,kernel-irqchip=split -accel tcg,thread=multi -cpu max \
		-smp 2 -m "${vm_memory:-1500}" "${iommu[@]}" \
		-kernel "$vm_root/boot/vmlinuz-$vm_release" -initrd "$tmp/initramfs" \
		-append "console=ttyS0 quiet panic=-1 no_timer_check intel_iommu=on iommu=pt ${vm_append:-}" \
		-serial "file:$tmp/console" \
		-device virtio-serial-pci,disable-legacy=on,addr=10 -chardev "pipe,id=ctl,path=$tmp/ctl" \
		-device virtserialport,chardev=ctl \
		-chardev "pipe,id=qmp,path=$tmp/qmp" -mon chardev=qmp,mode=readline \
		-device pcie-root-port,id=slot0,chassis=1,addr=8 \
		-device pcie-root-port,id=slot1,chassis=2,addr=9 \
		"${vm_slots[@]}" \
		-netdev "${vm_netdev:-tap,id=cable0,ifname=host0,script=no,downscript=no}" \
		-device "$model,id=nic0,bus=${vm_slot:-slot0},netdev=cable0,mac=02:00:00:00:00:01" \
		"$@" >"$tmp/qemu.out" 2>&1 &
	vm_pid=$!
	exec {vm_in}>"$tmp/ctl.in" {vm_out}<"$tmp/ctl.out" {vm_monitor}>"$tmp/qmp.in"
	cat "$tmp/qmp.out" >"$tmp/monitor" &
	guest mkdir -p "$tmp"
}

vm_stop() {
	kill "$vm_pid" 2>/dev/null || true
	wait "$vm_pid" 2>/dev/null || true
	exec {vm_in}>&- {vm_out}<&- {vm_monitor}>&-
}

# monitor COMMAND: qemu's own, such as set_link nic0 off
monitor() {
	echo "$*" >&"$vm_monitor"
}

# guest COMMAND...: one shell command line in the machine: what it prints, and its exit status
guest() {
	local status size
	printf '%s\n' "$*" >&"$vm_in"
	IFS=' ' read -r -t "${vm_patience:-60}" -u "$vm_out" status size || {
		tail -n 20 "$tmp/console" "$tmp/qemu.out" >&2
		fail "the machine does not answer: $*"
	}
	head -c "$size" <&"$vm_out"
	return "$status"
}

# peal ARGUMENT...: in the machine; the files that it wrote come back to the same paths
peal() {
	local status=0
	guest "$(printf '%q ' peal "$@")" >&2 || status=$?
	vm_fetch
	return $status
}

vm_fetch() {
	guest tar -C "$tmp" -cf - . | tar -C "$tmp" -xf -
}

# vm_bind: large pages, and the card for DPDK
vm_bind() {
	guest "setup-hugepages 128 && bind-nic $nic" >/dev/null
}
