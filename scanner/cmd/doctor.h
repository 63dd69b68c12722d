/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "cmd.h"
#include "io.h"
#include "job.h"
#include "pciinfo.h"

/* What doctor.c and its siblings share: one line for each thing that was looked at. */

enum verdict { OK, WARN, FAIL };

struct doctor {
	enum exit_code first; /* of the FAILs */
	unsigned warnings, failures;
	const struct job *job;
	uint32_t *sources, n_sources; /* addresses to send from */
};

void doctor_say(struct doctor *d, enum verdict verdict, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* A FAIL; the first one's code becomes the exit status. */
void doctor_fail(struct doctor *d, enum exit_code code, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* doctor_pci.c: all about a card, which may not even be bound to the right driver. */
void doctor_pci(struct doctor *d, const struct io_spec *spec);

/* The processors next to a card, whoever drives it; nothing where all are as near. */
void doctor_cores(struct doctor *d, const struct pci_info *info);
