/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "encoder.h"

/* The encoders that output.c has in its table. */
extern const struct encoder encode_ndjson, encode_csv, encode_list;
