/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

/* Named pipes, which let nobody open them to write before there is a reader (fifo(7)). */

/* Whether path names one; links are followed. */
bool fifo_is(const char *path);

/*
 * Opens one to write, and waits for its reader: says so in the log when that takes time. Returns
 * the descriptor, which blocks, or -errno; -ECANCELED when give_up() was true first, which is asked
 * 20 times a second. Where give_up is NULL, nothing but a reader ends it. Not from an lcore loop.
 */
int fifo_open(const char *path, bool (*give_up)(void));
