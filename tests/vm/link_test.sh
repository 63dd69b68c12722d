#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A link that is down at the start is waited for. A card that is pulled in mid-scan ends the scan in
# order, with 75, and is let go of.

. "$(dirname "$0")/../smoke/_init.sh"
. "$(dirname "$0")/_vm.sh"
vm_needs
network
vm_cable
vm_start e1000e
vm_bind
common=(-i "$nic" 198.18.0.0/20 --allow-special 198.18.0.0/15 -p 80-83 -S 198.19.0.1
	--gateway-ip 198.19.0.2 --cooldown 2s --rate 4k)
truth 20 >"$tmp/want"

# begin ARGUMENT...: a scan in the background of the machine
begin() {
	guest "(peal scan -O ndjson $(printf '%q ' "$@"); echo \$? >$tmp/status) >$tmp/out 2>&1 &"
}

says() {
	guest grep -q "'$1'" "$tmp/out"
}

say "down at the start"
monitor set_link nic0 off
begin -o "$tmp/late.ndjson" -m "$tmp/late.json" "${common[@]}"
wait_for 30 says 'no link yet; waiting for it'
monitor set_link nic0 on
wait_for 60 guest test -e "$tmp/status"
vm_fetch
is "exit status" "$(cat "$tmp/status")" 0
states late >"$tmp/got"
same "the records and the truth" "$tmp/got" "$tmp/want"

say "pulled in mid-scan"
guest rm "$tmp/status"
before=$(counter probes)
begin -o "$tmp/pulled.ndjson" -m "$tmp/pulled.json" "${common[@]}"
wait_for 30 probed $((before + 1000))
monitor device_del nic0
wait_for 30 guest test -e "$tmp/status"
vm_fetch
is "exit status" "$(cat "$tmp/status")" 75
is "reason" "$(summary pulled .exit_reason)" device
books pulled
wait_for 30 guest "! test -e /sys/bus/pci/devices/$nic"
