/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "err.h"

struct rte_mbuf;
struct rte_mempool;
struct volley;

/*
 * Packet devices: "name:argument" opened as a DPDK ethdev; what is received goes through ethdev
 * itself. Set-up, closing and statistics are called by the main thread, service by one lcore only.
 * Add a driver to the table in drivers/io.c.
 */

enum {		      /* what a driver's devices are like */
       IO_KERNEL = 1, /* a Linux interface lies below: IF in arg, addresses and routes of the kernel
			 apply */
       IO_KERNEL_ANSWERS =
	       2, /* the kernel sees the replies, too, and answers them (with RST, with ARP) */
       IO_SIMULATED = 4, /* nothing leaves the process: any address may be used, no ARP is needed */
       IO_BUSY = 8,	 /* made for speed: lcores poll without a pause */
       IO_PCI = 16,	 /* a card by its address: arg is for eal_conf.pci, and no kernel helps */
       IO_LOSES_TAGS = 32, /* what lies below may take the tag off a frame, and not say which */
};

enum { IO_QUEUES_MAX = 64, IO_TX_FRAME = 128 };

/* A parsed device specification. Strings point into the specification. */
struct io_spec {
	const struct io_driver *driver;
	const char *arg; /* "" if there is none */
};

/* What answers look like, so that a card can leave out what is none. */
struct io_answers {
	const uint32_t *addr; /* our own */
	uint32_t n_addrs;     /* 0: not known, so everything is received */
	uint16_t port_first, port_last;
	uint16_t vlan; /* 0: none */
};

struct io_conf {
	unsigned tx_queues, rx_queues; /* as many lcores as want one; the device may have fewer */
	unsigned tx_descriptors, rx_descriptors; /* 0: the driver's own choice */
	uint64_t rate;	       /* asked for, packets/s; UINT64_MAX is as fast as it goes */
	int socket;	       /* NUMA node of the pools, -1: the device's own */
	bool (*give_up)(void); /* no longer wait for the link? May be NULL */
	struct io_answers answers;
};

/* Device counters as ethdev and, for Linux interfaces, the kernel report them, since io_open(). */
struct io_stats {
	uint64_t opackets, oerrors; /* sent, lost below tx_burst */
	uint64_t ipackets, imissed, nombuf;
	uint64_t ierrors; /* that the device refused: damaged, too long */
	bool link_up;	  /* the kernel's word for Linux interfaces, ethdev's else */
	bool removed;	  /* the device is gone, or wants to go: close it */
	bool asks_reset;  /* it does nothing more until io_reset() */
};

/* An open device. Fields are const after io_open(), but for io_reset() and what says so. */
struct io_dev {
	const struct io_driver *driver;
	struct io_conf conf;	       /* that it was opened with */
	uint16_t port_id;	       /* of ethdev */
	unsigned tx_queues, rx_queues; /* got */
	int socket;		       /* its NUMA node, -1 if it is on none */
	uint8_t mac[6];
	uint16_t mtu;
	unsigned tx_depth; /* frames that one TX queue holds */
	unsigned rx_depth; /* received frames that can wait, of all queues, before the next is lost
			    */
	unsigned limits;   /* IO_* */
	char ifname[16];   /* of the Linux interface, "" if there is none */
	/* The VLAN of received frames that have a tag neither in them nor beside them: 0, or ours,
	 * where tags are lost (IO_LOSES_TAGS). */
	uint16_t bare_vlan;
	struct rte_mempool *rx_pool;
	/* All that is sent on a queue is of its pool: frames of up to IO_TX_FRAME bytes. */
	struct rte_mempool *tx_pool[IO_QUEUES_MAX];
	/* What sends in place of ethdev's queue, or NULL: ethdev may have fewer queues then. */
	struct volley *volley[IO_QUEUES_MAX];
	/* Probes that may leave before what has come is taken: more answers would have no room. 0:
	 * no limit. */
	unsigned earshot;
	bool steered; /* rules bring it what looks like an answer, and nothing else */
	bool listens; /* to one more hardware address, see io_listen() */
	uint8_t listen[6];
	bool removed, asks_reset; /* DPDK's interrupt thread sets them: atomic */
	struct io_stats before;	  /* counted before it was reset */
	void *priv;		  /* the driver's */
	struct xstats *xstats;
	/*
	 * Work that the device does on a polling lcore, or NULL: moves packets between its queues.
	 * Called by the lcore of RX queue 0 before each receive. Returns how much it moved.
	 */
	unsigned (*service)(struct io_dev *dev, uint64_t now_tsc);
	/* When service() next has something to do (TSC), UINT64_MAX if nothing is waiting. */
	uint64_t (*service_due)(const struct io_dev *dev);
	/* How many of these targets are truly open, where the device knows (sim), or NULL. Any
	 * thread. */
	unsigned (*count_open)(const struct io_dev *dev, const uint32_t *addr, const uint16_t *port,
			       unsigned n);
};

/* One of the device's own counters, by the name that DPDK's driver gives it. */
struct io_counter {
	char name[64];
	uint64_t value; /* since io_open(), or io_reset() */
};

struct io_driver {
	const char *name, *help; /* "af_packet", "af_packet:IF  a Linux interface, by AF_PACKET" */
	unsigned limits;
	unsigned descriptors; /* a queue, in each direction, when nobody asks for others; 0: 1024 */
	unsigned link_wait_s; /* how long the link may take to come up; 0: 5 s */
	unsigned memory_mb;   /* what eal_conf asks for; 0: its default */
	/* Checks arg and what the machine must have, before the EAL starts. May be NULL. */
	int (*check)(const char *arg, struct err *err);
	/* The arguments of the ethdev "net_NAME", unless open() makes it. 0, or err says why not.
	 */
	int (*devargs)(const char *arg, const struct io_conf *conf, char *buf, unsigned len,
		       struct err *err);
	/* Instead of devargs: makes the ethdev itself and fills port_id, rx_pool, priv, service...
	 */
	int (*open)(struct io_dev *dev, const char *arg, const struct io_conf *conf,
		    struct err *err);
	/* Once the ethdev is there and not yet started: what only this driver needs. May be NULL.
	 */
	int (*opened)(struct io_dev *dev, const char *arg, struct err *err);
	/* The ethdev was started, which may do what only this driver must mend. May be NULL. */
	void (*started)(struct io_dev *dev);
	/* The link is still down some time after the start: tries once more. May be NULL. */
	void (*redial)(struct io_dev *dev);
	/* Adds to or corrects what ethdev counts. Main thread. May be NULL. */
	void (*stats)(const struct io_dev *dev, struct io_stats *stats);
	/* After the ethdev was stopped and closed, also when opening failed. May be NULL. */
	void (*close)(struct io_dev *dev);
	/* The folder in which the device makes and removes files while it is open; leaves buf as it
	 * is when there is none. May be NULL. */
	void (*folder)(const char *arg, char *buf, size_t len);
	/* The processors next to the device, "0-7,16-23"; leaves buf as it is when all are. May be
	 * NULL. */
	void (*near)(const char *arg, char *buf, size_t len);
};

/*
 * Finds the driver of "name:argument". A bare word that is a Linux interface becomes af_packet's,
 * beside which the kernel keeps working on it. EXIT_DEVICE for a bare word that could be one and is
 * not there, EXIT_USAGE for an unknown driver; both with what there is.
 */
int io_spec_parse(const char *text, struct io_spec *spec, struct err *err);

/* The driver's own check (interface there, privilege there ...): EXIT_DEVICE, EXIT_PRIVILEGE,
 * EXIT_USAGE. */
int io_check(const struct io_spec *spec, struct err *err);

/* What io_open() would refuse of conf, such as fewer queues than the interface has. EXIT_DEVICE. */
int io_check_conf(const struct io_spec *spec, const struct io_conf *conf, struct err *err);

/* The processors next to the device, "0-7,16-23", or "" where it makes no difference. */
void io_near(const struct io_spec *spec, char *buf, size_t len);

/* The folder in which the open device makes and removes files, or "". */
void io_folder(const struct io_spec *spec, char *buf, size_t len);

/*
 * Frames to mac, too, reach the device from now on: by its filter where that takes another address,
 * else promiscuously. For devices that no kernel filters for.
 */
void io_listen(struct io_dev *dev, const uint8_t mac[6]);

/* After eal_start(). *dev is started and its link is up, or err says what to do. */
int io_open(const struct io_spec *spec, const struct io_conf *conf, struct io_dev *dev,
	    struct err *err);

/*
 * Sets a device up anew that asks for it, as io_open() left it; frames that it holds are lost.
 * last: io_stats() of before, from which counting goes on. No lcore may use the device meanwhile.
 * 0; -EAGAIN: not yet; else it is no use any more. Main thread only.
 */
int io_reset(struct io_dev *dev, const struct io_stats *last);

/* Gives back all frames that it still holds: free the pools of what was sent only afterwards. */
void io_close(struct io_dev *dev);

/* What an open device is, for people: "net_e1000_em, 1 Gbps, MTU 1500, ...". */
void io_describe(const struct io_dev *dev, char *buf, size_t len);

/* As rte_eth_tx_burst(), by whatever the device sends with. One lcore a queue. */
unsigned io_send(const struct io_dev *dev, unsigned queue, struct rte_mbuf **mbuf, unsigned n);

/*
 * rte_pktmbuf_free_bulk() of n > 0 frames, without its look at each one's second cache line and its
 * call for each pool, for what devices give: plain frames of one pool. Any lcore.
 */
void io_free(struct rte_mbuf **mbuf, unsigned n);

/* Main thread only. */
void io_stats(const struct io_dev *dev, struct io_stats *stats);

/* The device's own counters that are not 0: how many. *list is the caller's to free(). Main thread
 * only. */
unsigned io_counters(const struct io_dev *dev, struct io_counter **list);

/* Prints the drivers and the keys of sim, for --help. */
void io_list_drivers(FILE *to);

/*
 * The simulated internet of "sim:ARG" by itself, for list --truth: the state of a target is "open",
 * "closed", "filtered" or "unreachable" when the first answer to a SYN shows just that, "silent"
 * when there is none. Any thread.
 */
struct sim_internet;
int sim_internet_create(const char *arg, struct sim_internet **internet, struct err *err);
void sim_internet_destroy(struct sim_internet *internet);
const char *sim_internet_state(const struct sim_internet *internet, uint32_t addr, uint16_t port);
