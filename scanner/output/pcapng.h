/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "capture.h"

/*
 * The three kinds of pcapng blocks that a capture has (draft-ietf-opsawg-pcapng), to bytes and
 * back. All are little-endian, with lengths padded to 32 bits. A block is read back only if it is
 * what would be written for what it says: so every byte has a meaning, or is refused.
 */

enum {
	PCAPNG_TEXT = 128, /* a comment or a name of an application, with its NUL */
	/* all that a block may have */
	PCAPNG_SECTION_MAX = 64 + 2 * PCAPNG_TEXT,
	PCAPNG_INTERFACE_MAX = 64 + CAPTURE_NAME + 12 * CAPTURE_SOURCES,
	PCAPNG_PACKET_MAX = 64 + FRAME_MAX + PCAPNG_TEXT,
};

struct pcapng_section {
	char comment[PCAPNG_TEXT], application[PCAPNG_TEXT];
};

struct pcapng_packet {
	uint32_t iface;
	uint64_t time_ns;
	const uint8_t *data;
	uint16_t len;
	char comment[PCAPNG_TEXT]; /* "": none */
};

/* Each returns how many bytes it has written. */
size_t pcapng_put_section(uint8_t *to, const struct pcapng_section *section);
size_t pcapng_put_interface(uint8_t *to, const struct capture_iface *iface);
size_t pcapng_put_packet(uint8_t *to, const struct pcapng_packet *packet);

enum pcapng_type { PCAPNG_SECTION, PCAPNG_INTERFACE, PCAPNG_PACKET };

/* Type and length of the block at the beginning of have bytes. 0; -EPIPE when more bytes are
 * needed; -EILSEQ when it is none of ours. */
int pcapng_look(const uint8_t *at, size_t have, enum pcapng_type *type, size_t *len);

/* A block of the right type and len bytes. 0 or -EILSEQ. A packet's data stays where it is. */
int pcapng_get_section(const uint8_t *at, size_t len, struct pcapng_section *section);
int pcapng_get_packet(const uint8_t *at, size_t len, struct pcapng_packet *packet);

/* name has room for CAPTURE_NAME, addr for max; more is -EILSEQ, too. */
int pcapng_get_interface(const uint8_t *at, size_t len, char *name, uint32_t *addr, uint32_t max,
			 uint32_t *n_addrs);
