/* SPDX-License-Identifier: BSD-3-Clause */

#include "driver.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_ethdev.h>

/* Another process over shared memory (memif). One of the two is the server and makes the socket. */

enum { RING_LOG2 = 12 };

struct memif_arg {
	char socket[sizeof(((struct sockaddr_un *)0)->sun_path)];
	bool server;
};

static int memif_parse(const char *arg, struct memif_arg *parsed, struct err *err)
{
	size_t len = strcspn(arg, ",");
	const char *role = arg[len] == ',' ? arg + len + 1 : "role=client";

	parsed->server = strcmp(role, "role=server") == 0;
	if (!parsed->server && strcmp(role, "role=client") != 0)
		return err_set(err, EXIT_USAGE,
			       "device memif: '%s' is not role=server or role=client", role);
	if (len == 0 || arg[0] != '/')
		return err_set(
			err, EXIT_USAGE,
			"device memif: name its socket by an absolute path: memif:/run/x.sock");
	if (len >= sizeof(parsed->socket) || strcspn(arg, "=[]") < len)
		return err_set(
			err, EXIT_USAGE,
			"device memif: the socket's path is longer than %zu bytes or has one of "
			"= [ ]",
			sizeof(parsed->socket) - 1);
	snprintf(parsed->socket, sizeof(parsed->socket), "%.*s", (int)len, arg);
	return 0;
}

static int memif_check(const char *arg, struct err *err)
{
	struct memif_arg parsed;
	char dir[sizeof(parsed.socket)];
	int rc = memif_parse(arg, &parsed, err);

	if (rc < 0)
		return rc;
	if (!parsed.server && access(parsed.socket, W_OK) < 0)
		return err_set(err, EXIT_DEVICE,
			       "memif:%s: cannot be reached: %s; start the server first, or be it: "
			       "memif:%s,role=server",
			       parsed.socket, strerror(errno), parsed.socket);
	snprintf(dir, sizeof(dir), "%s", parsed.socket);
	strrchr(dir, '/')[1] = '\0';
	if (parsed.server && access(dir, W_OK) < 0)
		return err_set(err, EXIT_DEVICE, "memif:%s: cannot be made: %s", parsed.socket,
			       strerror(errno));
	return 0;
}

static int memif_devargs(const char *arg, const struct io_conf *conf, char *buf, unsigned len,
			 struct err *err)
{
	struct memif_arg parsed;
	int rc = memif_parse(arg, &parsed, err);

	(void)conf;
	if (rc < 0)
		return rc;
	snprintf(buf, len, "role=%s,socket=%s,socket-abstract=no,rsize=%d",
		 parsed.server ? "server" : "client", parsed.socket, RING_LOG2);
	return 0;
}

static int memif_opened(struct io_dev *dev, const char *arg, struct err *err)
{
	struct memif_arg parsed;
	int rc = memif_parse(arg, &parsed, err);

	dev->priv = rc == 0 && !parsed.server ? dev : NULL; /* whether to redial */
	return rc;
}

/* DPDK's client calls once, and a server that has its socket but is not ready yet hangs up. */
static void memif_redial(struct io_dev *dev)
{
	if (dev->priv == NULL)
		return;
	rte_eth_dev_stop(dev->port_id);
	rte_eth_dev_start(dev->port_id);
}

/* The server's socket lies there. */
static void memif_folder(const char *arg, char *buf, size_t len)
{
	struct memif_arg parsed;
	struct err err;

	if (memif_parse(arg, &parsed, &err) < 0)
		return;
	strrchr(parsed.socket, '/')[1] = '\0';
	snprintf(buf, len, "%s", parsed.socket);
}

const struct io_driver driver_memif = {
	.name = "memif",
	.help = "memif:SOCKET[,role=server]    another process, over shared memory",
	.check = memif_check,
	.devargs = memif_devargs,
	.opened = memif_opened,
	.redial = memif_redial,
	.folder = memif_folder,
};
