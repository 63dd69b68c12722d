/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * A port of a switch, for kernels without 802.1Q: makes the interface TAP, whose frames are those
 * of VLAN ID on LINK. Frames with another tag, or none, do not pass. Prints "ready" when TAP is
 * there.
 *
 *	tag LINK ID TAP [OTHER]
 *
 * OTHER: what comes from TAP goes out twice, first in VLAN OTHER. Only who looks at tags takes it
 * once.
 */

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>

enum { MACS = 12, TAG = 4, FRAME_MAX = 2048 };

static int tag_link(const char *name)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), on = 1, room = 1 << 24;

	at.sll_ifindex = (int)if_nametoindex(name);
	if (fd < 0 || at.sll_ifindex == 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return -1;
	return fd;
}

static int tag_tap(const char *name)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0)
		return -1;
	return fd;
}

/* The kernel takes the tag out of a frame and tells it beside; -1 if there was none. */
static int tag_of(struct msghdr *msg)
{
	const struct sockaddr_ll *from = msg->msg_name;
	struct tpacket_auxdata aux;
	struct cmsghdr *c;

	if (from->sll_pkttype == PACKET_OUTGOING)
		return -1;
	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		return aux.tp_status & TP_STATUS_VLAN_VALID ? aux.tp_vlan_tci & 0xfff : -1;
	}
	return -1;
}

/* One frame from the link to the tap. */
static int tag_take(int link, int tap, int id)
{
	char frame[FRAME_MAX], control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct sockaddr_ll from = {0};
	struct iovec part = {frame, sizeof(frame)};
	struct msghdr msg = {.msg_name = &from,
			     .msg_namelen = sizeof(from),
			     .msg_iov = &part,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	ssize_t len = recvmsg(link, &msg, 0);

	if (len < 0)
		return errno == ENETDOWN ? 0 : -1; /* it will come up */
	if (tag_of(&msg) == id && write(tap, frame, (size_t)len) < 0)
		return errno == EIO ? 0 : -1; /* the tap is still down */
	return 0;
}

/* frame has room for the tag. */
static int tag_send(int link, uint8_t *frame, size_t len, int id)
{
	const uint8_t tag[TAG] = {0x81, 0x00, (uint8_t)(id >> 8), (uint8_t)id};

	memcpy(frame + MACS, tag, TAG);
	return send(link, frame, len, 0) < 0 ? -1 : 0;
}

/* One frame from the tap to the link; other 0: no second time. */
static int tag_give(int tap, int link, int id, int other)
{
	uint8_t frame[FRAME_MAX + TAG];
	ssize_t len = read(tap, frame + TAG, FRAME_MAX);

	if (len < MACS)
		return -1;
	memmove(frame, frame + TAG, MACS);
	if (other != 0 && tag_send(link, frame, (size_t)len + TAG, other) < 0)
		return -1;
	return tag_send(link, frame, (size_t)len + TAG, id);
}

int main(int argc, char **argv)
{
	int link = argc >= 4 ? tag_link(argv[1]) : -1;
	int tap = argc >= 4 ? tag_tap(argv[3]) : -1;
	int id = argc >= 4 ? (int)strtol(argv[2], NULL, 10) : 0;
	int other = argc == 5 ? (int)strtol(argv[4], NULL, 10) : 0;
	struct pollfd wait[2] = {{.fd = link, .events = POLLIN}, {.fd = tap, .events = POLLIN}};

	if (link < 0 || tap < 0) {
		perror("tag");
		return EXIT_FAILURE;
	}
	puts("ready");
	fflush(stdout);
	for (;;) {
		if (poll(wait, 2, -1) < 0 ||
		    (wait[0].revents != 0 && tag_take(link, tap, id) < 0) ||
		    (wait[1].revents != 0 && tag_give(tap, link, id, other) < 0)) {
			perror("tag");
			return EXIT_FAILURE;
		}
	}
}
