/* SPDX-License-Identifier: BSD-3-Clause */

#include "pciinfo.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char pci_root[] = "/sys/bus/pci/devices";

enum { CLASS_NETWORK = 0x02, PATH = 320 };

bool pci_is_address(const char *text)
{
	static const char *const shapes[] = {"xxxx:xx:xx.x", "xx:xx.x"};

	for (size_t i = 0; i < 2; i++) {
		const char *shape = shapes[i], *at = text;

		while (*shape != '\0' &&
		       (*shape == 'x' ? isxdigit((unsigned char)*at) : *at == *shape)) {
			shape++;
			at++;
		}
		if (*shape == '\0' && *at == '\0')
			return true;
	}
	return false;
}

/* The first line of a file below the device's directory, "" if there is none. */
static void read_text(const char *address, const char *name, char *buf, size_t len)
{
	char path[PATH];
	FILE *f;

	buf[0] = '\0';
	snprintf(path, sizeof(path), "%s/%s/%s", pci_root, address, name);
	f = fopen(path, "re");
	if (f == NULL)
		return;
	if (fgets(buf, (int)len, f) == NULL)
		buf[0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	fclose(f);
}

static unsigned read_hex(const char *address, const char *name)
{
	char text[32];

	read_text(address, name, text, sizeof(text));
	return (unsigned)strtoul(text, NULL, 16);
}

/* The last part of what a link points to, "" if it is not there. */
static void read_link(const char *address, const char *name, char *buf, size_t len)
{
	char path[PATH], target[PATH];
	const char *base;
	ssize_t n;

	buf[0] = '\0';
	snprintf(path, sizeof(path), "%s/%s/%s", pci_root, address, name);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return;
	target[n] = '\0';
	base = strrchr(target, '/');
	snprintf(buf, len, "%.*s", (int)len - 1, base != NULL ? base + 1 : target);
}

/* The first entry of DIR/net; a virtio card has it one level lower, in DIR/virtioN/net. */
static bool read_ifname(const char *dir, unsigned depth, char *buf, size_t len)
{
	struct dirent *entry;
	char path[PATH];
	bool found = false;
	DIR *d = opendir(dir);

	while (d != NULL && !found && (entry = readdir(d)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (strlen(dir) > 4 && strcmp(dir + strlen(dir) - 4, "/net") == 0) {
			snprintf(buf, len, "%.15s", entry->d_name);
			found = true;
		} else if (strcmp(entry->d_name, "net") == 0 ||
			   (depth == 0 && strncmp(entry->d_name, "virtio", 6) == 0)) {
			snprintf(path, sizeof(path), "%.200s/%.100s", dir, entry->d_name);
			found = read_ifname(path, depth + 1, buf, len);
		}
	}
	if (d != NULL)
		closedir(d);
	return found;
}

int pci_info(const char *address, struct pci_info *info)
{
	char path[PATH], text[64];

	memset(info, 0, sizeof(*info));
	if (!pci_is_address(address))
		return -ENOENT;
	if (strlen(address) < strlen("0000:3b:00.0"))
		snprintf(info->address, sizeof(info->address), "0000:%.7s", address);
	else
		snprintf(info->address, sizeof(info->address), "%.12s", address);
	for (char *c = info->address; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	snprintf(path, sizeof(path), "%s/%s", pci_root, info->address);
	if (access(path, F_OK) < 0)
		return -ENOENT;

	info->vendor = read_hex(info->address, "vendor");
	info->device = read_hex(info->address, "device");
	info->network = read_hex(info->address, "class") >> 16 == CLASS_NETWORK;
	read_link(info->address, "driver", info->driver, sizeof(info->driver));
	read_ifname(path, 0, info->ifname, sizeof(info->ifname));
	read_link(info->address, "iommu_group", text, sizeof(text));
	info->group = text[0] != '\0' ? (int)strtol(text, NULL, 10) : -1;
	read_text(info->address, "numa_node", text, sizeof(text));
	info->node = text[0] != '\0' ? (int)strtol(text, NULL, 10) : -1;
	read_text(info->address, "local_cpulist", info->cpus, sizeof(info->cpus));
	return 0;
}

static bool is_one_of(const char *name, const char *const *list)
{
	while (*list != NULL && strcmp(name, *list) != 0)
		list++;
	return *list != NULL;
}

bool pci_driver_gives(const char *driver)
{
	static const char *const drivers[] = {"vfio-pci", "igb_uio", "uio_pci_generic", NULL};

	return is_one_of(driver, drivers);
}

bool pci_driver_shares(const char *driver)
{
	static const char *const drivers[] = {"mlx4_core", "mlx5_core", "mana", NULL};

	return is_one_of(driver, drivers);
}

void pci_list(char *buf, size_t len)
{
	struct pci_info info;
	struct dirent *entry;
	DIR *d = opendir(pci_root);
	size_t n = 0;

	buf[0] = '\0';
	while (d != NULL && n < len && (entry = readdir(d)) != NULL) {
		if (pci_info(entry->d_name, &info) == 0 && info.network)
			n += (size_t)snprintf(buf + n, len - n, "%s%s", n > 0 ? ", " : "",
					      info.address);
	}
	if (d != NULL)
		closedir(d);
}
