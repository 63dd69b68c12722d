/* SPDX-License-Identifier: BSD-3-Clause */

#include "hugepages.h"

#include <dirent.h>
#include <stdio.h>

unsigned long long hugepages_free_mb(int node)
{
	char root[80] = "/sys/kernel/mm/hugepages", path[400];
	unsigned long long page_kb, n, total_kb = 0;
	struct dirent *entry;
	FILE *f;
	DIR *d;

	if (node >= 0)
		snprintf(root, sizeof(root), "/sys/devices/system/node/node%d/hugepages", node);
	d = opendir(root);
	while (d != NULL && (entry = readdir(d)) != NULL) {
		if (sscanf(entry->d_name, "hugepages-%llukB", &page_kb) != 1)
			continue;
		snprintf(path, sizeof(path), "%s/%s/free_hugepages", root, entry->d_name);
		f = fopen(path, "re");
		if (f == NULL)
			continue;
		if (fscanf(f, "%llu", &n) == 1)
			total_kb += n * page_kb;
		fclose(f);
	}
	if (d != NULL)
		closedir(d);
	return total_kb / 1024;
}

/* The link nodeN in the processor's directory. */
static int cpu_node(unsigned cpu)
{
	struct dirent *entry;
	char path[64];
	int node = -1;
	DIR *d;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u", cpu);
	d = opendir(path);
	while (d != NULL && node < 0 && (entry = readdir(d)) != NULL)
		if (sscanf(entry->d_name, "node%d", &node) != 1)
			node = -1;
	if (d != NULL)
		closedir(d);
	return node;
}

int hugepages_node(const char *cpus)
{
	unsigned first, last;
	int node = -1, n;

	while (sscanf(cpus, "%u%n", &first, &n) == 1) {
		cpus += n;
		last = first;
		if (sscanf(cpus, "-%u%n", &last, &n) == 1)
			cpus += n;
		for (unsigned cpu = first; cpu <= last; cpu++) {
			int this = cpu_node(cpu);

			if (this < 0 || (node >= 0 && this != node))
				return -1;
			node = this;
		}
		cpus += *cpus == ',';
	}
	return node;
}
