/* SPDX-License-Identifier: BSD-3-Clause */

#include "capture_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_note.h"
#include "pcapng.h"

/* --- the headers --- */

static size_t head_size(const struct capture_origin *origin)
{
	size_t size = PCAPNG_SECTION_MAX;

	for (unsigned i = 0; i < origin->n_ifaces; i++)
		size += 64 + CAPTURE_NAME + 12 * (size_t)origin->iface[i].n_addrs;
	return size;
}

static void put_head(struct capture_file *f, const struct capture_origin *origin)
{
	struct pcapng_section section = {.application = "peal " PEAL_VERSION};

	snprintf(section.comment, sizeof(section.comment), "peal %s, seed %" PRIu64, PEAL_VERSION,
		 origin->seed);
	f->used = pcapng_put_section(f->block, &section);
	for (unsigned i = 0; i < origin->n_ifaces; i++)
		f->used += pcapng_put_interface(f->block + f->used, &origin->iface[i]);
}

static int create(struct capture_file *f, const char *path, bool go_on, bool (*give_up)(void),
		  const struct capture_origin *origin, struct err *err)
{
	int rc;

	f->block = malloc(head_size(origin) + CAPTURE_BLOCK + PCAPNG_PACKET_MAX);
	if (f->block == NULL)
		return err_set(err, EXIT_OUTPUT, "--capture: out of memory");
	f->n_ifaces = origin->n_ifaces;
	memcpy(f->iface, origin->iface, f->n_ifaces * sizeof(f->iface[0]));
	put_head(f, origin);
	rc = sink_open(&f->sink, path, go_on, give_up, err);
	if (rc == -ECANCELED)
		return err_set(err, EXIT_STOPPED, "--capture: stopped before anybody read %s",
			       path);
	if (rc < 0)
		return err_set(err, EXIT_OUTPUT, "--capture: cannot write to %s: %s", path,
			       strerror(-rc));
	return 0;
}

int capture_file_create(const char *path, bool go_on, bool (*give_up)(void),
			const struct capture_origin *origin, struct capture_file **file,
			struct err *err)
{
	struct capture_file *f = calloc(1, sizeof(*f));
	int rc;

	*file = NULL;
	if (f == NULL)
		return err_set(err, EXIT_OUTPUT, "--capture: out of memory");
	rc = create(f, path, go_on, give_up, origin, err);
	if (rc < 0) {
		free(f->block);
		free(f);
		return rc;
	}
	*file = f;
	return 0;
}

int capture_file_destroy(struct capture_file *f)
{
	int rc = f->sink.ops->close(&f->sink);

	free(f->block);
	free(f);
	return rc;
}

/* --- frames --- */

static uint32_t iface_of(const struct capture_file *f, uint32_t addr)
{
	for (unsigned i = 0; i < f->n_ifaces; i++)
		for (uint32_t k = 0; k < f->iface[i].n_addrs; k++)
			if (f->iface[i].addr[k] == addr)
				return i;
	return 0;
}

void capture_file_add(struct capture_file *f, const struct record *rec, const uint8_t *frame,
		      unsigned len)
{
	struct pcapng_packet packet = {
		.iface = f->n_ifaces > 1 ? iface_of(f, rec->daddr) : 0,
		.time_ns = rec->time_ns,
		.data = frame,
		.len = (uint16_t)len,
	};

	capture_note_write(packet.comment, rec);
	f->used += pcapng_put_packet(f->block + f->used, &packet);
}

int capture_file_flush(struct capture_file *f)
{
	int rc = f->used != 0 ? f->sink.ops->write(&f->sink, f->block, f->used) : 0;

	if (rc == 0)
		f->used = 0;
	return rc;
}

/* --- going on --- */

int capture_file_count(const struct capture_file *f, uint64_t most, uint64_t *packets,
		       uint64_t *bytes)
{
	struct capture_reader *reader;
	struct capture_packet packet;
	int fd, rc = 1;

	*packets = UINT64_MAX;
	if (!f->sink.named || !f->sink.regular)
		return 0;
	fd = open(f->sink.path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	reader = capture_reader_create(fd);
	if (reader == NULL)
		return -ENOMEM;
	while (rc == 1 && capture_count(reader) < most)
		rc = capture_read(reader, &packet);
	*packets = capture_count(reader);
	*bytes = capture_offset(reader);
	capture_reader_destroy(reader);
	return rc == 1 || rc == -EPIPE || rc == -EILSEQ ? 0 : rc; /* what is damaged goes */
}
