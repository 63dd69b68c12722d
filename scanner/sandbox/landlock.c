/* SPDX-License-Identifier: BSD-3-Clause */

#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule	    445
#define SYS_landlock_restrict_self  446
#endif

/* linux/landlock.h as of ABI 7, Linux 6.15: rights of the file system, with the ABI that has them
 */
enum {
	FS_EXECUTE = 1 << 0,
	FS_WRITE_FILE = 1 << 1,
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	FS_REMOVE_DIR = 1 << 4,
	FS_REMOVE_FILE = 1 << 5,
	FS_MAKE_DIR = 1 << 7,
	FS_MAKE_REG = 1 << 8,
	FS_MAKE_SOCK = 1 << 9,
	FS_ALL_1 = (1 << 13) - 1,
	FS_REFER_2 = 1 << 13,
	FS_TRUNCATE_3 = 1 << 14,
	FS_IOCTL_DEV_5 = 1 << 15,
	FS_OF_FILES = FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE_3 | FS_IOCTL_DEV_5,
};

enum { NET_BIND_TCP = 1 << 0, NET_CONNECT_TCP = 1 << 1 };
enum { CREATE_RULESET_VERSION = 1, RULE_PATH_BENEATH = 1 };

struct ruleset {
	uint64_t fs, net; /* what is forbidden unless a rule allows it */
};

struct rule {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

static uint64_t fs_rights(int abi)
{
	uint64_t rights = FS_ALL_1;

	if (abi >= 2)
		rights |= FS_REFER_2;
	if (abi >= 3)
		rights |= FS_TRUNCATE_3;
	if (abi >= 5)
		rights |= FS_IOCTL_DEV_5;
	return rights;
}

static uint64_t path_rights(const struct sandbox_path *path)
{
	uint64_t rights = 0;

	if (path->may & SANDBOX_READ)
		rights |= FS_READ_FILE | FS_READ_DIR;
	if (path->may & SANDBOX_WRITE)
		rights |= FS_WRITE_FILE | FS_TRUNCATE_3;
	if (path->may & SANDBOX_CHANGE)
		rights |= FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG | FS_MAKE_SOCK;
	return rights;
}

static int add_path(int rules, uint64_t known, const struct sandbox_path *path)
{
	struct rule rule = {.parent_fd = open(path->path, O_PATH | O_CLOEXEC)};
	struct stat st;
	long rc = 0;

	if (rule.parent_fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -errno;
	rule.allowed = path_rights(path) & known;
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed &= FS_OF_FILES;
	if (rule.allowed != 0)
		rc = syscall(SYS_landlock_add_rule, rules, RULE_PATH_BENEATH, &rule, 0);
	if (rc < 0) /* what lies in no file system, such as a pipe, is not Landlock's */
		rc = errno == EBADFD ? 0 : -errno;
	close(rule.parent_fd);
	return (int)rc;
}

int landlock_rules(const struct sandbox_conf *conf)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
	struct ruleset set = {0};
	int rules, rc = 0;

	if (abi < 0) /* not built in, switched off, or forbidden by a container */
		return errno == EOPNOTSUPP || errno == EPERM ? -ENOSYS : -errno;
	set.fs = fs_rights((int)abi);
	set.net = abi >= 4 ? NET_BIND_TCP | NET_CONNECT_TCP : 0;
	rules = (int)syscall(SYS_landlock_create_ruleset, &set,
			     abi >= 4 ? sizeof(set) : sizeof(set.fs), 0);
	if (rules < 0)
		return -errno;
	for (size_t i = 0; i < conf->n && rc == 0; i++)
		rc = add_path(rules, set.fs, &conf->path[i]);
	if (rc == 0)
		return rules;
	close(rules);
	return rc;
}

int landlock_obey(int rules)
{
	return syscall(SYS_landlock_restrict_self, rules, 0) < 0 ? -errno : 0;
}
