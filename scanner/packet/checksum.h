/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"

/*
 * The internet checksum (RFC 1071). A sum is a plain uint32_t to which 16-bit words are added in
 * host order, carries collecting in its upper half; that has room for 65,537 words, more than an
 * IPv4 packet holds. checksum_finish() folds it and yields what goes into the header.
 */

static inline uint32_t checksum_add32(uint32_t sum, uint32_t value)
{
	return sum + (value >> 16) + (value & 0xffff);
}

static inline uint32_t checksum_add(uint32_t sum, const uint8_t *data, uint32_t len)
{
	uint32_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += bytes_get16(data + i);
	if (i < len)
		sum += (uint32_t)data[i] << 8;
	return sum;
}

static inline uint16_t checksum_fold(uint32_t sum)
{
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)((sum >> 16) + sum);
}

static inline uint16_t checksum_finish(uint32_t sum)
{
	return (uint16_t)~checksum_fold(sum);
}

/*
 * The same for received bytes, where all that counts is whether they add up: 32-bit words as they
 * lie in memory, whatever the byte order, for 2^16 is 1 modulo 2^16 - 1.
 */
static inline uint64_t checksum_wide(uint64_t sum, const uint8_t *data, uint32_t len)
{
	uint32_t word;
	uint16_t half;

	for (; len >= sizeof(word); len -= sizeof(word), data += sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		sum += word;
	}
	if (len >= sizeof(half)) {
		memcpy(&half, data, sizeof(half));
		sum += half;
	}
	return len % 2 == 0 ? sum : sum + htobe16((uint16_t)(data[len - 1] << 8));
}

/*
 * Whether such a sum is that of bytes with a right checksum: a multiple of 2^16 - 1, but not zero.
 * A multiple of an odd number is seen by multiplying by its inverse modulo 2^64: only multiples
 * become small (Warren, "Hacker's Delight", 10-17).
 */
static inline bool checksum_wide_right(uint64_t sum)
{
	return sum != 0 && sum * ~UINT64_C(0x0001000100010000) <= UINT64_MAX / UINT16_MAX;
}
