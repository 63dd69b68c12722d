/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

/*
 * What an RX lcore asks a TX lcore to send, inside the rate: one ring for each pair of lcores
 * (single producer, single consumer), by value. A full ring drops the request and counts it
 * (control_lost): the other side asks again (a SYN-ACK or an ARP request is repeated until it is
 * answered).
 */
enum followup_kind { FOLLOWUP_RST, FOLLOWUP_ARP };

struct followup {
	uint32_t kind;	       /* enum followup_kind */
	uint32_t saddr, daddr; /* ARP: our address that was asked for, and who asked */
	uint16_t sport, dport;
	uint32_t seq;
	uint8_t mac[6]; /* ARP: of who asked */
	uint8_t reserved[6];
};

_Static_assert(sizeof(struct followup) == 32, "rings move whole words");

enum { FOLLOWUP_RING = 4096, FOLLOWUP_BURST = 32 };
