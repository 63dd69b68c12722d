#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# As truth_af_packet_test.sh, over AF_XDP.

. "$(dirname "$0")/truth_af_packet_test.sh"

say "a kernel that can send no volleys: frame by frame, by one core"
needs setarch
expect 0 setarch --uname-2.6 "$PEAL" scan -i af_xdp:scan0 198.18.0.0/22 --allow-special 198.18.0.0/15 -p 80-83 \
	--rate max -c 1s -v -o "$tmp/old.ndjson" -m "$tmp/old.json"
grep -q 'scan0: no volleys: not before Linux' "$tmp/err" || fail "it sends volleys: $(cat "$tmp/err")"
states old >"$tmp/got"
truth 22 >"$tmp/want"
same "the records and the truth" "$tmp/got" "$tmp/want"
