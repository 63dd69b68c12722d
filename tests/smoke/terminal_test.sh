#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# On a terminal: one progress line, redrawn in place and no wider than the terminal; records are a
# plain list; and without a terminal, no control bytes anywhere.

. "$(dirname "$0")/_init.sh"
needs tmux jq

tmux=(tmux -L "peal-$$" -f /dev/null)
at_exit() {
	"${tmux[@]}" kill-server 2>/dev/null || true
}

screen() {
	"${tmux[@]}" capture-pane -p -t peal
}
on_screen() {
	screen | grep -qE "$1"
}

say "records to a file, progress on the terminal"
"${tmux[@]}" new-session -d -s peal -x 100 -y 30 \
	"$PEAL scan -i sim 10.7.0.0/16 --allow-special 10.0.0.0/8 -p 80 --rate 10k --cooldown 1s -o $tmp/out; echo status=\$?; sleep 60"
wait_for 10 on_screen '[0-9]%'
sleep 2.5
screen >"$tmp/screen"
is "progress lines on the screen" "$(grep -cE '[0-9]%' "$tmp/screen")" 1
first=$(grep -E '[0-9]%' "$tmp/screen")
sleep 2
second=$(screen | grep -E '[0-9]%')
echo "$second"
[[ $first != "$second" ]] || fail "the line does not move"
wait_for 30 on_screen 'status=0'

say "without a terminal: no control bytes"
scan plain -i sim 10.7.0.0/20 --allow-special 10.0.0.0/8 -p 80 --rate 10k --cooldown 1s
! LC_ALL=C grep -q $'[\x01-\x08\x0b-\x1f\x7f]' "$tmp/plain.err" "$tmp/plain.ndjson" "$tmp/plain.json" ||
	fail "control bytes in what no terminal sees"
