/* SPDX-License-Identifier: BSD-3-Clause */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "packet.h"
#include "packet/checksum.h"
#include "packet/layout.h"
#include "probe.h"
#include "reach.h"

/*
 * Any bytes as a received frame: parsed, matched, validated and classified, as the RX lcore does.
 * The frame lies in memory of exactly its size, so that the sanitizer sees each byte too many. For
 * half of the inputs the checksum of the IPv4 header is put right, for hardly any gets past it by
 * chance.
 */

enum { TCP_VIEW, ICMP_QUOTE, ARP_VIEW, SIFTED, MATCHED, VALIDATED };
struct reach reached[] = {
	[TCP_VIEW] = {"tcp_view", 0},
	[ICMP_QUOTE] = {"icmp_quote", 0},
	[ARP_VIEW] = {"arp_view", 0},
	[SIFTED] = {"sifted", 0},
	[MATCHED] = {"matched", 0},
	[VALIDATED] = {"validated", 0},
	{NULL, 0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t us = 0xc6120002;
static const struct probe probe = {.ops = &probe_tcp_syn, .source = {&us, 1, 32768, 28233}};

static void require(bool truth)
{
	if (!truth)
		__builtin_trap();
}

static bool known_reason(int result)
{
	return result < 0 && (int)pkt_reject(result) >= 0 && pkt_reject(result) < REJECT_COUNT &&
	       reject_name(pkt_reject(result)) != NULL;
}

static void check_view(const struct pkt_view *v, uint16_t len)
{
	reached[TCP_VIEW].n += v->kind == PKT_TCP;
	reached[ICMP_QUOTE].n += v->kind == PKT_ICMP_ERROR;
	reached[ARP_VIEW].n += v->kind == PKT_ARP;
	if (v->kind == PKT_ARP) {
		require(len >= 14 + 28 && (v->arp_op == 1 || v->arp_op == 2));
		return;
	}
	require(v->l3 == 14 || v->l3 == 18);
	require(v->l4 >= v->l3 + 20 && v->l4 <= v->l3 + 60);
	require(v->l4 + v->l4_len <= len);
	require(v->wscale <= 14);
	if (v->kind == PKT_TCP)
		require(v->l4_len >= 20);
	else
		require(v->l4_len >= (v->kind == PKT_ICMP_ERROR ? 8 + 20 + 8 : 8));
}

static void check_record(const struct pkt_view *v)
{
	struct record rec = {.time_ns = 1, .rtt_us = 2, .attempt = 3};

	probe.ops->classify(v, &rec);
	require(rec.class < CLASS_COUNT && rec.state < STATE_COUNT);
	require((rec.state == STATE_OPEN) == (rec.class == CLASS_SYNACK));
	require((rec.state == STATE_CLOSED) == (rec.class == CLASS_RST));
	require((rec.class == CLASS_ICMP) == (v->kind == PKT_ICMP_ERROR));
	require(rec.time_ns == 1 && rec.rtt_us == 2 && rec.attempt == 3);
	require(rec.saddr == v->remote && rec.sport == v->remote_port);
	require((rec.flags & (RECORD_REPEAT | RECORD_COOLDOWN | RECORD_RTT)) == 0);
}

/* The sieve finds no more than the parser accepts, and sees the same in it. */
static void check_sift(const uint8_t *data, uint16_t len, int parsed, const struct pkt_view *v)
{
	const struct pkt_sieve sieve = {&us, 1, 32768, 28233, probe_tcp_syn.tcp_flags};
	uint64_t found, wrong_port;
	struct pkt_view look;

	found = pkt_sift(&sieve, &data, &len, 1, &wrong_port);
	require((found | wrong_port) <= 1 && (found & wrong_port) == 0);
	if ((found | wrong_port) == 0)
		return;
	reached[SIFTED].n++;
	require(parsed == 0 && probe.ops->match(v) == 0 && v->local == us);
	require(found == ((uint32_t)(v->local_port - 32768) < 28233));
	pkt_look(&look, data);
	require(memcmp(&look, v, sizeof(look)) == 0);
	require(pkt_sifted_ok(data) == pkt_checksum_ok(v, data));
}

static void repair_checksum(uint8_t *frame, uint16_t len)
{
	uint16_t at = ETHER_LEN, header;

	if (len >= ETHER_LEN + VLAN_LEN && bytes_get16(frame + ETHER_TYPE) == TYPE_VLAN)
		at += VLAN_LEN;
	if (len < at + IP_LEN || bytes_get16(frame + at - 2) != TYPE_IPV4)
		return;
	header = (frame[at] & 15) * 4;
	if (header < IP_LEN || header > len - at)
		return;
	bytes_put16(frame + at + IP_CHECKSUM, 0);
	bytes_put16(frame + at + IP_CHECKSUM, checksum_finish(checksum_add(0, frame + at, header)));
}

static void check_match(const struct pkt_view *v)
{
	/* of the probe that the frame synack_mss of tests/frames answers */
	static const struct cookie cookie = {.seq = 0x11223344, .port = 16788};
	struct pkt_claims claims = {.n = 0};
	uint64_t valid;

	reached[MATCHED].n++;
	pkt_claims_add(&claims, v);
	valid = probe.ops->validate(&probe.source, &claims, &cookie);
	require(valid <= 1);
	reached[VALIDATED].n += valid;
	check_record(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint16_t len = (uint16_t)size;
	uint8_t *frame;
	struct pkt_view v;
	int result;

	if (size > UINT16_MAX)
		return 0;
	frame = malloc(size > 0 ? size : 1);
	if (frame == NULL)
		return 0;
	if (size > 0)
		memcpy(frame, data, size);
	/* a bit of a hardware address, which means nothing to the parser */
	if (size > 0 && (frame[0] & 2) != 0)
		repair_checksum(frame, len);

	result = pkt_parse(&v, frame, len);
	check_sift(frame, len, result, &v);
	if (result == 0) {
		check_view(&v, len);
		pkt_checksum_ok(&v, frame);
		result = probe.ops->match(&v);
		if (result == 0)
			check_match(&v);
	}
	require(result == 0 || known_reason(result));
	free(frame);
	return 0;
}
