/* SPDX-License-Identifier: BSD-3-Clause */

#include "driver.h"

#include <stdio.h>

/* Takes everything, says nothing: what is left is the speed of peal itself. */

static int null_check(const char *arg, struct err *err)
{
	if (arg[0] == '\0')
		return 0;
	return err_set(err, EXIT_USAGE, "device 'null:%s': null takes no argument", arg);
}

static int null_devargs(const char *arg, const struct io_conf *conf, char *buf, unsigned len,
			struct err *err)
{
	(void)arg, (void)conf, (void)err;
	snprintf(buf, len, "no-rx=1");
	return 0;
}

const struct io_driver driver_null = {
	.name = "null",
	.help = "null                          takes every packet and answers none, for speed",
	.limits = IO_SIMULATED | IO_BUSY,
	.check = null_check,
	.devargs = null_devargs,
};
