/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "sink.h"

/* Files, pipes, terminals and stdout. */
extern const struct sink_ops sink_file;

/*
 * After what failed with error (an errno): true, after a while, when it may find room the next
 * time. Only for what can be done once more: an fsync() that failed cannot.
 */
bool sink_file_wait_for_room(struct sink *sink, int error);
void sink_file_has_room(struct sink *sink); /* it has found room */
