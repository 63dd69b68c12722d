/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "output.h"
#include "record.h"

/*
 * Evidence: the answers behind the records, as pcapng (--capture), so that whoever has the key can
 * derive every record again (`peal verify`), and whoever has not can look at them with any tool.
 *
 * A frame is captured when its record is written: frame i belongs to record i, and neither is there
 * without the other. What a filter leaves out is not captured, and no repeat is that is not
 * recorded. Frames reach from the Ethernet header to the end of the IPv4 packet; padding is left
 * out.
 *
 * Each run of a scan adds a section (draft-ietf-opsawg-pcapng), little-endian:
 *
 *	section header	comment "peal VERSION, seed N", application "peal VERSION"
 *	interface	for each device: its name, the addresses we send from, nanoseconds
 *	packet		for each answer: arrival, frame; its interface is that of our address
 *
 * What a record has and a frame cannot tell is in the packet's comment, in this order, with a blank
 * in between: rtt_us=N, cooldown, repeat. The key of the cookies is nowhere in it.
 *
 * DPDK's rte_pcapng wants frames as mbufs of its own layout, takes names and clocks of ethdev's
 * ports, and cannot go on with a file; libpcap writes no pcapng, and hands out no comments. Three
 * kinds of blocks are less than what either would need around it.
 */

enum {
	FRAME_MAX = 2048,	 /* bytes; RX buffers have no more */
	CAPTURE_IFACES = 64,	 /* in one section */
	CAPTURE_NAME = 256,	 /* of an interface, with its NUL; the rest is cut */
	CAPTURE_SOURCES = 65536, /* addresses of all interfaces together */
};

/* --- on the way: RX lcores to the writer --- */

/*
 * Beside each result ring there is one for the frames of its records, in the same order: put the
 * frames first, then commit the records. It is a result ring, too, but its slots have pieces of
 * frames. Single producer, single consumer; nothing blocks or allocates.
 */

/* Whether the frames of a burst of 64 fit, whatever their length. The producer's. */
bool frames_have_room(const struct result_ring *ring);

/* There is room. What is longer than FRAME_MAX is cut. */
void frames_put(struct result_ring *ring, const uint8_t *data, unsigned len);

/* The oldest frame, to data (FRAME_MAX bytes); its length. There is one. The consumer's. */
unsigned frames_take(struct result_ring *ring, uint8_t *data);

/* --- what the headers say --- */

struct capture_iface {
	const char *name;     /* the device */
	const uint32_t *addr; /* that probes came from */
	uint32_t n_addrs;
};

struct capture_origin {
	uint64_t seed;
	const struct capture_iface *iface;
	unsigned n_ifaces;
};

/* --- reading --- */

struct capture_packet {
	const uint8_t *data; /* valid until the next call */
	uint16_t len;
	uint32_t iface;	  /* < n_ifaces */
	uint64_t time_ns; /* since 1970 */
	uint32_t rtt_us;
	uint8_t flags; /* RECORD_REPEAT, RECORD_COOLDOWN, RECORD_RTT */
};

struct capture_reader;

/* Takes over fd, which stands at the beginning. NULL when out of memory; then fd is closed. */
struct capture_reader *capture_reader_create(int fd);
void capture_reader_destroy(struct capture_reader *reader);

/*
 * The next packet: 1; 0 at the end; -EILSEQ at what capture did not write; -EPIPE at a block that
 * the end of the file cuts off; or another -errno. Reads nothing beyond the bytes there are,
 * whatever they claim.
 */
int capture_read(struct capture_reader *reader, struct capture_packet *packet);

/* Bytes up to the end of the last packet, and packets so far. */
uint64_t capture_offset(const struct capture_reader *reader);
uint64_t capture_count(const struct capture_reader *reader);

/* The interfaces of the section that the last packet is in; how many. */
unsigned capture_ifaces(const struct capture_reader *reader, const struct capture_iface **iface);
