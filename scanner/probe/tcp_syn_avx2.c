/* SPDX-License-Identifier: BSD-3-Clause */

#include <immintrin.h>
#include <string.h>

#include "tcp_syn_isa.h"

#define TARGET __attribute__((target("avx2")))

/*
 * Eight probes side by side: fields and checksums as vectors of 32-bit words, a word of each probe,
 * in network order. Source and target, ports and sequence number are neighbours in the frame, and
 * go there as one store of 16 bytes.
 */

enum {
	LANES = 8,

	/* offsets in the headers (RFC 791, RFC 9293) */
	IP_ID = 4,
	IP_CHECKSUM = 10,
	IP_SRC = 12, /* 16 bytes to the acknowledgement number */
	TCP_CHECKSUM = 16,
};

struct words {
	__m256i head[4]; /* saddr, daddr, ports, seq */
	uint32_t id_sum[LANES], tcp_sum[LANES], ts[LANES];
};

/* Four rows of four words in each lane become four columns. */
TARGET static inline void turn(const __m256i in[4], __m256i out[4])
{
	__m256i low01 = _mm256_unpacklo_epi32(in[0], in[1]);
	__m256i high01 = _mm256_unpackhi_epi32(in[0], in[1]);
	__m256i low23 = _mm256_unpacklo_epi32(in[2], in[3]);
	__m256i high23 = _mm256_unpackhi_epi32(in[2], in[3]);

	out[0] = _mm256_unpacklo_epi64(low01, low23);
	out[1] = _mm256_unpackhi_epi64(low01, low23);
	out[2] = _mm256_unpacklo_epi64(high01, high23);
	out[3] = _mm256_unpackhi_epi64(high01, high23);
}

/* The two halves of each word, added up: a step of the internet checksum (RFC 1071). */
TARGET static inline __m256i halves(__m256i x)
{
	return _mm256_add_epi32(_mm256_srli_epi32(x, 16),
				_mm256_and_si256(x, _mm256_set1_epi32(0xffff)));
}

TARGET static inline __m256i checksum(__m256i sum)
{
	sum = halves(halves(sum));
	return _mm256_andnot_si256(sum, _mm256_set1_epi32(0xffff));
}

TARGET static inline __m256i big_endian(__m256i x)
{
	return _mm256_shuffle_epi8(
		x, _mm256_broadcastsi128_si256(
			   _mm_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)));
}

TARGET static inline __m256i source_addrs(const struct source *s, __m256i choice)
{
	__m256i at = _mm256_srli_epi32(
		_mm256_mullo_epi32(choice, _mm256_set1_epi32((int)s->n_addrs)), 16);

	if (s->n_addrs == 1)
		return _mm256_set1_epi32((int)s->addr[0]);
	return _mm256_i32gather_epi32((const int *)s->addr, at, 4);
}

TARGET static inline __m256i source_ports(const struct source *s, __m256i choice)
{
	__m256i port = _mm256_srli_epi32(
		_mm256_mullo_epi32(choice, _mm256_set1_epi32((int)s->port_count)), 16);

	return _mm256_and_si256(_mm256_add_epi32(port, _mm256_set1_epi32(s->port_first)),
				_mm256_set1_epi32(0xffff));
}

/* Cookies at and at + 4: the four words of each in a lane. */
TARGET static inline __m256i load_cookies(const struct cookie *at)
{
	return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)at)),
				       _mm_loadu_si128((const __m128i *)(at + 4)), 1);
}

TARGET static inline void fields(const struct probe *p, const uint32_t *daddr,
				 const uint16_t *dport, const struct cookie *cookie,
				 struct words *w)
{
	const struct pkt_template *t = &p->template;
	const __m256i low = _mm256_set1_epi32(0xffff);
	__m256i row[4], column[4], head[4], addrs, id, sum;

	for (int i = 0; i < 4; i++)
		row[i] = load_cookies(cookie + i);
	turn(row, column); /* seq, port and source, look, spare */

	head[0] = source_addrs(&p->source, _mm256_srli_epi32(column[1], 16));
	head[1] = _mm256_loadu_si256((const __m256i *)daddr);
	head[2] = source_ports(&p->source, _mm256_and_si256(column[1], low));
	head[2] = _mm256_or_si256(_mm256_slli_epi32(head[2], 16),
				  _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)dport)));
	head[3] = column[0];

	addrs = _mm256_add_epi32(halves(head[0]), halves(head[1]));
	id = _mm256_and_si256(column[2], low);
	sum = checksum(
		_mm256_add_epi32(_mm256_add_epi32(addrs, id), _mm256_set1_epi32((int)t->ip_sum)));
	sum = _mm256_or_si256(_mm256_slli_epi32(id, 16), sum);
	_mm256_storeu_si256((__m256i *)w->id_sum, big_endian(sum));

	sum = _mm256_add_epi32(_mm256_add_epi32(addrs, halves(head[2])), halves(head[3]));
	if (t->ts_offset != 0)
		sum = _mm256_add_epi32(sum, halves(column[2]));
	sum = checksum(_mm256_add_epi32(sum, _mm256_set1_epi32((int)t->tcp_sum)));
	_mm256_storeu_si256((__m256i *)w->tcp_sum, big_endian(_mm256_slli_epi32(sum, 16)));
	_mm256_storeu_si256((__m256i *)w->ts, big_endian(column[2]));
	for (int i = 0; i < 4; i++)
		head[i] = big_endian(head[i]);
	turn(head, w->head);
}

TARGET static inline void put(const struct pkt_template *t, const __m256i bytes[3],
			      const struct words *w, unsigned i, uint8_t *frame)
{
	__m128i head = i < 4 ? _mm256_castsi256_si128(w->head[i])
			     : _mm256_extracti128_si256(w->head[i - 4], 1);

	for (int k = 0; k < (t->len > 64 ? 3 : 2); k++)
		_mm256_storeu_si256((__m256i *)frame + k, bytes[k]);
	memcpy(frame + t->l3 + IP_ID, &w->id_sum[i], 2);
	memcpy(frame + t->l3 + IP_CHECKSUM, (const uint8_t *)&w->id_sum[i] + 2, 2);
	_mm_storeu_si128((__m128i *)(frame + t->l3 + IP_SRC), head);
	memcpy(frame + t->l4 + TCP_CHECKSUM, &w->tcp_sum[i], 2);
	if (t->ts_offset != 0)
		memcpy(frame + t->ts_offset, &w->ts[i], 4);
}

TARGET unsigned tcp_syn_write_avx2(const struct probe *p, const uint32_t *daddr,
				   const uint16_t *dport, const struct cookie *cookie,
				   uint8_t *const *frame, unsigned n)
{
	unsigned whole = n / LANES * LANES;
	__m256i bytes[3];
	struct words w;

	for (int k = 0; k < 3; k++)
		bytes[k] = _mm256_loadu_si256((const __m256i *)p->template.frame + k);
	for (unsigned at = 0; at < whole; at += LANES) {
		fields(p, daddr + at, dport + at, cookie + at, &w);
		for (unsigned i = 0; i < LANES; i++)
			put(&p->template, bytes, &w, i, frame[at + i]);
	}
	return whole;
}
