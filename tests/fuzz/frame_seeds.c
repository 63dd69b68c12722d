/* SPDX-License-Identifier: BSD-3-Clause */

/* frame_seeds DIRECTORY: writes the frames of tests/frames into it, one a file, for fuzz_frame. */

#include <stdio.h>

#include "frames/frames.h"

int main(int argc, char **argv)
{
	uint8_t bytes[FRAME_LEN_MAX];
	char path[4096];

	for (size_t i = 0; argc == 2 && i < FRAMES; i++) {
		uint16_t len = frame_read(&frames[i], bytes);
		FILE *file;

		snprintf(path, sizeof(path), "%s/%s", argv[1], frames[i].name);
		file = fopen(path, "w");
		if (file == NULL || fwrite(bytes, 1, len, file) != len || fclose(file) != 0) {
			perror(path);
			return 1;
		}
	}
	return argc == 2 ? 0 : 64;
}
