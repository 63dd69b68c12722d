# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# Debian packages that the scripts need, and one way to get them.

# shellcheck disable=SC2034 # used by those that source this
build_packages=(gcc libbpf-dev libc6-dev libdpdk-dev libjansson-dev libseccomp-dev libzstd-dev meson
	nettle-dev ninja-build pkg-config)

# shellcheck disable=SC2034
test_packages=(bc binutils busybox-static clang clang-format clang-tidy cppcheck cpio dpdk dpdk-dev ethtool faketime
	git iproute2 jq libclang-rt-14-dev libcmocka-dev llvm mandoc masscan nftables nmap
	procps python3-minimal qemu-system-x86 qemu-user shellcheck socat tcpdump tmux tshark util-linux valgrind xxd zmap zstd)

# A build for aarch64: here, and for the processor that it is for.
# shellcheck disable=SC2034
arm64_tools=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross meson ninja-build pkg-config qemu-user)
# shellcheck disable=SC2034
arm64_packages=(libbpf-dev libc6-dev libcmocka-dev libdpdk-dev libjansson-dev libseccomp-dev libzstd-dev nettle-dev)

# missing PACKAGE...: those that are not installed, one a line
missing() {
	local package
	for package in "$@"; do
		dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^.i' || echo "$package"
	done
}

# install_packages WHY PACKAGE...: as root installs what is missing; else says how, and returns 1
install_packages() {
	local why=$1 absent
	shift
	command -v dpkg-query >/dev/null || return 0
	mapfile -t absent < <(missing "$@")
	((${#absent[@]})) || return 0
	if [[ $(id -u) != 0 ]]; then
		echo "$why needs packages: sudo apt-get install --no-install-recommends ${absent[*]}" >&2
		return 1
	fi
	echo "installing ${absent[*]}" >&2
	export DEBIAN_FRONTEND=noninteractive
	if ! apt-get install -y --no-install-recommends "${absent[@]}" >/dev/null 2>&1; then
		apt-get update >/dev/null && # the lists may be old, or not there at all
			apt-get install -y --no-install-recommends "${absent[@]}" >&2 2>&1
	fi
}
