/* SPDX-License-Identifier: BSD-3-Clause */

#include "tcp_syn_isa.h"

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi")))

/*
 * Sixteen probes side by side: their fields and checksums are computed as vectors of 32-bit words,
 * a word of each probe. Then the words are turned round into 32 bytes for each probe, and one
 * permutation of bytes puts these where the template wants them (struct pkt_template, from[]).
 *
 * Unpacking works within lanes of 128 bits, so probes stand in the order 0 4 8 12, 1 5 9 13, ...
 * between the two transpositions.
 */

enum { LANES = 16 };

struct words { /* of sixteen probes, host order */
	__m512i saddr, daddr, ports, seq, id_sum, tcp_sum, ts;
};

TARGET static inline __mmask16 first(unsigned n)
{
	return n < LANES ? (__mmask16)((1u << n) - 1) : 0xffff;
}

TARGET static inline __m512i transpose4(__m512i x)
{
	return _mm512_permutexvar_epi32(
		_mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), x);
}

/* Four rows of four words in each lane become four columns. */
TARGET static inline void turn(const __m512i in[4], __m512i out[4])
{
	__m512i low01 = _mm512_unpacklo_epi32(in[0], in[1]);
	__m512i high01 = _mm512_unpackhi_epi32(in[0], in[1]);
	__m512i low23 = _mm512_unpacklo_epi32(in[2], in[3]);
	__m512i high23 = _mm512_unpackhi_epi32(in[2], in[3]);

	out[0] = _mm512_unpacklo_epi64(low01, low23);
	out[1] = _mm512_unpackhi_epi64(low01, low23);
	out[2] = _mm512_unpacklo_epi64(high01, high23);
	out[3] = _mm512_unpackhi_epi64(high01, high23);
}

/* The two halves of each word, added up: a step of the internet checksum (RFC 1071). */
TARGET static inline __m512i halves(__m512i x)
{
	return _mm512_add_epi32(_mm512_srli_epi32(x, 16),
				_mm512_and_si512(x, _mm512_set1_epi32(0xffff)));
}

TARGET static inline __m512i checksum(__m512i sum)
{
	sum = halves(halves(sum));
	return _mm512_andnot_si512(sum, _mm512_set1_epi32(0xffff));
}

TARGET static inline __m512i source_addrs(const struct source *s, __m512i choice)
{
	__m512i at = _mm512_srli_epi32(
		_mm512_mullo_epi32(choice, _mm512_set1_epi32((int)s->n_addrs)), 16);

	if (s->n_addrs == 1)
		return _mm512_set1_epi32((int)s->addr[0]);
	if (s->n_addrs <= LANES)
		return _mm512_permutexvar_epi32(
			at, _mm512_maskz_loadu_epi32(first(s->n_addrs), s->addr));
	return _mm512_i32gather_epi32(at, s->addr, 4);
}

TARGET static inline __m512i source_ports(const struct source *s, __m512i choice)
{
	__m512i port = _mm512_srli_epi32(
		_mm512_mullo_epi32(choice, _mm512_set1_epi32((int)s->port_count)), 16);

	return _mm512_and_si512(_mm512_add_epi32(port, _mm512_set1_epi32(s->port_first)),
				_mm512_set1_epi32(0xffff));
}

/* Four cookies from at on, of which left are there. */
TARGET static inline __m512i load_cookies(const struct cookie *at, int left)
{
	unsigned words = left >= 4 ? 16 : left > 0 ? (unsigned)left * 4 : 0;

	return _mm512_maskz_loadu_epi32(first(words), at);
}

TARGET static inline struct words fields(const struct probe *p, const uint32_t *daddr,
					 const uint16_t *dport, const struct cookie *cookie,
					 unsigned n)
{
	const struct pkt_template *t = &p->template;
	const __m512i low = _mm512_set1_epi32(0xffff);
	__m512i row[4], column[4], sport, addrs, id, sum;
	struct words w;

	for (int i = 0; i < 4; i++)
		row[i] = load_cookies(cookie + 4 * i, (int)n - 4 * i);
	turn(row, column); /* seq, port and source, look, spare */

	w.seq = column[0];
	w.ts = column[2];
	w.daddr = transpose4(_mm512_maskz_loadu_epi32(first(n), daddr));
	w.saddr = source_addrs(&p->source, _mm512_srli_epi32(column[1], 16));
	sport = source_ports(&p->source, _mm512_and_si512(column[1], low));
	w.ports = _mm512_or_si512(
		_mm512_slli_epi32(sport, 16),
		transpose4(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(first(n), dport))));

	addrs = _mm512_add_epi32(halves(w.saddr), halves(w.daddr));
	id = _mm512_and_si512(w.ts, low);
	sum = checksum(
		_mm512_add_epi32(_mm512_add_epi32(addrs, id), _mm512_set1_epi32((int)t->ip_sum)));
	w.id_sum = _mm512_or_si512(_mm512_slli_epi32(id, 16), sum);

	sum = _mm512_add_epi32(_mm512_add_epi32(addrs, halves(w.ports)), halves(w.seq));
	if (t->ts_offset != 0)
		sum = _mm512_add_epi32(sum, halves(w.ts));
	w.tcp_sum = checksum(_mm512_add_epi32(sum, _mm512_set1_epi32((int)t->tcp_sum)));
	return w;
}

/* What a template is for vectors: its bytes, and of the 32 of a probe, which goes where. */
struct pattern {
	__m512i bytes[2], from[2];
	__mmask64 varies[2];
	bool is_long;
};

TARGET static inline struct pattern pattern_of(const struct pkt_template *t)
{
	struct pattern p = {.is_long = t->len > 64};

	for (int i = 0; i < 2; i++) {
		/* of the second vector only 32 bytes are used, and are there */
		__mmask64 there = i == 0 ? UINT64_MAX : UINT32_MAX;

		p.bytes[i] = _mm512_maskz_loadu_epi8(there, t->frame + 64 * i);
		p.from[i] = _mm512_maskz_loadu_epi8(there, t->from + 64 * i);
		p.varies[i] =
			_mm512_mask_cmplt_epu8_mask(there, p.from[i], _mm512_set1_epi8(PKT_FIELDS));
	}
	return p;
}

/* 32 bytes of a probe in the half of `two` that `half` (0 or 32 in each byte) says. */
TARGET static inline void put(const struct pattern *p, __m512i two, __m512i half, uint8_t *frame)
{
	__m512i from = _mm512_or_si512(p->from[0], half);

	_mm512_storeu_si512(frame,
			    _mm512_mask_permutexvar_epi8(p->bytes[0], p->varies[0], from, two));
	if (!p->is_long)
		return;
	from = _mm512_or_si512(p->from[1], half);
	two = _mm512_mask_permutexvar_epi8(p->bytes[1], p->varies[1], from, two);
	_mm256_storeu_si256((__m256i *)(frame + 64), _mm512_castsi512_si256(two));
}

TARGET static inline void put_all(const struct pattern *p, const struct words *w,
				  uint8_t *const *frame, unsigned n)
{
	const __m512i lower = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
	const __m512i upper = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
	const __m512i first_half = _mm512_setzero_si512(), second_half = _mm512_set1_epi8(32);
	const __m512i head[4] = {w->saddr, w->daddr, w->ports, w->seq};
	const __m512i tail[4] = {w->id_sum, w->tcp_sum, w->ts, _mm512_setzero_si512()};
	__m512i a[4], b[4];

	turn(head, a);
	turn(tail, b);
	for (unsigned i = 0; i < 4 && 4 * i < n; i++) {
		__m512i two[2] = {_mm512_permutex2var_epi64(a[i], lower, b[i]),
				  _mm512_permutex2var_epi64(a[i], upper, b[i])};

		for (unsigned k = 0; k < 4 && 4 * i + k < n; k++)
			put(p, two[k / 2], k % 2 == 0 ? first_half : second_half, frame[4 * i + k]);
	}
}

TARGET void tcp_syn_write_avx512(const struct probe *p, const uint32_t *daddr,
				 const uint16_t *dport, const struct cookie *cookie,
				 uint8_t *const *frame, unsigned n)
{
	const struct pattern pattern = pattern_of(&p->template);

	for (unsigned at = 0; at < n; at += LANES) {
		unsigned left = n - at < LANES ? n - at : LANES;
		struct words w = fields(p, daddr + at, dport + at, cookie + at, left);

		put_all(&pattern, &w, frame + at, left);
	}
}
