/* SPDX-License-Identifier: BSD-3-Clause */

#include "sim_internet.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "isa.h"
#include "sim_hash.h"

/* --- parameters --- */

enum param_kind { PARAM_SHARE, PARAM_NUMBER, PARAM_TIME };

struct param {
	const char *name, *value; /* the default */
	enum param_kind kind;
	double max;
	size_t offset;
	const char *help;
};

#define AT(field) offsetof(struct sim_internet, field)

static const struct param params[] = {
	{"seed", "1", PARAM_NUMBER, 1e18, AT(seed), "another seed is another internet"},
	{"alive", "0.1", PARAM_SHARE, 1, AT(alive), "share of addresses with a host"},
	{"open", "0.02", PARAM_SHARE, 1, AT(open),
	 "share of open ports on a host; well-known ones up to ten times as likely"},
	{"closed", "0.6", PARAM_SHARE, 1, AT(closed),
	 "share of hosts' other ports that answer RST; the rest is behind a firewall"},
	{"icmp", "0.05", PARAM_SHARE, 1, AT(icmp),
	 "share of /24s without a host, and of firewalled ports, that answer by ICMP error"},
	{"rtt", "40ms", PARAM_TIME, 10e9, AT(rtt_ns), "median round-trip time"},
	{"loss", "0", PARAM_SHARE, 1, AT(loss), "share of frames lost, in each direction"},
	{"dup", "0", PARAM_SHARE, 1, AT(dup), "share of answers that arrive twice"},
	{"retransmit", "5", PARAM_NUMBER, 10, AT(retransmit),
	 "times that a SYN-ACK is sent again, after 1, 3, 7, 15, 31 s, until an RST comes"},
	{"hostile", "0", PARAM_SHARE, 1, AT(hostile),
	 "share of hosts that play tricks; of /24s, a quarter of it answers on every port"},
};

enum { PARAMS = sizeof(params) / sizeof(params[0]) };

static int param_error(const struct param *p, const char *value, size_t len, struct err *err)
{
	if (p->kind == PARAM_SHARE)
		return err_set(err, EXIT_USAGE, "device sim: %s=%.*s: a share from 0 to 1 (%s)",
			       p->name, (int)len, value, p->help);
	if (p->kind == PARAM_TIME)
		return err_set(err, EXIT_USAGE,
			       "device sim: %s=%.*s: a time from 0 to 10s, such as 40ms (%s)",
			       p->name, (int)len, value, p->help);
	return err_set(err, EXIT_USAGE, "device sim: %s=%.*s: a number from 0 to %.0f (%s)",
		       p->name, (int)len, value, p->max, p->help);
}

/* "40ms", "1.5s", "0"; false when it is nothing like that. */
static bool time_read(const char *text, double max, uint64_t *ns)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {{"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
	char *end;
	double value = strtod(text, &end);

	*ns = 0;
	if (end == text)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].name) != 0 || value * units[i].ns > max)
			continue;
		*ns = (uint64_t)(value * units[i].ns);
		return true;
	}
	return *end == '\0' && value == 0;
}

static bool number_read(const char *text, double max, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	return end != text && *end == '\0' && errno == 0 && (double)*number <= max;
}

static bool share_read(const char *text, double max, double *share)
{
	char *end;

	*share = strtod(text, &end);
	return end != text && *end == '\0' && *share <= max;
}

/* The one place where text becomes a value; true when it was right. */
static bool param_set(struct sim_internet *internet, const struct param *p, const char *text)
{
	void *field = (char *)internet + p->offset;

	/* strtod knows signs, hex, infinity: nothing of that is meant here */
	if (text[strspn(text, "0123456789.ums")] != '\0')
		return false;
	if (p->kind == PARAM_NUMBER)
		return number_read(text, p->max, field);
	if (p->kind == PARAM_TIME)
		return time_read(text, p->max, field);
	return share_read(text, p->max, field);
}

static int param_read(struct sim_internet *internet, const char *text, size_t len, unsigned *given,
		      struct err *err)
{
	size_t name = strcspn(text, "="), n = 0;
	char value[32], names[128];

	for (size_t i = 0; i < PARAMS; i++) {
		if (name >= len || strlen(params[i].name) != name ||
		    strncmp(params[i].name, text, name) != 0)
			continue;
		if ((*given & 1U << i) != 0)
			return err_set(err, EXIT_USAGE, "device sim: %s is given twice",
				       params[i].name);
		*given |= 1U << i;
		snprintf(value, sizeof(value), "%.*s", (int)(len - name - 1), text + name + 1);
		if (len - name - 1 < sizeof(value) && param_set(internet, &params[i], value))
			return 0;
		return param_error(&params[i], text + name + 1, len - name - 1, err);
	}
	for (size_t i = 0; i < PARAMS; i++)
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i > 0 ? ", " : "",
				      params[i].name);
	return err_set(err, EXIT_USAGE, "device sim: '%.*s' is not KEY=VALUE with a key of %s",
		       (int)len, text, names);
}

void sim_internet_list(FILE *to)
{
	for (size_t i = 0; i < PARAMS; i++)
		fprintf(to, "%s%s=%s", i > 0 ? "," : "sim:", params[i].name, params[i].value);
}

/* --- creation --- */

static uint64_t below(double share)
{
	return (uint64_t)(share * 4294967296.0 + 0.5);
}

static void internet_derive(struct sim_internet *internet)
{
	internet->alive_below = below(internet->alive);
	internet->open_below = below(internet->open);
	internet->closed_below = below(internet->closed);
	internet->icmp_below = below(internet->icmp);
	internet->loss_below = below(internet->loss);
	internet->dup_below = below(internet->dup);
	internet->hostile_below = below(internet->hostile);
	/* log-logistic, shape 3: an eighth to eight times the median, with a long tail upwards */
	for (unsigned i = 0; i < 256; i++) {
		double u = (i + 0.5) / 256;

		internet->rtt_table[i] = (uint64_t)((double)internet->rtt_ns * cbrt(u / (1 - u)));
	}
}

int sim_internet_create(const char *arg, struct sim_internet **internet, struct err *err)
{
	struct sim_internet *made = calloc(1, sizeof(*made));
	unsigned given = 0;
	int rc = 0;

	*internet = NULL;
	if (made == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	for (size_t i = 0; i < PARAMS; i++)
		param_set(made, &params[i], params[i].value);
	while (rc == 0 && *arg != '\0') {
		size_t len = strcspn(arg, ",");

		rc = param_read(made, arg, len, &given, err);
		arg += len;
		if (*arg == ',' && *++arg == '\0')
			rc = err_set(err, EXIT_USAGE, "device sim: nothing follows the last comma");
	}
	if (rc < 0) {
		free(made);
		return rc;
	}
	internet_derive(made);
	made->isa = isa_choose();
	*internet = made;
	return 0;
}

void sim_internet_destroy(struct sim_internet *internet)
{
	free(internet);
}

/* --- the function --- */

uint64_t sim_random(const struct sim_internet *internet, enum sim_chance chance, uint64_t n)
{
	return sim_hash(internet, KEY_FRAME + chance, n);
}

static bool is_among(uint16_t port, const uint16_t *list, size_t n)
{
	while (n > 0 && list[n - 1] != port)
		n--;
	return n > 0;
}

#define IS_AMONG(port, list) is_among(port, list, sizeof(list) / sizeof((list)[0]))

/* Most are not even open if it is a likely port. */
static bool port_is_open(const struct sim_internet *internet, uint16_t port, uint32_t at)
{
	uint64_t open = internet->open_below;

	if (at >= open * 10)
		return false;
	if (IS_AMONG(port, sim_tenfold))
		return true;
	if (IS_AMONG(port, sim_sixfold))
		return at < open * 6;
	return at < open * (IS_AMONG(port, sim_threefold) ? 3 : 1);
}

enum sim_state sim_internet_find(const struct sim_internet *internet, uint32_t addr, uint16_t port)
{
	uint64_t host = sim_hash(internet, KEY_HOST, addr);
	uint64_t net, at;

	if (internet->hostile_below != 0 || (host & UINT32_MAX) >= internet->alive_below) {
		net = sim_hash(internet, KEY_NET, addr >> 8);
		if (sim_net_is_middlebox(internet, net))
			return SIM_OPEN;
		if ((host & UINT32_MAX) >= internet->alive_below)
			return net >> 32 < internet->icmp_below ? SIM_UNREACHABLE : SIM_SILENT;
	}
	at = sim_hash(internet, KEY_PORT, (uint64_t)addr << 16 | port);
	if (port_is_open(internet, port, (uint32_t)at))
		return SIM_OPEN;
	if (at >> 32 < internet->closed_below)
		return SIM_CLOSED;
	return sim_mix(at) >> 32 < internet->icmp_below ? SIM_FILTERED : SIM_SILENT;
}

void sim_internet_host(const struct sim_internet *internet, uint32_t addr, struct sim_host *host)
{
	uint64_t look = sim_hash(internet, KEY_LOOK, addr);

	host->look = look;
	host->alive = (sim_hash(internet, KEY_HOST, addr) & UINT32_MAX) < internet->alive_below;
	host->middlebox = sim_net_is_middlebox(internet, sim_hash(internet, KEY_NET, addr >> 8));
	host->rtt_ns = internet->rtt_table[look & 0xff];
	host->trick = SIM_HONEST;
	if (host->alive && look >> 32 < internet->hostile_below)
		host->trick = 1 + (look >> 8 & 0xffff) % (SIM_TRICKS - 1);
}

const char *sim_internet_state(const struct sim_internet *internet, uint32_t addr, uint16_t port)
{
	static const char *const names[] = {
		[SIM_SILENT] = "silent",	   [SIM_OPEN] = "open",
		[SIM_CLOSED] = "closed",	   [SIM_FILTERED] = "filtered",
		[SIM_UNREACHABLE] = "unreachable",
	};

	return names[sim_internet_find(internet, addr, port)];
}
