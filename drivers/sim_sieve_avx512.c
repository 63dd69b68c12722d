/* SPDX-License-Identifier: BSD-3-Clause */

#include "sim_sieve.h"

#include <immintrin.h>

#include "sim_hash.h"

/* sim_internet_find() of eight targets at once. */

#define TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl")))

enum { LANES = 8 };

TARGET static inline __m512i all_of(uint64_t value)
{
	return _mm512_set1_epi64((long long)value);
}

TARGET static inline __m512i mix(__m512i z)
{
	z = _mm512_xor_si512(z, _mm512_srli_epi64(z, 30));
	z = _mm512_mullo_epi64(z, all_of(UINT64_C(0xbf58476d1ce4e5b9)));
	z = _mm512_xor_si512(z, _mm512_srli_epi64(z, 27));
	z = _mm512_mullo_epi64(z, all_of(UINT64_C(0x94d049bb133111eb)));
	return _mm512_xor_si512(z, _mm512_srli_epi64(z, 31));
}

TARGET static inline __m512i hash(const struct sim_internet *internet, unsigned key, __m512i value)
{
	__m512i of_key = all_of(((internet->seed + key) * UINT64_C(0x9e3779b97f4a7c15)));

	return mix(_mm512_xor_si512(of_key, mix(_mm512_add_epi64(value, all_of(key)))));
}

/* Below this share: in the lower and in the upper halves of random numbers. */
TARGET static inline __mmask8 low_below(__m512i random, __m512i share)
{
	__m512i low = _mm512_and_si512(random, all_of(UINT32_MAX));

	return _mm512_cmplt_epu64_mask(low, share);
}

TARGET static inline __mmask8 high_below(__m512i random, uint64_t share)
{
	return _mm512_cmplt_epu64_mask(_mm512_srli_epi64(random, 32), all_of(share));
}

/* Which of the 64 ports are among n? */
TARGET static inline uint64_t among(const __m512i port[2], const uint16_t *list, size_t n)
{
	uint64_t which = 0;

	for (size_t i = 0; i < n; i++) {
		__m512i one = _mm512_set1_epi16((short)list[i]);

		which |= _mm512_cmpeq_epi16_mask(port[0], one) |
			 (uint64_t)_mm512_cmpeq_epi16_mask(port[1], one) << 32;
	}
	return which;
}

#define AMONG(port, list) among(port, list, sizeof(list) / sizeof((list)[0]))

struct likely {
	uint64_t ten, six, three;
};

/* The share of open ports on a host. */
TARGET static inline __m512i shares_open(uint64_t share, const struct likely *likely, unsigned i)
{
	__m512i open = all_of(share);

	open = _mm512_mask_mov_epi64(open, (__mmask8)(likely->ten >> i), all_of((share * 10)));
	open = _mm512_mask_mov_epi64(open, (__mmask8)(likely->six >> i), all_of((share * 6)));
	return _mm512_mask_mov_epi64(open, (__mmask8)(likely->three >> i), all_of((share * 3)));
}

/* Which of eight answer? open: the shares of their ports. */
TARGET static inline __mmask8 answers(const struct sim_internet *internet, __m512i addr,
				      __m512i port, __m512i open)
{
	__m512i at = hash(internet, KEY_PORT, _mm512_or_si512(_mm512_slli_epi64(addr, 16), port));
	__mmask8 alive = 0xff, on_host, nowhere = 0;

	on_host = low_below(at, open) | high_below(at, internet->closed_below);
	if (internet->icmp_below != 0)
		on_host |= high_below(mix(at), internet->icmp_below);
	if (internet->alive_below <= UINT32_MAX) { /* there are addresses without a host */
		alive = low_below(hash(internet, KEY_HOST, addr), all_of(internet->alive_below));
		if (internet->icmp_below != 0)
			nowhere = high_below(hash(internet, KEY_NET, _mm512_srli_epi64(addr, 8)),
					     internet->icmp_below);
	}
	return (__mmask8)((on_host & alive) | (nowhere & ~alive));
}

TARGET uint64_t sim_sieve_avx512(const struct sim_internet *internet, const uint32_t *addr,
				 const uint16_t *port)
{
	const __m512i ports[2] = {_mm512_loadu_si512(port), _mm512_loadu_si512(port + 32)};
	const struct likely likely = {AMONG(ports, sim_tenfold), AMONG(ports, sim_sixfold),
				      AMONG(ports, sim_threefold)};
	uint64_t which = 0;

	for (unsigned i = 0; i < SIM_SIEVE; i += LANES) {
		__m512i a = _mm512_cvtepu32_epi64(
			_mm256_loadu_si256((const __m256i *)(const void *)(addr + i)));
		__m512i p = _mm512_cvtepu16_epi64(
			_mm_loadu_si128((const __m128i *)(const void *)(port + i)));
		__m512i open = shares_open(internet->open_below, &likely, i);

		which |= (uint64_t)answers(internet, a, p, open) << i;
	}
	return which;
}
