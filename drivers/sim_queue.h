/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sim_frame.h"

/*
 * Answers that wait for their time, in a binary heap, and among them the half-open connections:
 * SYN-ACKs that are sent again until an RST comes. All memory is taken at the start (and touched as
 * it is used). One thread.
 */

struct sim_queue;

#define SIM_NONE UINT32_MAX /* no answer */

struct sim_queue *sim_queue_create(unsigned capacity); /* NULL: out of memory */
void sim_queue_destroy(struct sim_queue *queue);

unsigned sim_queue_room(const struct sim_queue *queue);
uint64_t sim_queue_due(const struct sim_queue *queue); /* UINT64_MAX when empty */

/* A zeroed answer; there must be room. Fill it, then sim_queue_add(). */
uint32_t sim_queue_take(struct sim_queue *queue);
struct sim_answer *sim_queue_at(struct sim_queue *queue, uint32_t index);
void sim_queue_add(struct sim_queue *queue, uint32_t index, uint64_t due);

/* The next answer if it is due by now, or SIM_NONE; then sim_queue_add() again or _release(). */
uint32_t sim_queue_pop(struct sim_queue *queue, uint64_t now);
void sim_queue_release(struct sim_queue *queue, uint32_t index);

/* Half-open connections. */
void sim_queue_open(struct sim_queue *queue, uint32_t index);
/* An RST whose sequence number is the one that is expected ends the connection. */
void sim_queue_reset(struct sim_queue *queue, const struct sim_frame *rst);
