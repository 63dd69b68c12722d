/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spans.h"

/*
 * Pieces of a scan that are to be sent out of turn, first come, first served: numbered from 0 on
 * as the main thread puts them in, claimed by TX lcores one after the other, without locks. A ring:
 * a piece is remembered until it is forgotten, so that a checkpoint can tell what is still to be
 * sent, or may be lost; only then others have its room.
 *
 * todo_add() and todo_forget() may each have a thread of their own. todo_at() is for that which
 * forgets, or when nobody does.
 */
struct todo;

/* For room pieces at a time. 0 or -ENOMEM. */
int todo_create(size_t room, struct todo **todo);
void todo_destroy(struct todo *t);

/* How many more there is room for. */
size_t todo_room(const struct todo *t);

/* There is room. Lcores see it with the next todo_publish(). */
void todo_add(struct todo *t, struct span piece);
void todo_publish(struct todo *t);

/* The next piece, for the caller alone, and its number. False when there is none. */
bool todo_claim(struct todo *t, struct span *piece, uint64_t *number);

/* Pieces below have been claimed; pieces below are published. The first is never the larger. */
uint64_t todo_claimed(const struct todo *t);
uint64_t todo_end(const struct todo *t);

/* The piece of a number below todo_end() that has not been forgotten. */
struct span todo_at(const struct todo *t, uint64_t number);

/* Pieces below, all of them claimed, need not be remembered. */
void todo_forget(struct todo *t, uint64_t number);
