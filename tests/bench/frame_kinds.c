/* SPDX-License-Identifier: BSD-3-Clause */

#include "frame_kinds.h"

#include <string.h>

#include "bytes.h"
#include "layout.h"

/* What a SYN-ACK of Linux has when it was asked with the options of Linux. */
static const uint8_t linux_options[] = {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 1,
					2, 3, 0, 0,    0, 1, 1, 3,  3, 7};
static const uint8_t mss[] = {2, 4, 5, 0xb4};

uint16_t frame_synack(const struct fixture *f, uint32_t i, uint8_t *frame)
{
	struct answer a = fixture_answer(f, i);

	return fixture_tcp(&a, ANSWER_SYN_ACK, mss, sizeof(mss), frame);
}

uint16_t frame_linux(const struct fixture *f, uint32_t i, uint8_t *frame)
{
	struct answer a = fixture_answer(f, i);

	return fixture_tcp(&a, ANSWER_SYN_ACK, linux_options, sizeof(linux_options), frame);
}

uint16_t frame_tagged(const struct fixture *f, uint32_t i, uint8_t *frame)
{
	uint16_t len = frame_synack(f, i, frame);

	memmove(frame + 16, frame + 12, len - 12u);
	bytes_put16(frame + 12, TYPE_VLAN);
	bytes_put16(frame + 14, FRAME_VLAN);
	return len + VLAN_LEN;
}

uint16_t frame_rst(const struct fixture *f, uint32_t i, uint8_t *frame)
{
	struct answer a = fixture_answer(f, i);

	return fixture_tcp(&a, ANSWER_RST_ACK, NULL, 0, frame);
}

uint16_t frame_mixed(const struct fixture *f, uint32_t i, uint8_t *frame)
{
	return i * UINT32_C(0x85ebca6b) >> 31 ? frame_rst(f, i, frame) : frame_synack(f, i, frame);
}

uint16_t frame_icmp(const struct fixture *f, uint32_t i, uint8_t *frame)
{
	struct answer a = fixture_answer(f, i);

	return fixture_icmp(&a, frame);
}

uint16_t frame_wrong_port(const struct fixture *f, uint32_t i, uint8_t *frame)
{
	struct answer a = fixture_answer(f, i);

	a.dport = (uint16_t)(i % FIXTURE_PORT_FIRST);
	return fixture_tcp(&a, ANSWER_SYN_ACK, mss, sizeof(mss), frame);
}

uint16_t frame_wrong_cookie(const struct fixture *f, uint32_t i, uint8_t *frame)
{
	struct answer a = fixture_answer(f, i);

	a.ack ^= 0x5555;
	return fixture_tcp(&a, ANSWER_SYN_ACK, mss, sizeof(mss), frame);
}

uint16_t frame_junk(const struct fixture *f, uint32_t i, uint8_t *frame)
{
	uint16_t len = frame_wrong_port(f, i, frame);

	fixture_spoil(frame);
	return len;
}
