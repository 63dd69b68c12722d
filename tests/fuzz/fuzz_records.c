/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Any file as the records of peal verify. Besides memory errors: what is told is printable; where
 * nothing is told, the file has a line for each record; and a file that peal wrote itself has
 * nothing to tell.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "audit.h"
#include "check.h"
#include "reach.h"

enum { EQUAL, DIFFERS, REFUSED, N = 3 };
struct reach reached[] = {
	[EQUAL] = {"equal", 0}, [DIFFERS] = {"differs", 0}, [REFUSED] = {"refused", 0}, {NULL, 0}};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the seeds are records of. */
static struct record record_of(unsigned i)
{
	return (struct record){
		.time_ns = UINT64_C(1700000000000000000) + i,
		.saddr = 0xc0000201 + i,
		.sport = (uint16_t)(80 + i),
		.ttl = 64,
		.rtt_us = 100 * i,
		.attempt = 1,
		.class = i == 2 ? CLASS_ICMP : CLASS_SYNACK,
		.state = i == 2 ? STATE_FILTERED : STATE_OPEN,
		.icmp_type = 3,
		.flags = i == 1 ? 0 : RECORD_RTT,
	};
}

static void check_told(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		CHECK(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~'));
}

static void compare(const char *path, FILE *tell)
{
	struct audit_result result;
	struct audit *audit;
	struct err err;

	if (audit_create(path, tell, &audit, &err) < 0) {
		CHECK(err.code == EXIT_INPUT);
		reached[REFUSED].n++;
		return;
	}
	for (unsigned i = 0; i < N; i++) {
		struct record rec = record_of(i);

		audit_expect(audit, &rec, i + 1);
	}
	CHECK(audit_finish(audit, &result, &err) == 0);
	CHECK(result.findings != 0 || result.lines == N);
	reached[result.findings != 0 ? DIFFERS : EQUAL].n++;
	audit_destroy(audit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64], *text = NULL;
	size_t len = 0;
	FILE *tell = open_memstream(&text, &len);
	int fd = memfd_create("records", MFD_CLOEXEC);

	CHECK(tell != NULL && fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	compare(path, tell);
	CHECK(fclose(tell) == 0);
	check_told(text, len);
	free(text);
	close(fd);
	return 0;
}
