/* SPDX-License-Identifier: BSD-3-Clause */

/* Every stage gives the same results under each instruction set, bit for bit. */

#include "isa.h"

#include "cookie.h"
#include "gates.h"
#include "permute.h"
#include "probe.h"
#include "target/target_space.h"

#include "test.h"

enum { BURST = 130 };

#ifdef __aarch64__
static const char *const names[] = {"plain", "aes", "avx2", "avx512"};
#else
static const char *const names[] = {"plain", "aes-ni", "avx2", "avx512"};
#endif

/* From here on isa is chosen; false where the processor does not have it. */
static bool use(enum isa isa)
{
	setenv("PEAL_ISA", names[isa], 1);
	return isa_choose() == isa;
}

static void test_names(void **state)
{
	(void)state;
	for (enum isa isa = ISA_PLAIN; isa <= ISA_AVX512; isa++)
		assert_string_equal(isa_name(isa), names[isa]);
	assert_true(use(ISA_PLAIN));
	setenv("PEAL_ISA", "mmx", 1); /* none of ours: the one that always works */
	assert_int_equal(isa_choose(), ISA_PLAIN);
	unsetenv("PEAL_ISA");
	print_message("the best here is %s\n", isa_name(isa_choose()));
}

/* n targets of a row from one position on. */
static void row_is_equal(const struct permute *plain, const struct permute *p, uint64_t from,
			 unsigned n)
{
	uint64_t next[2] = {from, from}, pos[2][BURST + 1], index[2][BURST + 1];
	uint64_t end = p->domain - from < 2 * BURST ? p->domain : from + 2 * BURST - n;
	unsigned found;

	memset(pos, 1, sizeof(pos));
	memset(index, 1, sizeof(index));
	found = permute_next(plain, &next[0], end, pos[0], index[0], n);
	assert_int_equal(permute_next(p, &next[1], end, pos[1], index[1], n), found);
	assert_int_equal(next[0], next[1]);
	assert_memory_equal(pos[0], pos[1], found * sizeof(pos[0][0]));
	assert_memory_equal(index[0], index[1], found * sizeof(index[0][0]));
	assert_int_equal(pos[1][n], UINT64_C(0x0101010101010101)); /* nobody else's */
	assert_int_equal(index[1][n], UINT64_C(0x0101010101010101));
}

static void order_is_equal(uint64_t size, uint64_t seed, enum isa isa, uint64_t *random)
{
	uint64_t in[BURST + 1], want[BURST + 1], got[BURST + 1];
	struct permute plain, p;

	use(ISA_PLAIN);
	assert_int_equal(permute_init(&plain, size, seed), 0);
	use(isa);
	assert_int_equal(permute_init(&p, size, seed), 0);
	for (unsigned n = 0; n <= BURST; n++) {
		for (unsigned i = 0; i <= n; i++)
			in[i] = test_random(random) % p.domain;
		want[n] = got[n] = 12345; /* what lies behind is not touched */
		permute_forth(&plain, in, want, n);
		permute_forth(&p, in, got, n);
		assert_memory_equal(got, want, (n + 1) * sizeof(got[0]));
		permute_back(&plain, in, want, n);
		permute_back(&p, in, got, n);
		assert_memory_equal(got, want, (n + 1) * sizeof(got[0]));
		row_is_equal(&plain, &p, in[0], n);
	}
}

static void test_order(void **state)
{
	static const uint64_t sizes[] = {1,
					 2,
					 3,
					 4,
					 5,
					 63,
					 64,
					 65,
					 65535,
					 65536,
					 65537,
					 16777213,
					 3702258432,
					 1ul << 32,
					 (1ul << 47) + 1,
					 (1ul << 48) - 1,
					 1ul << 48};
	uint64_t random = 3;

	(void)state;
	for (enum isa isa = ISA_AES; isa <= ISA_AVX512; isa++) {
		if (!use(isa))
			continue;
		for (size_t s = 0; s < ARRAY_LEN(sizes); s++)
			for (uint64_t seed = 0; seed < 5; seed++)
				order_is_equal(sizes[s], seed, isa, &random);
		for (unsigned i = 0; i < 300; i++)
			order_is_equal(1 + test_random(&random) %
						       (2ul << test_random(&random) % 48),
				       test_random(&random), isa, &random);
	}
	unsetenv("PEAL_ISA");
}

static void test_cookies(void **state)
{
	struct cookie want[BURST + 1], got[BURST + 1];
	uint32_t addr[BURST];
	uint16_t port[BURST];
	uint8_t secret[16];
	struct cookie_key key;
	uint64_t random = 4;

	(void)state;
	for (unsigned round = 0; round < 50; round++) {
		for (unsigned i = 0; i < 16; i++)
			secret[i] = (uint8_t)test_random(&random);
		for (unsigned i = 0; i < BURST; i++) {
			addr[i] = (uint32_t)test_random(&random);
			port[i] = (uint16_t)test_random(&random);
		}
		for (enum isa isa = ISA_AES; isa <= ISA_AVX512; isa++) {
			if (!use(isa))
				continue;
			for (unsigned n = 0; n <= BURST; n++) {
				memset(want, 0xaa, sizeof(want));
				memset(got, 0xaa, sizeof(got));
				use(ISA_PLAIN);
				cookie_key_init(&key, secret);
				cookie_make(&key, addr, port, (uint8_t)round, want, n);
				use(isa);
				cookie_key_init(&key, secret);
				cookie_make(&key, addr, port, (uint8_t)round, got, n);
				assert_memory_equal(got, want, sizeof(got));
			}
		}
	}
	unsetenv("PEAL_ISA");
}

struct burst {
	uint32_t daddr[BURST];
	uint16_t dport[BURST];
	struct cookie cookie[BURST];
	uint8_t bytes[BURST][PKT_FRAME_MAX], *frame[BURST];
};

static void write_under(enum isa isa, const struct probe_conf *conf, const struct source *source,
			struct burst *b, unsigned n)
{
	struct probe p = {.ops = &probe_tcp_syn, .source = *source};

	use(isa);
	p.ops->build(&p.template, conf);
	memset(b->bytes, 0xaa, sizeof(b->bytes));
	for (unsigned i = 0; i < BURST; i++)
		b->frame[i] = b->bytes[i];
	p.ops->write(&p, b->daddr, b->dport, b->cookie, b->frame, n);
	for (unsigned i = 0; i < BURST; i++) /* what lies behind a frame is undefined */
		memset(b->bytes[i] + p.template.len, 0, PKT_FRAME_MAX - p.template.len);
}

static void frames_are_equal(const struct probe_conf *conf, const struct source *source,
			     uint64_t *random, unsigned n)
{
	static struct burst want, got;

	for (unsigned i = 0; i < BURST; i++) {
		uint64_t extreme = test_random(random) % 4; /* sums that carry are rare */

		got.daddr[i] = extreme == 0 ? UINT32_MAX : (uint32_t)test_random(random);
		got.dport[i] = extreme == 1 ? UINT16_MAX : (uint16_t)test_random(random);
		got.cookie[i] = (struct cookie){
			.seq = extreme < 2 ? UINT32_MAX : (uint32_t)test_random(random),
			.port = (uint16_t)test_random(random),
			.source = (uint16_t)test_random(random),
			.look = extreme == 2 ? UINT32_MAX : (uint32_t)test_random(random),
		};
	}
	want = got;
	write_under(ISA_PLAIN, conf, source, &want, n);
	for (enum isa isa = ISA_AES; isa <= ISA_AVX512; isa++) {
		if (!use(isa))
			continue;
		write_under(isa, conf, source, &got, n);
		assert_memory_equal(got.bytes, want.bytes, sizeof(got.bytes));
	}
}

static void test_frames(void **state)
{
	static const uint32_t counts[] = {1, 2, 15, 16, 17, 300};
	uint32_t sources[300];
	uint64_t random = 5;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(sources); i++)
		sources[i] = 0xc6120001 + i * 7;
	for (enum syn_look look = SYN_LOOK_MSS; look <= SYN_LOOK_NONE; look++)
		for (unsigned tagged = 0; tagged < 2; tagged++)
			for (size_t c = 0; c < ARRAY_LEN(counts); c++) {
				struct probe_conf conf = {
					.link = {{2, 0, 0, 0, 0, 1},
						 {2, 0, 0, 0, 0, 2},
						 tagged,
						 77},
					.look = look,
					.ttl = 200,
				};
				struct source source = {sources, counts[c],
							(uint16_t)(c % 2 ? 0 : 32768),
							c % 2 ? 65536 : 28233};

				for (unsigned n = 0; n <= BURST; n += n < 70 ? 1 : 7)
					frames_are_equal(&conf, &source, &random, n);
			}
	unsetenv("PEAL_ISA");
}

/* So many ranges of up to `most` addresses each, with gaps of any size. */
static void ranges_random(struct rangeset *set, size_t n, uint64_t most, uint64_t *random)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t first = (uint32_t)test_random(random);
		uint64_t last = first + test_random(random) % most;

		assert_int_equal(
			rangeset_add(set, first, last > UINT32_MAX ? UINT32_MAX : (uint32_t)last),
			0);
	}
	rangeset_normalise(set);
}

/* The address that a number has, by going through all ranges. */
static uint32_t counted(const struct rangeset *set, uint64_t number)
{
	for (size_t i = 0;; i++) {
		uint64_t here = (uint64_t)set->at[i].last - set->at[i].first + 1;

		if (number < here)
			return set->at[i].first + (uint32_t)number;
		number -= here;
	}
}

static void look_up_is_right(const struct rangeset *set, uint64_t *random)
{
	struct portset ports = {0};
	struct pairset pairs = {0};
	struct target_space *s;
	uint64_t index[BURST], count = rangeset_count(set);
	uint32_t want[BURST], addr[BURST + 1];
	uint16_t port[BURST];

	ports.bits[1] = 1;
	s = target_space_create(set, &ports, &pairs);
	assert_non_null(s);
	for (unsigned n = 0; n <= BURST; n += n < 70 ? 1 : 7) {
		for (unsigned i = 0; i < n; i++) {
			index[i] = i < 2 ? i * (count - 1) : test_random(random) % count;
			want[i] = counted(set, index[i]);
		}
		addr[n] = 12345; /* what lies behind is not touched */
		target_space_pick(s, index, addr, port, n);
		assert_memory_equal(addr, want, n * sizeof(addr[0]));
		assert_int_equal(addr[n], 12345);
	}
	target_space_destroy(s);
}

static void test_look_up(void **state)
{
	static const struct {
		size_t n;
		uint64_t most;
	} sets[] = {{1, 1},	     {1, 1ul << 32}, {2, 3},	     {17, 1ul << 28},
		    {17, 1ul << 20}, {24, 9},	     {25, 1 << 20},  {32, 9},
		    {33, 1 << 20},   {300, 5},	     {300, 1 << 24}, {3000, 1},
		    {3000, 1 << 20}};
	uint64_t random = 6;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		struct rangeset set = {0};

		ranges_random(&set, sets[i].n, sets[i].most, &random);
		for (enum isa isa = ISA_PLAIN; isa <= ISA_AVX512; isa++)
			if (use(isa))
				look_up_is_right(&set, &random);
		rangeset_fini(&set);
	}
	unsetenv("PEAL_ISA");
}

/* One prefix of each kind for each of n places: few, or so many that the gate looks more closely.
 */
static struct gate *gate_of(unsigned n, enum isa isa)
{
	size_t size = n * 24 + 1, len = 0;
	char *text = malloc(size);
	struct listing deny = {.name = (char *)"list"};
	struct exclusion excl = {.deny = &deny, .n_deny = 1};
	struct gate *gate = NULL;
	struct err err = {0};

	assert_non_null(text);
	for (unsigned i = 0; i < n; i++) {
		uint32_t addr = 0x20000000 + i * 0x10307;

		len += (size_t)snprintf(text + len, size - len, "%u.%u.%u.%u/%u\n", addr >> 24,
					addr >> 16 & 255, addr >> 8 & 255, addr & 255, 20 + i % 13);
	}
	deny.text = text;
	deny.len = len;
	use(isa);
	if (gate_create(&excl, &gate, &err) < 0)
		fail_msg("%s", err.text);
	free(text);
	return gate;
}

static void gates_are_equal(unsigned prefixes, enum isa isa, uint64_t *random)
{
	struct gate *plain = gate_of(prefixes, ISA_PLAIN), *gate = gate_of(prefixes, isa);
	uint64_t bug[2], opted_out[2], denied = 0;
	uint32_t addr[64];

	for (unsigned round = 0; round < 2000; round++) {
		unsigned n = round % 65;

		for (unsigned i = 0; i < 64; i++)
			addr[i] = 0x20000000 +
				  (uint32_t)(test_random(random) % prefixes) * 0x10307 +
				  (uint32_t)(test_random(random) % 8192) - 4096;
		assert_int_equal(gate_all_steps(gate, addr, n, &bug[0], &opted_out[0]),
				 gate_all_steps(plain, addr, n, &bug[1], &opted_out[1]));
		assert_int_equal(bug[0], bug[1]);
		assert_int_equal(opted_out[0], opted_out[1]);
		denied |= bug[0];
	}
	assert_true(denied != 0);
	gate_destroy(plain);
	gate_destroy(gate);
}

static void test_gates(void **state)
{
	uint64_t random = 7;

	(void)state;
	for (enum isa isa = ISA_AES; isa <= ISA_AVX512; isa++) {
		if (!use(isa))
			continue;
		gates_are_equal(100, isa, &random);
		gates_are_equal(6000, isa, &random);
	}
	unsetenv("PEAL_ISA");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),	cmocka_unit_test(test_order),
		cmocka_unit_test(test_cookies), cmocka_unit_test(test_frames),
		cmocka_unit_test(test_look_up), cmocka_unit_test(test_gates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
