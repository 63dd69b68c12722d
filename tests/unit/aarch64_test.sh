#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# aarch64_test.sh SOURCE_ROOT: what needs no outside library (targets, order, cookies, parsing, encoding,
# the simulated internet, ...) compiles for aarch64, where every stage has its plain path. The files around
# DPDK are left out: Debian has its headers for another processor only together with that one's libraries.
set -euo pipefail
cd "$1"

skip() {
	echo "skipped: $*"
	exit 77
}
cc=aarch64-linux-gnu-gcc
command -v $cc >/dev/null || skip "$cc is not installed"
echo '#include <stdio.h>' | $cc -E -x c - >/dev/null 2>&1 || skip "there are no C library headers for $cc"

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
find scanner drivers -name '*.c' ! -name '*_avx2.c' ! -name '*_avx512.c' ! -name aes_ni.c | sort >"$out/all"
xargs grep -LE '^#include <(rte_|bus_|bpf|jansson|nettle|seccomp|xdp|zstd)' <"$out/all" >"$out/pure"
(($(wc -l <"$out/pure") >= 100)) || { echo "only $(wc -l <"$out/pure") files were found"; exit 1; }

# compile FILE
compile() {
	$cc -std=gnu11 -O1 -Wall -Wextra -Werror -Wno-missing-field-initializers -Iinclude -D_GNU_SOURCE \
		-DPEAL_VERSION='"0"' -c "$1" -o "$out/${1//\//_}.o"
}
export -f compile
export cc out
xargs -P "$(nproc)" -I{} bash -c 'compile {} || { echo "{} does not compile for aarch64"; exit 1; }' <"$out/pure"
echo "$(wc -l <"$out/pure") of $(wc -l <"$out/all") files compile for aarch64"
