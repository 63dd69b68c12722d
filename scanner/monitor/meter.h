/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "monitor.h"

/* Reads the counters. A reading within a tenth of a second of the last, or of a clock that went
 * back, is left out. */
void meter_read(struct meter *m, const struct snapshot *s);

/* Seconds until the last probe, or until the end of the cooldown; negative while not known. */
double meter_left(const struct meter *m, const struct snapshot *s);
