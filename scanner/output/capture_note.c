/* SPDX-License-Identifier: BSD-3-Clause */

#include "capture_note.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

static const char rtt_is[] = "rtt_us=";

static char *word(char *p, const char *note, const char *text)
{
	if (p != note)
		*p++ = ' ';
	return text_word(p, text);
}

void capture_note_write(char note[CAPTURE_NOTE_MAX], const struct record *rec)
{
	char *p = note;

	if ((rec->flags & RECORD_RTT) != 0)
		p = text_uint(word(p, note, rtt_is), rec->rtt_us);
	if ((rec->flags & RECORD_COOLDOWN) != 0)
		p = word(p, note, "cooldown");
	if ((rec->flags & RECORD_REPEAT) != 0)
		p = word(p, note, "repeat");
	*p = '\0';
}

/* Reads it any way, and asks whether it would have been written so. */
bool capture_note_read(const char *note, struct capture_packet *packet)
{
	struct record rec = {0};
	char again[CAPTURE_NOTE_MAX];

	if (strncmp(note, rtt_is, strlen(rtt_is)) == 0) {
		rec.flags |= RECORD_RTT;
		rec.rtt_us = (uint32_t)strtoul(note + strlen(rtt_is), NULL, 10);
	}
	if (strstr(note, "cooldown") != NULL)
		rec.flags |= RECORD_COOLDOWN;
	if (strstr(note, "repeat") != NULL)
		rec.flags |= RECORD_REPEAT;
	capture_note_write(again, &rec);
	packet->rtt_us = rec.rtt_us;
	packet->flags = rec.flags;
	return strcmp(note, again) == 0;
}
