/* SPDX-License-Identifier: BSD-3-Clause */

#include "target_space.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include "lookup.h"

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
	struct numbered *range;
	struct pick *picks;    /* what picking needs of each range, side by side */
	uint32_t *last_number; /* of a range's addresses: what by_number searches */
	uint32_t *last_addr;   /* what by_addr searches */
	struct lookup by_number, by_addr;
};

/* A range whose addresses are numbered on from those below it. */
struct numbered {
	uint32_t first; /* address */
	uint32_t delta; /* address - number, modulo 2^32 */
};

struct pick {
	uint32_t last; /* number */
	uint32_t delta;
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
	uint32_t number = 0;

	s->n_ranges = (uint32_t)addrs->n;
	s->range = calloc(addrs->n, sizeof(*s->range));
	s->picks = calloc(addrs->n, sizeof(*s->picks));
	s->last_number = calloc(addrs->n, sizeof(*s->last_number));
	s->last_addr = calloc(addrs->n, sizeof(*s->last_addr));
	if (s->range == NULL || s->picks == NULL || s->last_number == NULL || s->last_addr == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->n_ranges; i++) {
		struct range r = addrs->at[i];

		s->range[i] = (struct numbered){.first = r.first, .delta = r.first - number};
		s->last_number[i] = number + (r.last - r.first);
		s->last_addr[i] = r.last;
		s->picks[i] = (struct pick){s->last_number[i], s->range[i].delta};
		number = s->last_number[i] + 1;
	}
	if (lookup_init(&s->by_number, s->last_number, s->n_ranges, 0) < 0)
		return -ENOMEM;
	return lookup_init(&s->by_addr, s->last_addr, s->n_ranges, addrs->at[0].first);
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
	lookup_fini(&s->by_number);
	lookup_fini(&s->by_addr);
	free(s->last_addr);
	free(s->last_number);
	free(s->picks);
	free(s->range);
	free(s->port_number);
	free(s->port);
	pairset_fini(&s->pairs);
	free(s);
}

uint64_t target_space_size(const struct target_space *s)
{
	return s->product + s->pairs.n;
}

/*
 * The stages below go over a block one after the other: each look-up of a stage is independent of
 * the next, so that the processor fetches many at once when tables are larger than its caches.
 */
enum { BLOCK = 64, RANGES_MANY = 4096 };

/* Indices to numbers of addresses, and ports. Pairs pass as number 0, for now. */
static void pick_numbers_one_port(const struct target_space *s, const uint64_t *index,
				  uint32_t *number, uint16_t *port, unsigned n)
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
static void pick_numbers_all_ports(const struct target_space *s, const uint64_t *index,
				   uint32_t *number, uint16_t *port, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		number[i] = (uint32_t)(index[i] / PORTS);
		port[i] = (uint16_t)index[i];
	}
	for (unsigned i = 0; s->pairs.n > 0 && i < n; i++)
		number[i] = index[i] < s->product ? number[i] : 0;
}

static void pick_numbers(const struct target_space *s, const uint64_t *index, uint32_t *number,
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

/* No branch up to the range that is `steps` above the guess: nobody could foretell it. */
static inline void pick_addrs(const struct target_space *s, unsigned steps, const uint32_t *number,
			      uint32_t *addr, unsigned n)
{
	uint32_t range[BLOCK];

	for (unsigned i = 0; i < n; i++)
		range[i] = lookup_guess(&s->by_number, number[i]);
	for (unsigned i = 0; steps > 1 && i < n; i++)
		__builtin_prefetch(&s->picks[range[i]]);
	for (unsigned i = 0; i < n; i++) {
		uint32_t r = range[i];

		for (unsigned step = 0; step < steps; step++)
			r += s->picks[r].last < number[i];
		if (s->picks[r].last < number[i])
			r = lookup_find(&s->by_number, number[i]);
		addr[i] = number[i] + s->picks[r].delta;
	}
}

void target_space_pick(const struct target_space *s, const uint64_t *index, uint32_t *addr,
		       uint16_t *port, unsigned n)
{
	uint32_t number[BLOCK];
	unsigned from, some;

	for (from = 0; s->product > 0 && from < n; from += some) {
		some = n - from < BLOCK ? n - from : BLOCK;
		if (s->n_ports == 1)
			pick_numbers_one_port(s, index + from, number, port + from, some);
		else if (s->n_ports == PORTS)
			pick_numbers_all_ports(s, index + from, number, port + from, some);
		else
			pick_numbers(s, index + from, number, port + from, some);
		/* of very many ranges, two and more often share a bucket */
		if (s->n_ranges < RANGES_MANY)
			pick_addrs(s, 1, number, addr + from, some);
		else
			pick_addrs(s, 2, number, addr + from, some);
	}
	for (unsigned i = 0; s->pairs.n > 0 && i < n; i++) {
		if (index[i] >= s->product) {
			uint64_t pair = s->pairs.at[index[i] - s->product];

			addr[i] = pair_addr(pair);
			port[i] = pair_port(pair);
		}
	}
}

/* How many addresses of the product are below `addr`, which may be 2^32. */
static uint64_t space_addrs_below(const struct target_space *s, uint64_t addr)
{
	uint32_t r, from;

	if (s->product == 0 || addr <= s->range[0].first)
		return 0;
	if (addr > s->last_addr[s->n_ranges - 1])
		return (uint64_t)s->last_number[s->n_ranges - 1] + 1;
	r = lookup_find(&s->by_addr, (uint32_t)addr);
	from = addr > s->range[r].first ? (uint32_t)addr : s->range[r].first;
	return from - s->range[r].delta;
}

static bool space_has_addr(const struct target_space *s, uint32_t addr, uint32_t *number)
{
	uint32_t r;

	if (addr < s->range[0].first || addr > s->last_addr[s->n_ranges - 1])
		return false;
	r = lookup_find(&s->by_addr, addr);
	*number = addr - s->range[r].delta;
	return addr >= s->range[r].first;
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
		uint64_t first = s->range[i].first, last = s->last_addr[i];
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
		digest_number(&of, (uint64_t)s->range[i].first << 32 | s->last_addr[i]);
	digest_number(&of, s->pairs.n);
	for (size_t i = 0; i < s->pairs.n; i++)
		digest_number(&of, s->pairs.at[i]);
	digest_end(&of, digest);
}
