/* SPDX-License-Identifier: BSD-3-Clause */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpoint.h"
#include "durable.h"

static const char checkpoint_name[] = "checkpoint";

/* Two processes that went on with one scan would probe everything twice. */
static int state_lock(struct state *state, struct err *err)
{
	if (flock(state->folder, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return err_set(err, EXIT_USAGE, "%s is in use by another scan", state->path);
}

static int state_enter(struct state *state, const char *path, enum exit_code code, struct err *err)
{
	state->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	state->path = strdup(path);
	if (state->path == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	if (state->folder < 0)
		return err_set(err, code, "--state-dir: %s: %s", path, strerror(errno));
	return state_lock(state, err);
}

int state_create(struct state *state, const char *path, struct err *err)
{
	int rc;

	*state = (struct state){.folder = -1};
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_set(err, EXIT_OUTPUT, "--state-dir: %s cannot be made: %s", path,
			       strerror(errno));
	rc = state_enter(state, path, EXIT_OUTPUT, err);
	if (rc == 0 && state_has(state, checkpoint_name))
		rc = err_set(err, EXIT_USAGE,
			     "--state-dir: %s has the state of another scan: go on with it by "
			     "'peal resume %s', or name another folder",
			     path, path);
	return rc;
}

int state_open(struct state *state, const char *path, struct err *err)
{
	int rc;

	*state = (struct state){.folder = -1};
	rc = state_enter(state, path, EXIT_INPUT, err);
	if (rc == 0 && !state_has(state, checkpoint_name))
		rc = err_set(err, EXIT_INPUT,
			     "%s has no checkpoint: no probe was sent; start the scan anew", path);
	return rc;
}

void state_close(struct state *state)
{
	if (state->folder >= 0)
		close(state->folder);
	free(state->path);
	*state = (struct state){.folder = -1};
}

bool state_has(const struct state *state, const char *name)
{
	return faccessat(state->folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int state_read(const struct state *state, const char *name, char **text, size_t *len,
	       struct err *err)
{
	int rc = durable_read(state->folder, name, SIZE_MAX - 1, text, len);

	if (rc < 0)
		return err_set(err, EXIT_INPUT, "%s/%s: %s", state->path, name, strerror(-rc));
	return 0;
}

int state_write(const struct state *state, const char *name, const void *data, size_t len,
		struct err *err)
{
	int rc = durable_write(state->folder, name, 0600, data, len);

	if (rc < 0)
		return err_set(err, EXIT_OUTPUT, "--state-dir: %s/%s cannot be written: %s",
			       state->path, name, strerror(-rc));
	return 0;
}

int state_load(const struct state *state, struct checkpoint *c, struct err *err)
{
	char name[256], *text = NULL;
	size_t len = 0;
	int rc;

	*c = (struct checkpoint){0};
	snprintf(name, sizeof(name), "%s/%s", state->path, checkpoint_name);
	rc = state_read(state, checkpoint_name, &text, &len, err);
	if (rc < 0 || text == NULL)
		return rc;
	rc = checkpoint_decode(c, text, len, name, err);
	explicit_bzero(text, len);
	free(text);
	return rc;
}

int state_save(const struct state *state, const struct checkpoint *c)
{
	char *text = checkpoint_encode(c);
	int rc;

	if (text == NULL)
		return -ENOMEM;
	rc = durable_write(state->folder, checkpoint_name, 0600, text, strlen(text));
	explicit_bzero(text, strlen(text));
	free(text);
	return rc;
}
