/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "sink.h"

/* Files, pipes, terminals and stdout. */
extern const struct sink_ops sink_file;
