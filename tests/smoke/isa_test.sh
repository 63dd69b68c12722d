#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The same program on one processor after another, each emulated: it takes what the processor has, says
# what that is, finds the truth, and a seed means the same probes and answers everywhere. Between
# Nehalem, the least that Debian's DPDK runs on, and Haswell lie 5 years.

. "$(dirname "$0")/_init.sh"
needs jq

# each with the instruction set to be used, and a lower one to be asked for
case $(od -An -tu2 -j18 -N2 "$PEAL") in
*62)
	emulator=(qemu-x86_64)
	processors=("Nehalem plain" "Westmere aes-ni" "Haswell avx2" "Haswell plain plain")
	;;
*183)
	emulator=(qemu-aarch64 -L "${SYSROOT:-/}")
	processors=("cortex-a53 aes" "max aes" "max plain plain")
	;;
*) skip "there is no list of this program's processors" ;;
esac
needs "${emulator[0]}"

peal() {
	env ${lower:+"PEAL_ISA=$lower"} "${emulator[@]}" -cpu "$model" "$PEAL" "$@"
}

what=(-i sim:loss=0 198.18.0.0/22 --allow-special 198.18.0.0/15 -p '22,80,443')
for processor in "${processors[@]}"; do
	say "$processor"
	read -r model isa lower <<<"$processor"
	scan got "${what[@]}" --seed 7 --rate 20k --cooldown 2s -f saddr,sport,state
	is "instruction set" "$(summary got .isa)" "$isa"
	is "found" "$(summary got .truth.found)" "$(summary got .truth.open)"
	states got >"$tmp/got"
	[[ -e $tmp/want ]] || cp "$tmp/got" "$tmp/want"
	same "the records here and on ${processors[0]}" "$tmp/got" "$tmp/want"
done
(($(wc -l <"$tmp/want") > 100)) || fail "hardly anything answers"
