/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "scan_fixture.h"

enum { FRAME_VLAN = 77 };

/* What a scan receives: writes the i-th frame of a kind (FIXTURE_FRAME of room), returns its
 * length. */
typedef uint16_t (*make_frame)(const struct fixture *f, uint32_t i, uint8_t *frame);

uint16_t frame_synack(const struct fixture *f, uint32_t i, uint8_t *frame);
uint16_t frame_linux(const struct fixture *f, uint32_t i, uint8_t *frame);  /* all its options */
uint16_t frame_tagged(const struct fixture *f, uint32_t i, uint8_t *frame); /* FRAME_VLAN */
uint16_t frame_rst(const struct fixture *f, uint32_t i, uint8_t *frame);
uint16_t frame_mixed(const struct fixture *f, uint32_t i,
		     uint8_t *frame); /* half of each, at random */
uint16_t frame_icmp(const struct fixture *f, uint32_t i, uint8_t *frame);
uint16_t frame_wrong_port(const struct fixture *f, uint32_t i, uint8_t *frame);
uint16_t frame_wrong_cookie(const struct fixture *f, uint32_t i, uint8_t *frame);
uint16_t frame_junk(const struct fixture *f, uint32_t i,
		    uint8_t *frame); /* of nobody's ethertype */
