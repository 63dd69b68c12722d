#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Answers of a Linux host, captured: tshark sees the same in the capture as in the records, SYN-ACKs,
# RSTs and ICMP errors of all kinds, and peal verify derives the records again; also after a kill.

. "$(dirname "$0")/_init.sh"
. "$(dirname "$0")/_resume.sh"
needs jq tshark
network

job=(-i scan0 198.18.0.0/20 --allow-special 198.18.0.0/15 -p '80,81,83' -e 7 --rate 10k --cooldown 1s -f '*'
	--tcp-options linux --capture "$tmp/kill.pcapng")
truth 20 >"$tmp/want"

# proof NAME: all records are derived again, and each is what the host says
proof() {
	"$PEAL" verify "$tmp/$1.state" >"$tmp/found" || { head "$tmp/found" >&2; fail "$1: exit status $?"; }
	states "$1" >"$tmp/got"
	same "records" "$tmp/got" "$tmp/want"
	is "frames" "$(head -n 1 "$tmp/found")" "frames: $(wc -l <"$tmp/want"), no answers: 0"
	tshark -r "$tmp/kill.pcapng" -Y 'tcp && !icmp' -T fields -e ip.src -e tcp.srcport -e ip.ttl -e tcp.seq_raw \
		-e tcp.window_size_value 2>/dev/null | sort >"$tmp/got"
	jq -r 'select(.classification != "icmp") | "\(.saddr)\t\(.sport)\t\(.ttl)\t\(.seqnum)\t\(.window)"' \
		"$tmp/$1.ndjson" | sort >"$tmp/tcp"
	same "TCP answers, by tshark" "$tmp/got" "$tmp/tcp"
	is "ICMP errors, by tshark" "$(tshark -r "$tmp/kill.pcapng" -Y icmp 2>/dev/null | wc -l)" \
		"$(grep -c '"classification":"icmp"' "$tmp/$1.ndjson")"
}

say "undisturbed"
begin kill
ended kill 0
proof kill

say "killed"
begin kill
wait_for 20 test -s "$tmp/kill.ndjson"
kill_after 500 KILL
ended kill 137
finish kill
proof kill
