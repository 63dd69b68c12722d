/* SPDX-License-Identifier: BSD-3-Clause */

#include "driver.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Capture files: what is sent is written to OUT, what is received is replayed once from IN. */

struct pcap_arg {
	char out[PATH_MAX / 8], in[PATH_MAX / 8]; /* "" if there is none */
};

static int pcap_parse(const char *arg, struct pcap_arg *parsed, struct err *err)
{
	size_t len = strcspn(arg, ",");
	const char *in = arg[len] == ',' ? arg + len + 1 : "";

	if (len == 0 && in[0] == '\0')
		return err_set(err, EXIT_USAGE,
			       "device pcap: name a file: pcap:OUT, pcap:OUT,IN or pcap:,IN");
	if (strchr(in, ',') != NULL || strpbrk(arg, "=[]") != NULL)
		return err_set(err, EXIT_USAGE,
			       "device pcap: a file name cannot contain , = [ or ]: '%s'", arg);
	if (len >= sizeof(parsed->out) || strlen(in) >= sizeof(parsed->in))
		return err_set(err, EXIT_USAGE, "device pcap: a file name is longer than %zu bytes",
			       sizeof(parsed->out) - 1);
	snprintf(parsed->out, sizeof(parsed->out), "%.*s", (int)len, arg);
	snprintf(parsed->in, sizeof(parsed->in), "%s", in);
	return 0;
}

/* Whether a file can be written there, without making it. 0 or -1 and errno. */
static int pcap_writable(const char *path)
{
	char dir[PATH_MAX / 8 + 2];
	struct stat st;
	char *slash;

	if (stat(path, &st) == 0) {
		errno = EISDIR;
		return S_ISDIR(st.st_mode) ? -1 : access(path, W_OK);
	}
	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash == NULL)
		return access(".", W_OK | X_OK);
	slash[1] = '\0';
	return access(dir, W_OK | X_OK);
}

static int pcap_check(const char *arg, struct err *err)
{
	struct pcap_arg parsed;
	int rc = pcap_parse(arg, &parsed, err);

	if (rc < 0)
		return rc;
	if (parsed.in[0] != '\0' && access(parsed.in, R_OK) < 0)
		return err_set(err, EXIT_INPUT, "pcap: cannot read '%s': %s", parsed.in,
			       strerror(errno));
	if (parsed.out[0] != '\0' && pcap_writable(parsed.out) < 0)
		return err_set(err, EXIT_OUTPUT, "pcap: cannot write '%s': %s", parsed.out,
			       strerror(errno));
	return 0;
}

static int pcap_devargs(const char *arg, const struct io_conf *conf, char *buf, unsigned len,
			struct err *err)
{
	struct pcap_arg parsed;
	int rc = pcap_parse(arg, &parsed, err);

	(void)conf;
	if (rc < 0)
		return rc;
	rc = snprintf(buf, len, "%s%s%s%s%s", parsed.out[0] != '\0' ? "tx_pcap=" : "", parsed.out,
		      parsed.out[0] != '\0' && parsed.in[0] != '\0' ? "," : "",
		      parsed.in[0] != '\0' ? "rx_pcap=" : "", parsed.in);
	if (rc >= (int)len)
		return err_set(err, EXIT_USAGE, "device pcap: the file names are too long");
	return 0;
}

const struct io_driver driver_pcap = {
	.name = "pcap",
	.help = "pcap:OUT[,IN]                 capture files: writes OUT, replays IN once",
	.limits = IO_SIMULATED,
	.check = pcap_check,
	.devargs = pcap_devargs,
};
