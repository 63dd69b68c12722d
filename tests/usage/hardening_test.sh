#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The program as it was built has what makes a slip in it hard to use: an address that is drawn at
# each start, tables that are read-only once it runs, no stack that can be executed, guards on the
# stack, bounds checked by the C library, and landing marks for indirect jumps.
set -euo pipefail

peal=$1 fortified=$2
skip() {
	echo "skipped: $*"
	exit 77
}
for tool in readelf nm objdump; do
	command -v $tool >/dev/null || skip "$tool is not installed"
done
[[ $(uname -m) == x86_64 ]] || skip "it knows x86-64 only"

failed=0
# has WHAT PATTERN FILE: one line of it matches
has() {
	if grep -qE -- "$2" "$3"; then
		echo "ok: $1"
	else
		echo "FAILED: $1"
		failed=1
	fi
}

# hasnt WHAT PATTERN FILE: none does
hasnt() {
	if grep -E -- "$2" "$3"; then
		echo "FAILED: $1"
		failed=1
	else
		echo "ok: $1"
	fi
}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
readelf -hldW "$peal" >"$tmp/elf"
nm -D --undefined-only "$peal" >"$tmp/imports"
objdump -d --no-show-raw-insn "$peal" >"$tmp/code"
objdump -d --no-show-raw-insn --disassemble=main "$peal" | sed -n '/<main>:/{n;p}' >"$tmp/main"

has "position-independent" 'Type: *DYN .*Position-Independent' "$tmp/elf"
has "relocations become read-only" '^ *GNU_RELRO' "$tmp/elf"
has "all of them, at the start" 'BIND_NOW|FLAGS.* NOW' "$tmp/elf"
has "a stack of its own" '^ *GNU_STACK' "$tmp/elf"
hasnt "that is not executable" '^ *GNU_STACK.* RWE ' "$tmp/elf"
hasnt "no code is written to by relocations" 'TEXTREL' "$tmp/elf"
hasnt "no memory is both written and executed" '^ *LOAD.* RWE ' "$tmp/elf"
has "stack protector" ' __stack_chk_fail' "$tmp/imports"
has "landing marks" 'endbr64' "$tmp/main"
# shellcheck disable=SC2016 # a constant of the assembler
has "large frames touch each page" 'or[lqb] +\$0x0,(0x[0-9a-f]+)?\(%rsp\)' "$tmp/code"
if [[ $fortified == true ]]; then
	has "bounds are checked" ' __memcpy_chk' "$tmp/imports"
	hasnt "no copy or format goes unchecked" ' (v?sprintf|strcpy|strcat)@' "$tmp/imports"
fi
exit $failed
