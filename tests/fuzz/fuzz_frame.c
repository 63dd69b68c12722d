/* SPDX-License-Identifier: BSD-3-Clause */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "packet.h"
#include "probe.h"

/*
 * Any bytes as a received frame: parsed, matched, validated and classified, as the RX lcore does.
 * The frame lies in memory of exactly its size, so that the sanitizer sees each byte too many.
 */

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
	require(parsed == 0 && probe.ops->match(v) == 0 && v->local == us);
	require(found == ((uint32_t)(v->local_port - 32768) < 28233));
	pkt_look(&look, data);
	require(memcmp(&look, v, sizeof(look)) == 0);
	require(pkt_sifted_ok(data) == pkt_checksum_ok(v, data));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cookie cookie = {.seq = 0x01020304, .port = 5};
	uint16_t len = (uint16_t)size;
	uint8_t *frame;
	struct pkt_claims claims;
	struct pkt_view v;
	int result;

	if (size > UINT16_MAX)
		return 0;
	frame = malloc(size > 0 ? size : 1);
	if (frame == NULL)
		return 0;
	if (size > 0)
		memcpy(frame, data, size);

	result = pkt_parse(&v, frame, len);
	check_sift(frame, len, result, &v);
	if (result == 0) {
		check_view(&v, len);
		pkt_checksum_ok(&v, frame);
		result = probe.ops->match(&v);
		if (result == 0) {
			claims.n = 0;
			pkt_claims_add(&claims, &v);
			require(probe.ops->validate(&probe, &claims, &cookie) <= 1);
			check_record(&v);
		}
	}
	require(result == 0 || known_reason(result));
	free(frame);
	return 0;
}
