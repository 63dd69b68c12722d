/* SPDX-License-Identifier: BSD-3-Clause */

#include "target_space.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include "lookup.h"
#include "numbering.h"

/*
 * index = (number of the address) * n_ports + (number of the port), numbers in ascending order;
 * from `product` on, the pairs in ascending order.
 */
struct target_space {
	uint64_t product; /* targets in the product */
	struct pairset pairs;

	uint32_t n_ports;
	uint64_t reciprocal;   /* of n_ports, in 2^-64, rounded down */
	uint16_t *port;	       /* number -> port */
	uint16_t *port_number; /* port -> number; 0 for ports that are not in the set, too */

	uint32_t n_ranges;
	uint32_t *first_addr, *last_addr; /* of each range; by_addr searches the last ones */
	struct lookup by_addr;
	struct numbering numbering;
};

static int space_set_ports(struct target_space *s, const struct portset *ports)
{
	s->n_ports = portset_count(ports);
	s->reciprocal = UINT64_MAX / s->n_ports;
	s->port = calloc(s->n_ports, sizeof(*s->port));
	s->port_number = calloc(PORTS, sizeof(*s->port_number));
	if (s->port == NULL || s->port_number == NULL)
		return -ENOMEM;
	for (uint32_t port = 0, number = 0; port < PORTS; port++)
		if (portset_contains(ports, (uint16_t)port)) {
			s->port[number] = (uint16_t)port;
			s->port_number[port] = (uint16_t)number++;
		}
	return 0;
}

static int space_set_addrs(struct target_space *s, const struct rangeset *addrs)
{
	s->n_ranges = (uint32_t)addrs->n;
	s->first_addr = calloc(addrs->n, sizeof(*s->first_addr));
	s->last_addr = calloc(addrs->n, sizeof(*s->last_addr));
	if (s->first_addr == NULL || s->last_addr == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->n_ranges; i++) {
		s->first_addr[i] = addrs->at[i].first;
		s->last_addr[i] = addrs->at[i].last;
	}
	if (numbering_init(&s->numbering, addrs) < 0)
		return -ENOMEM;
	return lookup_init(&s->by_addr, s->last_addr, s->n_ranges, s->first_addr[0]);
}

struct target_space *target_space_create(const struct rangeset *addrs, const struct portset *ports,
					 struct pairset *pairs)
{
	struct target_space *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->product = rangeset_count(addrs) * portset_count(ports);
	if (s->product > 0 && (space_set_ports(s, ports) < 0 || space_set_addrs(s, addrs) < 0)) {
		target_space_destroy(s);
		return NULL;
	}
	s->pairs = *pairs;
	*pairs = (struct pairset){0};
	return s;
}

void target_space_destroy(struct target_space *s)
{
	if (s == NULL)
		return;
	lookup_fini(&s->by_addr);
	numbering_fini(&s->numbering);
	free(s->last_addr);
	free(s->first_addr);
	free(s->port_number);
	free(s->port);
	pairset_fini(&s->pairs);
	free(s);
}

uint64_t target_space_size(const struct target_space *s)
{
	return s->product + s->pairs.n;
}

/* Indices to numbers of addresses, and ports. Pairs pass as number 0, for now. */
static void numbers_one_port(const struct target_space *s, const uint64_t *index, uint32_t *number,
			     uint16_t *port, unsigned n)
{
	const uint16_t only = s->port[0];

	for (unsigned i = 0; i < n; i++)
		number[i] = (uint32_t)index[i];
	for (unsigned i = 0; i < n; i++)
		port[i] = only;
	for (unsigned i = 0; s->pairs.n > 0 && i < n; i++)
		number[i] = index[i] < s->product ? number[i] : 0;
}

/* No division, and no table of ports, which is larger than the first cache. */
static void numbers_all_ports(const struct target_space *s, const uint64_t *index, uint32_t *number,
			      uint16_t *port, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		number[i] = (uint32_t)(index[i] / PORTS);
		port[i] = (uint16_t)index[i];
	}
	for (unsigned i = 0; s->pairs.n > 0 && i < n; i++)
		number[i] = index[i] < s->product ? number[i] : 0;
}

static void numbers_any_ports(const struct target_space *s, const uint64_t *index, uint32_t *number,
			      uint16_t *port, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint64_t at = index[i] < s->product ? index[i] : 0;
		/* the quotient by the reciprocal is right, or one too small */
		uint64_t q = (uint64_t)((unsigned __int128)at * s->reciprocal >> 64);
		uint32_t rest = (uint32_t)(at - q * s->n_ports);
		uint32_t more = rest >= s->n_ports;

		number[i] = (uint32_t)q + more;
		port[i] = s->port[rest - (more ? s->n_ports : 0)];
	}
}

enum { RANGES_FAR = 4096 };

bool target_space_is_far(const struct target_space *s)
{
	return s->n_ranges >= RANGES_FAR;
}

void target_space_number(const struct target_space *s, const uint64_t *index, uint32_t *number,
			 uint16_t *port, unsigned n)
{
	if (s->product == 0)
		return;
	if (s->n_ports == 1)
		numbers_one_port(s, index, number, port, n);
	else if (s->n_ports == PORTS)
		numbers_all_ports(s, index, number, port, n);
	else
		numbers_any_ports(s, index, number, port, n);
}

void target_space_prefetch(const struct target_space *s, const uint32_t *number, unsigned n)
{
	if (target_space_is_far(s))
		numbering_prefetch(&s->numbering, number, n);
}

void target_space_find(const struct target_space *s, const uint64_t *index, const uint32_t *number,
		       uint32_t *addr, uint16_t *port, unsigned n)
{
	if (s->product > 0)
		numbering_pick(&s->numbering, number, addr, n);
	for (unsigned i = 0; s->pairs.n > 0 && i < n; i++) {
		if (index[i] >= s->product) {
			uint64_t pair = s->pairs.at[index[i] - s->product];

			addr[i] = pair_addr(pair);
			port[i] = pair_port(pair);
		}
	}
}

void target_space_pick(const struct target_space *s, const uint64_t *index, uint32_t *addr,
		       uint16_t *port, unsigned n)
{
	uint32_t number[NUMBERING_BLOCK];
	unsigned from, some;

	for (from = 0; from < n; from += some) {
		some = n - from < NUMBERING_BLOCK ? n - from : NUMBERING_BLOCK;
		target_space_number(s, index + from, number, port + from, some);
		target_space_find(s, index + from, number, addr + from, port + from, some);
	}
}

/* How many addresses of the product are below `addr`, which may be 2^32. */
static uint64_t space_addrs_below(const struct target_space *s, uint64_t addr)
{
	uint32_t r, from;

	if (s->product == 0 || addr <= s->first_addr[0])
		return 0;
	if (addr > s->last_addr[s->n_ranges - 1])
		return (uint64_t)s->numbering.range[s->n_ranges - 1].last + 1;
	r = lookup_find(&s->by_addr, (uint32_t)addr);
	from = addr > s->first_addr[r] ? (uint32_t)addr : s->first_addr[r];
	return from - s->numbering.range[r].delta;
}

static bool space_has_addr(const struct target_space *s, uint32_t addr, uint32_t *number)
{
	uint32_t r;

	if (addr < s->first_addr[0] || addr > s->last_addr[s->n_ranges - 1])
		return false;
	r = lookup_find(&s->by_addr, addr);
	*number = addr - s->numbering.range[r].delta;
	return addr >= s->first_addr[r];
}

void target_space_rank(const struct target_space *s, const uint32_t *addr, const uint16_t *port,
		       uint64_t *index, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint64_t pair = pair_make(addr[i], port[i]);
		uint32_t number;
		size_t at;

		if (s->product > 0 && s->port[s->port_number[port[i]]] == port[i] &&
		    space_has_addr(s, addr[i], &number)) {
			index[i] = (uint64_t)number * s->n_ports + s->port_number[port[i]];
			continue;
		}
		at = pairset_below(&s->pairs, pair);
		if (at < s->pairs.n && s->pairs.at[at] == pair)
			index[i] = s->product + at;
		else
			index[i] = TARGET_ABSENT;
	}
}

/* Targets in the prefix of `size` addresses, a power of two, around addr. */
static uint64_t space_prefix(const struct target_space *s, uint32_t addr, uint64_t size)
{
	uint64_t first = addr & ~(size - 1), end = first + size;
	uint64_t addrs = space_addrs_below(s, end) - space_addrs_below(s, first);

	return addrs * s->n_ports + pairset_below(&s->pairs, end << 16) -
	       pairset_below(&s->pairs, first << 16);
}

/*
 * Only prefixes in which a range begins or ends, or a pair lies, can differ from their neighbours;
 * in the middle of a range, any one stands for all.
 */
uint64_t target_space_largest_prefix(const struct target_space *s, unsigned len)
{
	uint64_t size = UINT64_C(1) << (32 - len), most = 0, here;

	for (uint32_t i = 0; i < s->n_ranges; i++) {
		uint64_t first = s->first_addr[i], last = s->last_addr[i];
		uint64_t probes[] = {first, last, first + size < last ? first + size : last};

		for (int k = 0; k < 3; k++) {
			here = space_prefix(s, (uint32_t)probes[k], size);
			most = here > most ? here : most;
		}
	}
	for (size_t i = 0; i < s->pairs.n; i++) {
		uint32_t addr = pair_addr(s->pairs.at[i]);

		if (i > 0 && ((addr ^ pair_addr(s->pairs.at[i - 1])) & ~(size - 1)) == 0)
			continue; /* the same prefix again */
		here = space_prefix(s, addr, size);
		most = here > most ? here : most;
	}
	return most;
}

static void digest_number(struct digest_state *of, uint64_t n)
{
	n = htobe64(n);
	digest_add(of, &n, sizeof(n));
}

void target_space_digest(const struct target_space *s, struct digest *digest)
{
	struct digest_state of;

	digest_begin(&of);
	digest_number(&of, s->n_ports);
	for (uint32_t i = 0; i < s->n_ports; i++)
		digest_number(&of, s->port[i]);
	digest_number(&of, s->n_ranges);
	for (uint32_t i = 0; i < s->n_ranges; i++)
		digest_number(&of, (uint64_t)s->first_addr[i] << 32 | s->last_addr[i]);
	digest_number(&of, s->pairs.n);
	for (size_t i = 0; i < s->pairs.n; i++)
		digest_number(&of, s->pairs.at[i]);
	digest_end(&of, digest);
}
