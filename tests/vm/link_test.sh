#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A link that is down at the start is waited for; when it is lost in mid-scan, what was lost with it is
# sent again. A card that is pulled in mid-scan ends the scan in order, with 75, and is let go of; when
# it is plugged in again, the scan goes on.

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

say "down and up in mid-scan"
guest rm "$tmp/status"
before=$(counter probes)
begin -o "$tmp/lost.ndjson" -m "$tmp/lost.json" "${common[@]}"
wait_for 30 probed $((before + 2000))
monitor set_link nic0 off
wait_for 30 says 'the link is down'
sleep 1
before=$(counter probes)
monitor set_link nic0 on
up=$SECONDS
wait_for 60 probed "$before"
say "probes arrive again after $((SECONDS - up)) s"
wait_for 60 guest test -e "$tmp/status"
vm_fetch
is "exit status" "$(cat "$tmp/status")" 0
books lost
states lost >"$tmp/got"
same "the records and the truth" "$tmp/got" "$tmp/want"
is "outages" "$(summary lost .outages)" 1

say "pulled in mid-scan"
guest rm "$tmp/status"
before=$(counter probes)
begin -o "$tmp/pulled.ndjson" -m "$tmp/pulled.json" --state-dir "$tmp/state" "${common[@]}"
wait_for 30 probed $((before + 4000))
monitor device_del nic0
wait_for 30 guest test -e "$tmp/status"
vm_fetch
is "exit status" "$(cat "$tmp/status")" 75
is "reason" "$(summary pulled .exit_reason)" device
books pulled
wait_for 30 guest "! test -e /sys/bus/pci/devices/$nic"

say "plugged in again"
monitor device_add e1000e,id=nic0,bus=slot0,netdev=cable0,mac=02:00:00:00:00:01
wait_for 30 guest "test -e /sys/bus/pci/devices/$nic"
guest "bind-nic $nic" >/dev/null
expect 0 peal resume "$tmp/state"
books pulled
states pulled >"$tmp/got"
same "the records and the truth" "$tmp/got" "$tmp/want"
is "sent" "$(summary pulled .sent)" 16384
is "complete" "$(summary pulled .complete)" true
say "$(summary pulled .resent) probes sent again"
