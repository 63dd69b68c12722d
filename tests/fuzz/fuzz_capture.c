/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Any file as --capture. Besides memory errors: what is read lies in the file, one packet behind
 * the other, each from an interface that was named before; and what is read of the first bytes
 * alone is the same.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture.h"
#include "check.h"
#include "reach.h"

enum { PACKETS, ENDS, REFUSED, CUT_OFF };
struct reach reached[] = {
	[PACKETS] = {"packets", 0},
	[ENDS] = {"ends", 0},
	[REFUSED] = {"refused", 0},
	[CUT_OFF] = {"cut_off", 0},
	{NULL, 0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);

	CHECK(fd >= 0);
	CHECK(write(fd, data, size) == (ssize_t)size);
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

/* How it ends; how many packets, up to where. */
static int read_all(const uint8_t *data, size_t size, uint64_t *n, uint64_t *end)
{
	struct capture_reader *r = capture_reader_create(file_of(data, size));
	const struct capture_iface *iface;
	struct capture_packet p;
	int rc;

	CHECK(r != NULL);
	while ((rc = capture_read(r, &p)) == 1) {
		CHECK(p.len <= FRAME_MAX);
		CHECK(p.iface < capture_ifaces(r, &iface));
		CHECK(memmem(data, size, p.data, p.len) != NULL);
		CHECK((p.flags & ~(RECORD_REPEAT | RECORD_COOLDOWN | RECORD_RTT)) == 0);
		CHECK(strlen(iface[p.iface].name) < CAPTURE_NAME);
		reached[PACKETS].n++;
	}
	*n = capture_count(r);
	*end = capture_offset(r);
	capture_reader_destroy(r);
	CHECK(rc == 0 || rc == -EILSEQ || rc == -EPIPE);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t n, end, n_again, end_again;
	int rc = read_all(data, size, &n, &end);

	CHECK(end <= size);
	reached[rc == 0 ? ENDS : rc == -EPIPE ? CUT_OFF : REFUSED].n++;
	CHECK(read_all(data, end, &n_again, &end_again) == 0);
	CHECK(n_again == n && end_again == end);
	return 0;
}
