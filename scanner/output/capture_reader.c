/* SPDX-License-Identifier: BSD-3-Clause */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "capture_note.h"
#include "pcapng.h"

enum { CHUNK = PCAPNG_INTERFACE_MAX + (256 << 10) }; /* the largest block fits */

struct capture_reader {
	int fd;
	size_t at, have; /* in buf: what is not read yet */
	uint64_t offset; /* of buf[at] in the file */
	uint64_t count, good;
	bool in_section, ended;

	/* of this section */
	struct capture_iface iface[CAPTURE_IFACES];
	char name[CAPTURE_IFACES][CAPTURE_NAME];
	unsigned n_ifaces;
	uint32_t addr[CAPTURE_SOURCES], n_addrs;

	uint8_t buf[CHUNK];
};

struct capture_reader *capture_reader_create(int fd)
{
	struct capture_reader *r = malloc(sizeof(*r));

	if (r == NULL) {
		close(fd);
		return NULL;
	}
	memset(r, 0, offsetof(struct capture_reader, buf));
	r->fd = fd;
	return r;
}

void capture_reader_destroy(struct capture_reader *r)
{
	if (r == NULL)
		return;
	close(r->fd);
	free(r);
}

/* More bytes behind those that are there: 0 or -errno. */
static int fill(struct capture_reader *r)
{
	ssize_t n;

	memmove(r->buf, r->buf + r->at, r->have);
	r->at = 0;
	do
		n = read(r->fd, r->buf + r->have, CHUNK - r->have);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	r->have += (size_t)n;
	r->ended = n == 0;
	return 0;
}

/* The next block is whole in buf: 1; 0 at the end; or as capture_read(). */
static int next_block(struct capture_reader *r, enum pcapng_type *type, size_t *len)
{
	int rc;

	for (;;) {
		rc = pcapng_look(r->buf + r->at, r->have, type, len);
		if (rc != -EPIPE)
			return rc < 0 ? rc : 1;
		if (r->ended)
			return r->have == 0 ? 0 : -EPIPE;
		rc = fill(r);
		if (rc < 0)
			return rc;
	}
}

static int read_section(struct capture_reader *r, const uint8_t *at, size_t len)
{
	struct pcapng_section section;

	r->in_section = true;
	r->n_ifaces = r->n_addrs = 0;
	return pcapng_get_section(at, len, &section);
}

static int read_interface(struct capture_reader *r, const uint8_t *at, size_t len)
{
	struct capture_iface *iface;
	char *name;
	int rc;

	if (!r->in_section || r->n_ifaces == CAPTURE_IFACES)
		return -EILSEQ;
	iface = &r->iface[r->n_ifaces];
	name = r->name[r->n_ifaces];
	*iface = (struct capture_iface){.name = name, .addr = r->addr + r->n_addrs};
	rc = pcapng_get_interface(at, len, name, r->addr + r->n_addrs, CAPTURE_SOURCES - r->n_addrs,
				  &iface->n_addrs);
	if (rc == 0) {
		r->n_addrs += iface->n_addrs;
		r->n_ifaces++;
	}
	return rc;
}

static int read_packet(const struct capture_reader *r, const uint8_t *at, size_t len,
		       struct capture_packet *packet)
{
	struct pcapng_packet p;
	int rc = pcapng_get_packet(at, len, &p);

	if (rc < 0 || p.iface >= r->n_ifaces)
		return -EILSEQ;
	packet->data = p.data;
	packet->len = p.len;
	packet->iface = p.iface;
	packet->time_ns = p.time_ns;
	return capture_note_read(p.comment, packet) ? 0 : -EILSEQ;
}

int capture_read(struct capture_reader *r, struct capture_packet *packet)
{
	enum pcapng_type type;
	size_t len;
	int rc;

	do {
		const uint8_t *at;

		rc = next_block(r, &type, &len);
		if (rc <= 0)
			return rc;
		at = r->buf + r->at;
		rc = type == PCAPNG_SECTION	? read_section(r, at, len)
		     : type == PCAPNG_INTERFACE ? read_interface(r, at, len)
						: read_packet(r, at, len, packet);
		if (rc < 0)
			return rc;
		r->at += len;
		r->have -= len;
		r->offset += len;
	} while (type != PCAPNG_PACKET);
	r->good = r->offset;
	r->count++;
	return 1;
}

uint64_t capture_offset(const struct capture_reader *r)
{
	return r->good;
}

uint64_t capture_count(const struct capture_reader *r)
{
	return r->count;
}

unsigned capture_ifaces(const struct capture_reader *r, const struct capture_iface **iface)
{
	*iface = r->iface;
	return r->n_ifaces;
}
