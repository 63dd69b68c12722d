/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

#include "err.h"

struct rte_mbuf;

/*
 * Sends frames to a Linux interface in volleys: up to 64 by one system call, in which the kernel
 * puts off all other work on the network until the last one has left.
 *
 * A virtual cable (veth) carries a frame, and the answer to it, in the call that sends it: packet
 * sockets and AF_XDP go the whole way through the kernel once for each frame, and find nothing of
 * it in the processor's caches. Of a volley, each step of that way is done for all frames in turn.
 *
 * The call runs a BPF program that sends what it finds in memory shared with us (BPF_PROG_TEST_RUN,
 * bpf_clone_redirect); it is attached to nothing and goes with the process. Linux 6.11 and later
 * put the rest off; before, this would only be another way to send.
 */

struct volley;

/* NULL when this kernel, or our privileges, are not up to it: err says what is missing. */
struct volley *volley_create(unsigned ifindex, struct err *err);
void volley_destroy(struct volley *v);

/* As rte_eth_tx_burst(): how many of the frames, of up to IO_TX_FRAME bytes, have left, and are
 * freed. One lcore at a time. */
unsigned volley_send(struct volley *v, struct rte_mbuf **mbuf, unsigned n);

/* Frames that have left. Any thread. */
uint64_t volley_sent(const struct volley *v);
