/* SPDX-License-Identifier: BSD-3-Clause */

#include "field.h"

#include <stdio.h>
#include <string.h>

#include "output.h"

#define AT(member) offsetof(struct record, member)

enum {
	SYNACK = 1 << CLASS_SYNACK,
	ICMP = 1 << CLASS_ICMP,
	TCP = SYNACK | 1 << CLASS_RST,
	ANY = TCP | ICMP,
};

#define STR  FIELD_STRING
#define INT  FIELD_INT
#define BOOL FIELD_BOOL

/* clang-format off */
const struct field fields[] = {
	{"saddr", STR, LOAD_ADDR, AT(saddr), 0, ANY, true, "address that was probed and answered"},
	{"sport", INT, LOAD_U16, AT(sport), 0, ANY, true, "port that was probed"},
	{"proto", STR, LOAD_PROTO, 0, 0, ANY, true, "protocol of the probe: tcp"},
	{"state", STR, LOAD_STATE, 0, 0, ANY, true, "open, closed, unreachable or filtered"},
	{"classification", STR, LOAD_CLASS, 0, 0, ANY, true, "kind of answer: synack, rst or icmp"},
	{"success", BOOL, LOAD_SUCCESS, 0, 0, ANY, false, "the port is open"},
	{"repeat", BOOL, LOAD_REPEAT, 0, 0, ANY, false, "the target has answered with this state before"},
	{"cooldown", BOOL, LOAD_COOLDOWN, 0, 0, ANY, false, "came after the last probe was sent"},
	{"ttl", INT, LOAD_U8, AT(ttl), 0, ANY, true, "time to live left in the answer"},
	{"ipid", INT, LOAD_U16, AT(ipid), 0, ANY, false, "IP identification of the answer"},
	{"window", INT, LOAD_U16, AT(window), 0, TCP, false, "TCP window"},
	{"seqnum", INT, LOAD_U32, AT(seq), 0, TCP, false, "TCP sequence number"},
	{"acknum", INT, LOAD_U32, AT(ack), 0, TCP, false, "TCP acknowledgement number"},
	{"tcpopt_mss", INT, LOAD_U16, AT(mss), RECORD_MSS, TCP, false, "TCP maximum segment size"},
	{"tcpopt_wscale", INT, LOAD_POWER, AT(wscale), RECORD_WSCALE, TCP, false,
	 "TCP window scale as the multiplier, 2^n"},
	{"tcpopt_sack_perm", INT, LOAD_ONE, 0, RECORD_SACK, TCP, false, "1 if SACK is permitted"},
	{"tcpopt_ts_val", INT, LOAD_U32, AT(ts_val), RECORD_TS, TCP, false, "TCP timestamp"},
	{"tcpopt_ts_ecr", INT, LOAD_U32, AT(ts_ecr), RECORD_TS, TCP, false, "TCP timestamp echoed"},
	{"icmp_responder", STR, LOAD_ADDR, AT(responder), 0, ICMP, false, "who sent the ICMP error"},
	{"icmp_type", INT, LOAD_U8, AT(icmp_type), 0, ICMP, false, "ICMP type"},
	{"icmp_code", INT, LOAD_U8, AT(icmp_code), 0, ICMP, false, "ICMP code"},
	{"icmp_unreach_str", STR, LOAD_UNREACH, 0, 0, ICMP, false, "what ICMP type 3 complains of"},
	{"daddr", STR, LOAD_ADDR, AT(daddr), 0, ANY, false, "our address"},
	{"dport", INT, LOAD_U16, AT(dport), 0, ANY, false, "our port"},
	{"saddr_raw", INT, LOAD_RAW, AT(saddr), 0, ANY, false, "saddr as a network-order integer"},
	{"daddr_raw", INT, LOAD_RAW, AT(daddr), 0, ANY, false, "daddr as a network-order integer"},
	{"rtt_us", INT, LOAD_U32, AT(rtt_us), RECORD_RTT, ANY, true, "round-trip time in microseconds"},
	{"attempt", INT, LOAD_U8, AT(attempt), 0, ANY, false, "which attempt was answered, from 1"},
	{"service", STR, LOAD_SERVICE, 0, 0, ANY, true, "IANA service name of the port"},
	{"port_range", STR, LOAD_RANGE, 0, 0, ANY, false, "system, user or dynamic port"},
	{"timestamp_str", STR, LOAD_TIME, 0, 0, ANY, true, "arrival, ISO 8601, UTC, milliseconds"},
	{"timestamp_ts", INT, LOAD_SECONDS, 0, 0, ANY, false, "arrival, seconds since 1970"},
	{"timestamp_us", INT, LOAD_MICROS, 0, 0, ANY, false, "arrival, microseconds of the second"},
};
/* clang-format on */

const unsigned n_fields = sizeof(fields) / sizeof(fields[0]);

const struct field *field_find(const char *name, size_t len)
{
	for (unsigned i = 0; i < n_fields; i++)
		if (strlen(fields[i].name) == len && memcmp(fields[i].name, name, len) == 0)
			return &fields[i];
	return NULL;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

enum { NAME_MAX_COMPARED = 40 };

/* Levenshtein's distance, one row of his matrix at a time. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned row[NAME_MAX_COMPARED + 1], diagonal, above;

	for (unsigned j = 0; j <= b_len; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a_len; i++) {
		diagonal = row[0];
		row[0] = i;
		for (unsigned j = 1; j <= b_len; j++) {
			above = row[j];
			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[b_len];
}

const struct field *field_nearest(const char *name, size_t len)
{
	unsigned best = len < 6 ? 3 : 4, d; /* this far off is no likeness */
	const struct field *nearest = NULL;

	if (len > NAME_MAX_COMPARED)
		return NULL;
	for (unsigned i = 0; i < n_fields; i++) {
		d = distance(fields[i].name, strlen(fields[i].name), name, len);
		if (d < best) {
			best = d;
			nearest = &fields[i];
		}
	}
	return nearest;
}

int field_unknown(const char *where, const char *name, size_t len, struct err *err)
{
	const struct field *nearest = field_nearest(name, len);
	int shown = len < NAME_MAX_COMPARED ? (int)len : NAME_MAX_COMPARED;

	if (nearest != NULL)
		return err_set(err, EXIT_USAGE,
			       "%s: no field \"%.*s\"; did you mean %s? See --list-fields", where,
			       shown, name, nearest->name);
	return err_set(err, EXIT_USAGE, "%s: no field \"%.*s\"; see --list-fields", where, shown,
		       name);
}

const char *field_type_name(enum field_type type)
{
	static const char *const names[] = {
		[FIELD_STRING] = "string",
		[FIELD_INT] = "int",
		[FIELD_BOOL] = "bool",
	};

	return names[type];
}

void output_list_fields(void)
{
	for (unsigned i = 0; i < n_fields; i++)
		printf("%c %-16s  %-6s  %s\n", fields[i].standard ? '*' : ' ', fields[i].name,
		       field_type_name(fields[i].type), fields[i].help);
	puts("\n* written unless --fields says otherwise");
}
