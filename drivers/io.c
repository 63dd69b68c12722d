/* SPDX-License-Identifier: BSD-3-Clause */

#include "io.h"

#include <stdio.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_mempool.h>

#include "driver.h"
#include "linkinfo.h"
#include "log.h"
#include "pciinfo.h"
#include "sim_internet.h"
#include "volley.h"
#include "xstats.h"

/* In the order of --help. */
static const struct io_driver *const io_drivers[] = {
	&driver_sim,   &driver_af_packet, &driver_af_xdp, &driver_pci,
	&driver_memif, &driver_pcap,	  &driver_ring,	  &driver_null,
};

enum { IO_DRIVERS = sizeof(io_drivers) / sizeof(io_drivers[0]), IO_ARGS = 512 };

static const struct io_driver *io_driver_find(const char *name, size_t len)
{
	for (size_t i = 0; i < IO_DRIVERS; i++) {
		if (strlen(io_drivers[i]->name) == len &&
		    strncmp(io_drivers[i]->name, name, len) == 0)
			return io_drivers[i];
	}
	return NULL;
}

/* A word without an argument can only be meant as an interface, if it can be the name of one. */
static bool io_is_ifname(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len < LINK_NAME && strcspn(text, "/: \t\n") == len;
}

static int io_unknown(const char *text, struct err *err)
{
	char names[256], links[256];
	size_t n = 0;

	for (size_t i = 0; i < IO_DRIVERS; i++)
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i > 0 ? ", " : "",
				      io_drivers[i]->name);
	if (!io_is_ifname(text))
		return err_set(err, EXIT_USAGE,
			       "device '%.80s': neither an interface of this machine nor one of %s",
			       text, names);
	link_list(links, sizeof(links));
	return err_set(err, EXIT_DEVICE,
		       "device '%s': there is no such interface; there are %s, and the drivers %s",
		       text, links, names);
}

int io_spec_parse(const char *text, struct io_spec *spec, struct err *err)
{
	size_t len = strcspn(text, ":");

	spec->driver = io_driver_find(text, len);
	spec->arg = text[len] == ':' ? text + len + 1 : "";
	if (spec->driver != NULL)
		return 0;
	if (link_exists(text)) {
		/* the kernel keeps working on the interface; af_xdp would take all frames away */
		spec->driver = &driver_af_packet;
		spec->arg = text;
		return 0;
	}
	if (pci_is_address(text)) {
		spec->driver = &driver_pci;
		spec->arg = text;
		return 0;
	}
	return io_unknown(text, err);
}

int io_check(const struct io_spec *spec, struct err *err)
{
	return spec->driver->check != NULL ? spec->driver->check(spec->arg, err) : 0;
}

int io_check_conf(const struct io_spec *spec, const struct io_conf *conf, struct err *err)
{
	char args[IO_ARGS];

	if (spec->driver->devargs == NULL)
		return 0;
	return spec->driver->devargs(spec->arg, conf, args, sizeof(args), err);
}

void io_near(const struct io_spec *spec, char *buf, size_t len)
{
	buf[0] = '\0';
	if (spec->driver->near != NULL)
		spec->driver->near(spec->arg, buf, len);
}

void io_folder(const struct io_spec *spec, char *buf, size_t len)
{
	buf[0] = '\0';
	if (spec->driver->folder != NULL)
		spec->driver->folder(spec->arg, buf, len);
}

void io_listen(struct io_dev *dev, const uint8_t mac[6])
{
	ethdev_listen(dev, mac);
}

static int io_open_steps(const struct io_spec *spec, const struct io_conf *conf, struct io_dev *dev,
			 struct err *err)
{
	char args[IO_ARGS];
	int rc;

	if (spec->driver->open != NULL) {
		rc = spec->driver->open(dev, spec->arg, conf, err);
	} else {
		rc = spec->driver->devargs(spec->arg, conf, args, sizeof(args), err);
		if (rc == 0)
			rc = ethdev_probe(dev, args, err);
	}
	if (rc == 0 && spec->driver->opened != NULL)
		rc = spec->driver->opened(dev, spec->arg, err);
	return rc == 0 ? ethdev_start(dev, err) : rc;
}

int io_open(const struct io_spec *spec, const struct io_conf *conf, struct io_dev *dev,
	    struct err *err)
{
	int rc;

	memset(dev, 0, sizeof(*dev));
	dev->driver = spec->driver;
	dev->limits = spec->driver->limits;
	dev->conf = *conf;
	dev->port_id = RTE_MAX_ETHPORTS; /* none yet */
	rc = io_open_steps(spec, conf, dev, err);
	if (rc < 0)
		io_close(dev);
	return rc;
}

int io_reset(struct io_dev *dev, const struct io_stats *last)
{
	return ethdev_reset(dev, last);
}

/* All that were taken must be back once the device is closed. */
static void io_pool_free(struct rte_mempool **pool)
{
	if (*pool != NULL)
		LOG(DEBUG, "%s buffers: %u of %u are not back", (*pool)->name,
		    rte_mempool_in_use_count(*pool), (*pool)->size);
	rte_mempool_free(*pool);
	*pool = NULL;
}

void io_close(struct io_dev *dev)
{
	ethdev_close(dev);
	if (dev->driver->close != NULL)
		dev->driver->close(dev);
	for (unsigned q = 0; q < IO_QUEUES_MAX; q++) {
		volley_destroy(dev->volley[q]);
		io_pool_free(&dev->tx_pool[q]);
	}
	io_pool_free(&dev->rx_pool);
	dev->priv = NULL;
}

void io_describe(const struct io_dev *dev, char *buf, size_t len)
{
	struct rte_eth_dev_info info;
	struct rte_eth_link link = {0};
	char speed[32] = "unknown speed";

	buf[0] = '\0';
	if (rte_eth_dev_info_get(dev->port_id, &info) < 0 ||
	    rte_eth_link_get_nowait(dev->port_id, &link) < 0)
		return;
	if (link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN)
		snprintf(speed, sizeof(speed), "%u Mbit/s", link.link_speed);
	snprintf(buf, len, "%s, %s, MTU %u, up to %u queues to send and %u to receive",
		 info.driver_name, speed, dev->mtu, info.max_tx_queues, info.max_rx_queues);
}

unsigned io_send(const struct io_dev *dev, unsigned queue, struct rte_mbuf **mbuf, unsigned n)
{
	if (dev->volley[queue] != NULL)
		return volley_send(dev->volley[queue], mbuf, n);
	return rte_eth_tx_burst(dev->port_id, (uint16_t)queue, mbuf, (uint16_t)n);
}

void io_stats(const struct io_dev *dev, struct io_stats *stats)
{
	ethdev_stats(dev, stats);
	for (unsigned q = 0; q < dev->tx_queues && dev->volley[q] != NULL; q++)
		stats->opackets += volley_sent(dev->volley[q]);
	if (dev->driver->stats != NULL)
		dev->driver->stats(dev, stats);
}

unsigned io_counters(const struct io_dev *dev, struct io_counter **list)
{
	return xstats_list(dev->xstats, dev->port_id, list);
}

void io_list_drivers(FILE *to)
{
	fprintf(to, "\nDevices:\n");
	for (size_t i = 0; i < IO_DRIVERS; i++)
		fprintf(to, "  %s\n", io_drivers[i]->help);
	fprintf(to, "  IF, ADDRESS                   the same as af_packet:IF, pci:ADDRESS\n");
	fprintf(to, "  All keys of sim, and their defaults; the man page explains them:\n    ");
	sim_internet_list(to);
	fputc('\n', to);
}
