/* SPDX-License-Identifier: BSD-3-Clause */

#include "eal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>

#include "hugepages.h"
#include "log.h"
#include "quiet.h"
#include "words.h"

enum { MAIN_MB = 16 };

/* The EAL is one per process, and so is this. */
static struct {
	bool started, verbose;
	char prefix[32];
	char last_word[256]; /* the EAL's last error message */
	FILE *log;
	struct words args;
	char **argv; /* pointers into args that rte_eal_init() may shuffle */
} eal;

/* --- the EAL's messages --- */

static ssize_t eal_log_write(void *cookie, const char *text, size_t len)
{
	size_t n = len;

	(void)cookie;
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
		n--;
	if (n == 0)
		return (ssize_t)len;
	if (rte_log_cur_msg_loglevel() <= (int)RTE_LOG_ERR)
		snprintf(eal.last_word, sizeof(eal.last_word), "%.*s", (int)n, text);
	if (eal.verbose)
		LOG(DEBUG, "%.*s", (int)n, text);
	return (ssize_t)len;
}

static int eal_log_open(bool verbose)
{
	cookie_io_functions_t functions = {.write = eal_log_write};

	eal.verbose = verbose;
	eal.log = fopencookie(NULL, "w", functions);
	if (eal.log == NULL)
		return -errno;
	setvbuf(eal.log, NULL, _IONBF, 0);
	rte_openlog_stream(eal.log);
	return 0;
}

/* --- runtime files --- */

void eal_runtime_dir(char *buf, size_t len)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");

	snprintf(buf, len, "%s/dpdk", getuid() == 0 ? "/var/run" : (xdg != NULL ? xdg : "/tmp"));
}

static void runtime_remove(const char *name)
{
	char dir[128], path[512];
	struct dirent *entry;
	DIR *d;

	eal_runtime_dir(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	d = opendir(path);
	if (d == NULL)
		return;
	while ((entry = readdir(d)) != NULL) {
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(d), entry->d_name, 0);
	}
	closedir(d);
	rmdir(path);
}

/* A process that listens is alive even when its number means nothing in our PID namespace. */
static bool runtime_alive(const char *name)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	char dir[64];
	bool alive;
	int fd, pid;

	if (sscanf(name, "peal-%d", &pid) != 1 || kill(pid, 0) == 0 || errno != ESRCH)
		return true;
	eal_runtime_dir(dir, sizeof(dir));
	if (snprintf(un.sun_path, sizeof(un.sun_path), "%s/%.32s/dpdk_telemetry.v2", dir, name) >=
	    (int)sizeof(un.sun_path))
		return true;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return true;
	alive = connect(fd, (const struct sockaddr *)&un, sizeof(un)) == 0;
	close(fd);
	return alive;
}

/* Removes what killed runs of this user left behind. */
static void runtime_sweep(void)
{
	struct dirent *entry;
	struct stat st;
	char dir[128];
	DIR *d;

	eal_runtime_dir(dir, sizeof(dir));
	d = opendir(dir);
	if (d == NULL)
		return;
	while ((entry = readdir(d)) != NULL) {
		if (strncmp(entry->d_name, "peal-", 5) != 0 ||
		    fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISDIR(st.st_mode) || st.st_uid != getuid())
			continue;
		if (!runtime_alive(entry->d_name))
			runtime_remove(entry->d_name);
	}
	closedir(d);
}

/* --- arguments --- */

/*
 * Enough of them, and where the main thread is: DPDK aborts when its own tables find no room on the
 * one node that the main thread may run on.
 */
static bool hugepages_suffice(unsigned megabytes, const char *lcores)
{
	const char *cpus = strstr(lcores, "0@(");

	return hugepages_free_mb(-1) >= megabytes &&
	       (cpus == NULL || hugepages_node(cpus + 3) < 0 ||
		hugepages_free_mb(hugepages_node(cpus + 3)) >= MAIN_MB);
}

/* The main thread alone, on any processor it may use: the default would start one a processor. */
static void floating_lcore(char *buf, size_t len)
{
	cpu_set_t set;
	size_t n = (size_t)snprintf(buf, len, "0@(");
	const char *comma = "";

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	for (int cpu = 0; cpu < CPU_SETSIZE && n < len; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		n += (size_t)snprintf(buf + n, len - n, "%s%d", comma, cpu);
		comma = ",";
	}
	if (n < len)
		snprintf(buf + n, len - n, ")");
}

static bool has_any(char *const *words, size_t n, const char *const *names)
{
	for (size_t i = 0; i < n; i++) {
		for (const char *const *name = names; *name != NULL; name++) {
			size_t len = strlen(*name);

			if (strncmp(words[i], *name, len) != 0)
				continue;
			/* "-l0-3" and "--lcores=..." are the same options as with a blank */
			if (words[i][1] != '-' || words[i][len] == '\0' || words[i][len] == '=')
				return true;
		}
	}
	return false;
}

static const char *const size_options[] = {"-m", "--socket-mem", NULL};
static const char *const memory_options[] = {"--no-huge",    "--in-memory",   "--huge-dir",
					     "--legacy-mem", "--huge-unlink", NULL};

/*
 * Which lcores there are is ours to say: workers wait for ever for one that is missing. getopt_long
 * takes "-l0", "--lcores=0", and whatever a long name begins with.
 */
static bool is_lcore_option(const char *word)
{
	static const char *const long_names[] = {"--lcores", "--main-lcore"};
	size_t len = strcspn(word, "=");

	if (word[0] != '-' || word[1] == '\0')
		return false;
	if (word[1] != '-') /* -l, -c: cores; -s, -S: service cores */
		return strchr("lcsS", word[1]) != NULL;
	for (size_t i = 0; i < sizeof(long_names) / sizeof(*long_names); i++)
		if (len > strlen("--l") && strncmp(word, long_names[i], len) == 0)
			return true;
	return false;
}

static int extra_split(struct words *extra, const char *text, struct err *err)
{
	if (text == NULL)
		return 0;
	if (words_split(extra, text) < 0)
		return err_set(err, EXIT_USAGE, "--eal: a quote is not closed: %s", text);
	for (size_t i = 0; i < extra->n; i++)
		if (is_lcore_option(extra->at[i]))
			return err_set(err, EXIT_USAGE,
				       "--eal: %s: peal chooses the cores itself: use --cores, "
				       "--tx-cores and --rx-cores",
				       extra->at[i]);
	return 0;
}

/* Hugepages without files, so that nothing needs cleaning up, or ordinary pages. */
static int eal_memory_args(struct words *args, const struct words *extra, unsigned megabytes,
			   const char *lcores)
{
	bool sized = has_any(extra->at, extra->n, size_options);
	char text[16];
	int rc = 0;

	if (has_any(extra->at, extra->n, memory_options))
		return 0;
	if (hugepages_suffice(megabytes, lcores))
		return words_add(args, "--in-memory");
	rc |= words_add(args, "--no-huge") | words_add(args, "--no-shconf");
	snprintf(text, sizeof(text), "%u", megabytes);
	if (!sized)
		rc |= words_add(args, "-m") | words_add(args, text);
	return rc;
}

/*
 * Only the cards that are named. Without one, no address ever leaves the process, so any will do;
 * with one, the EAL chooses: virtual addresses behind an IOMMU.
 */
static int eal_pci_args(struct words *args, const struct eal_conf *conf)
{
	int rc = 0;

	if (conf->n_pci == 0)
		return words_add(args, "--no-pci") | words_add(args, "--iova-mode=va");
	for (unsigned i = 0; i < conf->n_pci; i++)
		rc |= words_add(args, "-a") | words_add(args, conf->pci[i]);
	return rc;
}

/* argv of rte_eal_init(): strings of its own, which the EAL keeps for ever. */
static int eal_args(const struct eal_conf *conf, struct words *args, struct err *err)
{
	unsigned megabytes = conf->memory_mb != 0 ? conf->memory_mb : EAL_MEMORY_MB;
	char lcores[4096], text[64];
	struct words extra = {0};
	int rc;

	if (extra_split(&extra, conf->extra, err) < 0) {
		words_fini(&extra);
		return -1;
	}
	rc = words_add(args, "peal");
	snprintf(text, sizeof(text), "--file-prefix=%s", eal.prefix);
	rc |= words_add(args, text) | eal_pci_args(args, conf);
	if (conf->lcores != NULL)
		snprintf(lcores, sizeof(lcores), "%s", conf->lcores);
	else
		floating_lcore(lcores, sizeof(lcores));
	rc |= words_add(args, "--lcores") | words_add(args, lcores);
	rc |= eal_memory_args(args, &extra, megabytes, lcores);
	for (size_t i = 0; i < extra.n; i++)
		rc |= words_add(args, extra.at[i]);
	words_fini(&extra);
	return rc == 0 ? 0 : err_set(err, EXIT_DEVICE, "out of memory");
}

static void eal_args_free(void)
{
	words_fini(&eal.args);
	free(eal.argv);
	eal.argv = NULL;
}

static int eal_init(const struct eal_conf *conf, struct err *err)
{
	struct quiet quiet;
	int rc;

	eal.argv = calloc(eal.args.n + 1, sizeof(*eal.argv));
	if (eal.argv == NULL || eal_log_open(conf->verbose) < 0)
		return err_set(err, EXIT_DEVICE, "out of memory");
	memcpy(eal.argv, eal.args.at, eal.args.n * sizeof(*eal.argv));

	quiet_begin(&quiet, conf->extra == NULL); /* else getopt's word on stderr helps */
	rc = rte_eal_init((int)eal.args.n, eal.argv);
	quiet_end(&quiet);
	if (rc >= 0)
		return 0;
	return err_set(err, conf->extra != NULL ? EXIT_USAGE : EXIT_DEVICE,
		       "DPDK does not start%s: %s",
		       conf->extra != NULL ? " with these --eal arguments" : "",
		       eal.last_word[0] != '\0' ? eal.last_word : rte_strerror(rte_errno));
}

int eal_start(const struct eal_conf *conf, struct err *err)
{
	int rc;

	snprintf(eal.prefix, sizeof(eal.prefix), "peal-%d", getpid());
	eal.last_word[0] = '\0';
	runtime_sweep();
	rc = eal_args(conf, &eal.args, err);
	if (rc == 0)
		rc = eal_init(conf, err);
	eal.started = rc == 0;
	if (rc == 0)
		return 0;
	runtime_remove(eal.prefix);
	eal_args_free();
	return rc;
}

void eal_stop(void)
{
	struct quiet quiet;

	if (!eal.started)
		return;
	quiet_begin(&quiet, false);
	rte_eal_cleanup();
	quiet_end(&quiet);
	eal.verbose = false; /* telemetry's threads may still log, to this stream */
	runtime_remove(eal.prefix);
	eal_args_free();
	eal.started = false;
}

const char *eal_file_prefix(void)
{
	return eal.prefix;
}

bool eal_verbose(void)
{
	return eal.verbose;
}
