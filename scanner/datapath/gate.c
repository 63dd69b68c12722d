/* SPDX-License-Identifier: BSD-3-Clause */

#include "gate.h"

#include <errno.h>
#include <stdlib.h>

#include "first_bits.h"
#include "gate_isa.h"
#include "gate_map.h"
#include "gate_text.h"
#include "isa.h"

enum { LEAVES_NEAR = 1024 }; /* fewer mixed /24 than that leave most /16 alone */

struct gate {
	enum isa isa;
	struct gate_map fixed, grown;
	unsigned generation; /* of grown */
};

static void map_set_all(struct gate_map *map, const struct gate_ranges *ranges, bool deny)
{
	for (size_t i = 0; i < ranges->n; i++)
		gate_map_set(map, ranges->at[i].first, ranges->at[i].last, deny);
}

/* Denies what lies in r, but in none of the lifted ranges, which are sorted. */
static void map_deny_special(struct gate_map *map, const struct special_purpose *r,
			     const struct gate_ranges *lifted)
{
	uint64_t next =
		r->first; /* what is before is done; 64 bits: it may pass the last address */

	for (size_t i = 0; i < lifted->n && lifted->at[i].first <= r->last; i++) {
		if (lifted->at[i].first > next)
			gate_map_set(map, (uint32_t)next, lifted->at[i].first - 1, true);
		if (lifted->at[i].last >= next)
			next = (uint64_t)lifted->at[i].last + 1;
	}
	if (next <= r->last)
		gate_map_set(map, (uint32_t)next, r->last, true);
}

static int range_compare(const void *a, const void *b)
{
	const struct gate_range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

static int fixed_fill(struct gate_map *map, const struct exclusion *excl, struct err *err)
{
	struct gate_ranges scope = {0}, lift = {0}, deny = {0};
	int rc;

	rc = gate_text_read(excl->scope, excl->n_scope, &scope, err);
	if (rc == 0)
		rc = gate_text_read(excl->lift, excl->n_lift, &lift, err);
	if (rc == 0)
		rc = gate_text_read(excl->deny, excl->n_deny, &deny, err);
	if (rc < 0)
		goto free_ranges;

	if (excl->n_scope != 0)
		gate_map_set(map, 0, UINT32_MAX, true);
	map_set_all(map, &scope, false);
	if (lift.n != 0)
		qsort(lift.at, lift.n, sizeof(*lift.at), range_compare);
	for (size_t i = 0; i < n_special_purpose; i++)
		map_deny_special(map, &special_purpose[i], &lift);
	map_set_all(map, &deny, true);

free_ranges:
	vec_free(&scope);
	vec_free(&lift);
	vec_free(&deny);
	return rc;
}

int gate_create(const struct exclusion *excl, struct gate **gate, struct err *err)
{
	struct gate *g = calloc(1, sizeof(*g));
	int rc;

	if (g == NULL || gate_map_init(&g->fixed) < 0 || gate_map_init(&g->grown) < 0) {
		gate_destroy(g);
		err_set(err, EXIT_DEVICE, "not enough memory for the gate");
		return -ENOMEM;
	}
	g->isa = isa_choose();
	rc = fixed_fill(&g->fixed, excl, err);
	if (rc < 0) {
		gate_destroy(g);
		return rc;
	}
	*gate = g;
	return 0;
}

void gate_destroy(struct gate *gate)
{
	if (gate == NULL)
		return;
	gate_map_fini(&gate->fixed);
	gate_map_fini(&gate->grown);
	free(gate);
}

int gate_deny_more(struct gate *gate, const struct exclusion *deny, struct err *err)
{
	struct gate_ranges ranges = {0};
	int rc;

	rc = gate_text_read(deny->deny, deny->n_deny, &ranges, err);
	if (rc == 0) {
		map_set_all(&gate->grown, &ranges, true);
		__atomic_fetch_add(&gate->generation, 1, __ATOMIC_RELEASE);
	}
	vec_free(&ranges);
	return rc;
}

/* Very many prefixes: nearly every /16 has some. */
bool gate_is_far(const struct gate *gate)
{
	return gate->fixed.n_leaves >= LEAVES_NEAR;
}

static inline uint64_t near_of(const uint64_t *bits, unsigned shift, const uint32_t *addr,
			       unsigned n)
{
	uint64_t near = 0;

	for (unsigned i = 0; i < n; i++)
		near |= (uint64_t)gate_map_bit(bits, addr[i] >> shift) << i;
	return near;
}

/* The one that nearly all scans need is compiled apart. */
static uint64_t gate_bits_plain(const uint64_t *bits, unsigned shift, const uint32_t *addr,
				unsigned n)
{
	return shift == 16 ? near_of(bits, 16, addr, n) : near_of(bits, shift, addr, n);
}

static gate_bits *const bits_of[] = {
	[ISA_PLAIN] = gate_bits_plain,
	[ISA_AES] = gate_bits_plain,
#ifdef __x86_64__
	[ISA_AVX2] = gate_bits_plain,
	[ISA_AVX512] = gate_bits_avx512,
#endif
};

uint64_t gate_near(const struct gate *gate, const uint32_t *addr, unsigned n)
{
	const struct gate_map *map = &gate->fixed;
	uint64_t near, left;

	if (!gate_is_far(gate))
		return bits_of[gate->isa](map->some16, 16, addr, n);
	near = bits_of[gate->isa](map->some20, 12, addr, n);
	for (left = near; left != 0; left &= left - 1)
		gate_map_fetch_net(map, addr[__builtin_ctzll(left)]);
	return near;
}

uint64_t gate_close(const struct gate *gate, const uint32_t *addr, uint64_t near)
{
	const struct gate_map *map = &gate->fixed;
	uint64_t close = 0;

	for (; near != 0; near &= near - 1) {
		unsigned i = (unsigned)__builtin_ctzll(near);

		if (!gate_map_some_in_net(map, addr[i]))
			continue;
		gate_map_fetch_part(map, addr[i]);
		close |= UINT64_C(1) << i;
	}
	return close;
}

/* The mask of those suspects that the map denies. */
static uint64_t map_denied(const struct gate_map *map, const uint32_t *addr, uint64_t suspects)
{
	uint64_t denied = 0;

	for (; suspects != 0; suspects &= suspects - 1) {
		unsigned i = (unsigned)__builtin_ctzll(suspects);

		if (gate_map_some_in_net(map, addr[i]) && gate_map_some_in_part(map, addr[i]))
			denied |= (uint64_t)gate_map_denies(map, addr[i]) << i;
	}
	return denied;
}

uint64_t gate_check(const struct gate *gate, const uint32_t *addr, unsigned n, uint64_t suspects,
		    uint64_t *bug, uint64_t *opted_out)
{
	uint64_t fixed = map_denied(&gate->fixed, addr, suspects), grown = 0;

	if (gate_generation(gate) != 0)
		grown = map_denied(&gate->grown, addr,
				   bits_of[gate->isa](gate->grown.some16, 16, addr, n));

	*bug = fixed;
	*opted_out = grown & ~fixed;
	return ~(fixed | grown) & first_bits(n);
}

unsigned gate_generation(const struct gate *gate)
{
	return __atomic_load_n(&gate->generation, __ATOMIC_ACQUIRE);
}
