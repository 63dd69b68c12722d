/* SPDX-License-Identifier: BSD-3-Clause */

#include "listing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 1 << 16 }; /* the first allocation; each further one doubles */

int out_of_memory(struct err *err)
{
	err_set(err, EXIT_DEVICE, "out of memory while reading the targets");
	return -ENOMEM;
}

/* Everything up to the end of the file, and a NUL: 0 or -errno. */
static int text_read(int fd, char **text, size_t *len)
{
	size_t cap = 0, n = 0;
	char *buf = NULL;
	ssize_t got;

	do {
		if (cap - n < CHUNK / 2) {
			char *grown = realloc(buf, cap = cap ? cap * 2 : CHUNK);

			if (grown == NULL) {
				free(buf);
				return -ENOMEM;
			}
			buf = grown;
		}
		got = read(fd, buf + n, cap - n - 1);
		if (got > 0)
			n += (size_t)got;
	} while (got > 0 || (got < 0 && errno == EINTR));

	if (got < 0) {
		int error = -errno;

		free(buf);
		return error;
	}
	buf[n] = '\0';
	*text = buf;
	*len = n;
	return 0;
}

static void text_strip_mark(char *text, size_t *len)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t n = sizeof(mark) - 1;

	if (*len < n || memcmp(text, mark, n) != 0)
		return;
	*len -= n;
	memmove(text, text + n, *len + 1);
}

static int read_as(struct listing *list, const char *path, const char *name, struct err *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	int ret = fd < 0 ? -errno : 0;

	*list = (struct listing){0};
	if (ret == 0)
		ret = text_read(fd, &list->text, &list->len);
	if (fd >= 0 && !is_stdin)
		close(fd);
	if (ret < 0) {
		err_set(err, EXIT_INPUT, "%s: cannot be read: %s", name, strerror(-ret));
		return ret;
	}
	text_strip_mark(list->text, &list->len);

	list->name = strdup(name);
	if (list->name == NULL) {
		listing_fini(list);
		return out_of_memory(err);
	}
	return 0;
}

static const char *name_of(const char *path)
{
	return strcmp(path, "-") == 0 ? "stdin" : path;
}

int listing_read(struct listing *list, const char *path, struct err *err)
{
	return read_as(list, path, name_of(path), err);
}

int listing_read_of(struct listing *list, const struct target_conf *conf, const char *kind,
		    size_t i, const char *path, struct err *err)
{
	char *copy;
	int ret;

	if (conf->copies == NULL)
		return listing_read(list, path, err);
	if (asprintf(&copy, "%s/%s-%zu", conf->copies, kind, i) < 0)
		return out_of_memory(err);
	ret = read_as(list, copy, name_of(path), err);
	free(copy);
	return ret;
}

int listing_copy(struct listing *list, const char *name, const char *text, struct err *err)
{
	list->len = strlen(text);
	list->text = strdup(text);
	list->name = strdup(name);
	if (list->text == NULL || list->name == NULL) {
		listing_fini(list);
		return out_of_memory(err);
	}
	return 0;
}

void listing_fini(struct listing *list)
{
	free(list->name);
	free(list->text);
	*list = (struct listing){0};
}
