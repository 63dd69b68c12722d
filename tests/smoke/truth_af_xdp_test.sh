#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# As truth_af_packet_test.sh, over AF_XDP.

. "$(dirname "$0")/truth_af_packet_test.sh"
