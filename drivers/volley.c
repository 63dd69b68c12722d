/* SPDX-License-Identifier: BSD-3-Clause */

#include "volley.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_mbuf.h>

#include "io.h"

enum { VOLLEY_MAX = 64, SINCE_MAJOR = 6, SINCE_MINOR = 11 };

/* What the program reads: all frames of a volley have one length, and one protocol. */
struct magazine {
	uint32_t n;
	uint8_t pad[60];
	uint8_t frame[VOLLEY_MAX][IO_TX_FRAME];
};

_Static_assert(IO_TX_FRAME == 128, "the program shifts by 7");

struct volley {
	struct magazine *magazine;
	int map, program; /* descriptors, -1 if there is none */
	uint64_t sent;
};

/* --- the program --- */

enum { R0, R1, R2, R3, R4, R5, R6, R7, R8, R9 };
enum { MORE = 7, OUT = 28 }; /* instructions that are jumped to */

/* clang-format off */
#define INSN(c, d, s, o, i) \
	((struct bpf_insn){.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)})
#define MOVE(d, s)	 INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define SET(d, i)	 INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define ADD(d, s)	 INSN(BPF_ALU64 | BPF_ADD | BPF_X, d, s, 0, 0)
#define ADD_TO(d, i)	 INSN(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, i)
#define SHIFT(d, i)	 INSN(BPF_ALU64 | BPF_LSH | BPF_K, d, 0, 0, i)
#define LOAD(d, s, o)	 INSN(BPF_LDX | BPF_MEM | BPF_W, d, s, o, 0)
#define MAP_VALUE(d, fd) INSN(BPF_LD | BPF_DW | BPF_IMM, d, BPF_PSEUDO_MAP_VALUE, 0, fd), INSN(0, 0, 0, 0, 0)
#define CALL(f)		 INSN(BPF_JMP | BPF_CALL, 0, 0, 0, f)
#define RETURN()	 INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* jumps from at: an offset counts from the instruction behind it */
#define GO(at, to)	 INSN(BPF_JMP | BPF_JA, 0, 0, (to) - (at) - 1, 0)
#define OUT_IF(at, test, d, i)	   INSN(BPF_JMP | (test) | BPF_K, d, 0, OUT - (at) - 1, i)
#define OUT_IF_REG(at, test, d, s) INSN(BPF_JMP | (test) | BPF_X, d, s, OUT - (at) - 1, 0)
/* clang-format on */

/*
 * The packet that the program is run on has the length of the volley's frames; each is written over
 * it, and a copy of it sent. Returns how many have left: what the interface drops has, and is
 * counted there; but when it has gone, or no memory is left, the rest stays.
 */
static int program_load(int map, unsigned ifindex)
{
	const struct bpf_insn code[] = {
		MOVE(R6, R1), /* the packet */
		SET(R8, 0),   /* sent */
		LOAD(R9, R6, offsetof(struct __sk_buff, len)),
		OUT_IF(3, BPF_JEQ, R9, 0),
		OUT_IF(4, BPF_JGT, R9, IO_TX_FRAME),
		MAP_VALUE(R7, map),
		/* more: */
		OUT_IF(7, BPF_JGE, R8, VOLLEY_MAX),
		LOAD(R1, R7, offsetof(struct magazine, n)),
		OUT_IF_REG(9, BPF_JGE, R8, R1),
		MOVE(R3, R8), /* skb_store_bytes(packet, 0, frame[sent], len, 0) */
		SHIFT(R3, 7),
		ADD(R3, R7),
		ADD_TO(R3, offsetof(struct magazine, frame)),
		MOVE(R4, R9),
		MOVE(R1, R6),
		SET(R2, 0),
		SET(R5, 0),
		CALL(BPF_FUNC_skb_store_bytes),
		OUT_IF(19, BPF_JNE, R0, 0),
		MOVE(R1, R6), /* clone_redirect(packet, ifindex, 0) */
		SET(R2, (int)ifindex),
		SET(R3, 0),
		CALL(BPF_FUNC_clone_redirect),
		OUT_IF(24, BPF_JEQ, R0, -EINVAL),
		OUT_IF(25, BPF_JEQ, R0, -ENOMEM),
		ADD_TO(R8, 1),
		GO(27, MORE),
		/* out: */
		MOVE(R0, R8),
		RETURN(),
	};

	return bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "peal_volley", "Dual BSD/GPL", code,
			     RTE_DIM(code), NULL);
}

/* --- set-up --- */

static bool kernel_is_new_enough(void)
{
	unsigned major = 0, minor = 0;
	struct utsname name;

	if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		return false;
	return major > SINCE_MAJOR || (major == SINCE_MAJOR && minor >= SINCE_MINOR);
}

static int volley_open(struct volley *v, unsigned ifindex)
{
	LIBBPF_OPTS(bpf_map_create_opts, how, .map_flags = BPF_F_MMAPABLE);

	v->map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "peal_volley", sizeof(uint32_t),
				sizeof(struct magazine), 1, &how);
	if (v->map < 0)
		return -errno;
	v->magazine =
		mmap(NULL, sizeof(struct magazine), PROT_READ | PROT_WRITE, MAP_SHARED, v->map, 0);
	if (v->magazine == MAP_FAILED) {
		v->magazine = NULL;
		return -errno;
	}
	v->program = program_load(v->map, ifindex);
	return v->program < 0 ? -errno : 0;
}

struct volley *volley_create(unsigned ifindex, struct err *err)
{
	struct volley *v;
	int rc;

	if (!kernel_is_new_enough()) {
		err_set(err, EXIT_DEVICE, "not before Linux %d.%d", SINCE_MAJOR, SINCE_MINOR);
		return NULL;
	}
	v = aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_CACHE_LINE_SIZE);
	if (v == NULL) {
		err_set(err, EXIT_DEVICE, "out of memory");
		return NULL;
	}
	*v = (struct volley){.map = -1, .program = -1};
	rc = volley_open(v, ifindex);
	if (rc == 0)
		return v;
	err_set(err, EXIT_DEVICE, "BPF: %s", strerror(-rc));
	volley_destroy(v);
	return NULL;
}

void volley_destroy(struct volley *v)
{
	if (v == NULL)
		return;
	if (v->program >= 0)
		close(v->program);
	if (v->magazine != NULL)
		munmap(v->magazine, sizeof(struct magazine));
	if (v->map >= 0)
		close(v->map);
	free(v);
}

/* --- sending --- */

/* How many of the frames have the length and the protocol of the first. */
static unsigned alike(struct rte_mbuf *const *mbuf, unsigned n)
{
	const uint8_t *first = rte_pktmbuf_mtod(mbuf[0], const uint8_t *);
	unsigned i = 1;

	while (i < n && mbuf[i]->data_len == mbuf[0]->data_len &&
	       memcmp(rte_pktmbuf_mtod_offset(mbuf[i], const uint8_t *, 12), first + 12, 2) == 0)
		i++;
	return i;
}

static unsigned volley_fire(struct volley *v, struct rte_mbuf *const *mbuf, unsigned n)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = v->magazine->frame[0],
		    .data_size_in = mbuf[0]->data_len, .repeat = 1);

	for (unsigned i = 0; i < n; i++)
		memcpy(v->magazine->frame[i], rte_pktmbuf_mtod(mbuf[i], const void *),
		       mbuf[0]->data_len);
	v->magazine->n = n;
	return bpf_prog_test_run_opts(v->program, &run) < 0 ? 0 : run.retval;
}

unsigned volley_send(struct volley *v, struct rte_mbuf **mbuf, unsigned n)
{
	unsigned done = 0, want, sent;

	do {
		want = alike(mbuf + done, RTE_MIN(n - done, (unsigned)VOLLEY_MAX));
		sent = volley_fire(v, mbuf + done, want);
		done += sent;
	} while (sent == want && done < n);
	if (done != 0)
		io_free(mbuf, done);
	__atomic_store_n(&v->sent, v->sent + done, __ATOMIC_RELAXED);
	return done;
}

uint64_t volley_sent(const struct volley *v)
{
	return __atomic_load_n(&v->sent, __ATOMIC_RELAXED);
}
