/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include "capture.h"

/* The comment of a packet: what its record has and the frame cannot tell. */

enum { CAPTURE_NOTE_MAX = 64 };

/* With its NUL at the end; "" when there is nothing to say. */
void capture_note_write(char note[CAPTURE_NOTE_MAX], const struct record *rec);

/* rtt_us and flags; false for what capture_note_write() would not have written. */
bool capture_note_read(const char *note, struct capture_packet *packet);
