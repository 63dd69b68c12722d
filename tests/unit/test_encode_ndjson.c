/* SPDX-License-Identifier: BSD-3-Clause */

/* NDJSON: jansson is the oracle, record.v1.json the law. */

#include "test.h"

#include <arpa/inet.h>
#include <time.h>

#include "encode.h"
#include "fieldset.h"
#include "records.h"
#include "schema.h"

static json_t *null_unless(bool present, json_t *value)
{
	if (present)
		return value;
	json_decref(value);
	return json_null();
}

static json_t *address(uint32_t addr)
{
	struct in_addr in = {.s_addr = htonl(addr)};
	char text[INET_ADDRSTRLEN];

	return json_string(inet_ntop(AF_INET, &in, text, sizeof(text)));
}

static json_t *timestamp(uint64_t ns)
{
	time_t second = (time_t)(ns / 1000000000);
	char date[32], text[64];
	struct tm utc;

	gmtime_r(&second, &utc);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text, sizeof(text), "%s.%03d+0000", date, (int)(ns % 1000000000 / 1000000));
	return json_string(text);
}

/* What each field is, said a second time and in another way. */
static void expect_tcp(json_t *o, const struct record *rec)
{
	bool tcp = rec->class != CLASS_ICMP, ts = tcp && (rec->flags & RECORD_TS);

	json_object_set_new(o, "window", null_unless(tcp, json_integer(rec->window)));
	json_object_set_new(o, "seqnum", null_unless(tcp, json_integer(rec->seq)));
	json_object_set_new(o, "acknum", null_unless(tcp, json_integer(rec->ack)));
	json_object_set_new(o, "tcpopt_mss",
			    null_unless(tcp && (rec->flags & RECORD_MSS), json_integer(rec->mss)));
	json_object_set_new(
		o, "tcpopt_wscale",
		null_unless(tcp && (rec->flags & RECORD_WSCALE), json_integer(1 << rec->wscale)));
	json_object_set_new(o, "tcpopt_sack_perm",
			    null_unless(tcp && (rec->flags & RECORD_SACK), json_integer(1)));
	json_object_set_new(o, "tcpopt_ts_val", null_unless(ts, json_integer(rec->ts_val)));
	json_object_set_new(o, "tcpopt_ts_ecr", null_unless(ts, json_integer(rec->ts_ecr)));
}

static void expect_icmp(json_t *o, const struct record *rec)
{
	bool icmp = rec->class == CLASS_ICMP;

	json_object_set_new(o, "icmp_responder", null_unless(icmp, address(rec->responder)));
	json_object_set_new(o, "icmp_type", null_unless(icmp, json_integer(rec->icmp_type)));
	json_object_set_new(o, "icmp_code", null_unless(icmp, json_integer(rec->icmp_code)));
	json_object_set_new(o, "icmp_unreach_str",
			    null_unless(icmp && rec->icmp_type == 3,
					json_string(value_unreach(rec->icmp_code))));
}

static void expect_addresses(json_t *o, const struct record *rec)
{
	json_object_set_new(o, "saddr", address(rec->saddr));
	json_object_set_new(o, "daddr", address(rec->daddr));
	json_object_set_new(o, "saddr_raw", json_integer(htonl(rec->saddr)));
	json_object_set_new(o, "daddr_raw", json_integer(htonl(rec->daddr)));
	json_object_set_new(o, "sport", json_integer(rec->sport));
	json_object_set_new(o, "dport", json_integer(rec->dport));
	json_object_set_new(o, "ttl", json_integer(rec->ttl));
	json_object_set_new(o, "ipid", json_integer(rec->ipid));
}

static json_t *expect(const struct record *rec)
{
	const char *service = service_name(rec->sport);
	json_t *o = json_object();

	expect_addresses(o, rec);
	expect_tcp(o, rec);
	expect_icmp(o, rec);
	json_object_set_new(o, "proto", json_string("tcp"));
	json_object_set_new(o, "state", json_string(record_state_name(rec->state)));
	json_object_set_new(o, "classification", json_string(record_class_name(rec->class)));
	json_object_set_new(o, "success", json_boolean(rec->state == STATE_OPEN));
	json_object_set_new(o, "repeat", json_boolean(rec->flags & RECORD_REPEAT));
	json_object_set_new(o, "cooldown", json_boolean(rec->flags & RECORD_COOLDOWN));
	json_object_set_new(o, "rtt_us",
			    null_unless(rec->flags & RECORD_RTT, json_integer(rec->rtt_us)));
	json_object_set_new(o, "attempt", json_integer(rec->attempt));
	json_object_set_new(o, "service", service ? json_string(service) : json_null());
	json_object_set_new(o, "port_range", json_string(service_port_range(rec->sport)));
	json_object_set_new(o, "timestamp_str", timestamp(rec->time_ns));
	json_object_set_new(o, "timestamp_ts",
			    json_integer((json_int_t)(rec->time_ns / 1000000000)));
	json_object_set_new(o, "timestamp_us",
			    json_integer((json_int_t)(rec->time_ns % 1000000000 / 1000)));
	return o;
}

/* Encodes one record and reads the line back; the caller frees it. */
static json_t *read_back(const struct fieldset *set, const struct record *rec)
{
	char buf[ENCODED_MAX];
	size_t len = encode_ndjson.record(set, rec, buf);
	json_error_t error;
	json_t *line;

	assert_in_range(len, 3, ENCODED_MAX - COLUMN_KEY);
	assert_int_equal(buf[len - 1], '\n');
	for (size_t i = 0; i < len - 1; i++)
		assert_in_range(buf[i], ' ', '~');
	line = json_loadb(buf, len, JSON_REJECT_DUPLICATES, &error);
	if (line == NULL)
		fail_msg("%s: %.*s", error.text, (int)len, buf);
	return line;
}

/* All fields: equal to the oracle's object, and in the order of the table. */
static void test_all_fields(void **state)
{
	unsigned n = test_long() ? 1000000 : 100000;
	uint64_t seed = 1;
	struct fieldset *set;
	struct schema schema;
	struct err err;

	(void)state;
	schema_load(&schema);
	assert_int_equal(fieldset_create("*", &set, &err), 0);
	for (unsigned i = 0; i < n; i++) {
		struct record rec = record_random(&seed);
		json_t *line = read_back(set, &rec), *expected = expect(&rec);
		const char *culprit = schema_check(&schema, line);

		if (culprit != NULL)
			fail_msg("record %u: %s breaks the schema", i, culprit);
		if (!json_equal(line, expected))
			fail_msg("record %u:\n%s\n%s", i, json_dumps(line, JSON_COMPACT),
				 json_dumps(expected, JSON_COMPACT));
		json_decref(line);
		json_decref(expected);
	}
	fieldset_destroy(set);
	schema_fini(&schema);
}

/* Each field alone and the default set say the same as all fields do. */
static void test_subsets(void **state)
{
	uint64_t seed = 2;
	struct fieldset *set;
	struct err err;

	(void)state;
	for (unsigned f = 0; f <= n_fields; f++) {
		assert_int_equal(fieldset_create(f < n_fields ? fields[f].name : NULL, &set, &err),
				 0);
		for (unsigned i = 0; i < 1000; i++) {
			struct record rec = record_random(&seed);
			json_t *line = read_back(set, &rec), *expected = expect(&rec);

			assert_int_equal(json_object_size(line), set->n);

			for (unsigned c = 0; c < set->n; c++) {
				const char *name = set->column[c].field->name;

				assert_true(json_equal(json_object_get(line, name),
						       json_object_get(expected, name)));
			}
			json_decref(line);
			json_decref(expected);
		}
		fieldset_destroy(set);
	}
}

static void assert_line(const char *list, const struct record *rec, const char *expected)
{
	char buf[ENCODED_MAX];
	struct fieldset *set;
	struct err err;
	size_t len;

	assert_int_equal(fieldset_create(list, &set, &err), 0);
	len = encode_ndjson.record(set, rec, buf);
	buf[len] = '\0';
	assert_string_equal(buf, expected);
	assert_int_equal(encode_ndjson.begin(set, buf), 0);
	fieldset_destroy(set);
}

static void test_lines(void **state)
{
	struct record rec = {
		.time_ns = UINT64_C(1769860800123999999),
		.saddr = 0xc0000207,
		.daddr = 0xc6120001,
		.seq = 4294967295,
		.ack = 2147483648,
		.rtt_us = 23456,
		.sport = 80,
		.dport = 40000,
		.window = 64240,
		.ttl = 57,
		.class = CLASS_SYNACK,
		.state = STATE_OPEN,
		.attempt = 1,
		.flags = RECORD_RTT,
	};

	(void)state;
	assert_line(NULL, &rec,
		    "{\"saddr\":\"192.0.2.7\",\"sport\":80,\"proto\":\"tcp\",\"state\":\"open\","
		    "\"classification\":\"synack\",\"ttl\":57,\"rtt_us\":23456,"
		    "\"service\":\"http\",\"timestamp_str\":\"2026-01-31T12:00:00.123+0000\"}\n");
	/* what LZR reads: strings and integers, none of them null */
	assert_line("saddr,daddr,sport,dport,seqnum,acknum,window", &rec,
		    "{\"saddr\":\"192.0.2.7\",\"daddr\":\"198.18.0.1\",\"sport\":80,"
		    "\"dport\":40000,\"seqnum\":4294967295,\"acknum\":2147483648,"
		    "\"window\":64240}\n");
	rec.class = CLASS_ICMP;
	rec.flags = RECORD_MSS | RECORD_WSCALE | RECORD_SACK | RECORD_TS;
	assert_line("window,tcpopt_mss,tcpopt_sack_perm,tcpopt_ts_val,rtt_us,success", &rec,
		    "{\"window\":null,\"tcpopt_mss\":null,\"tcpopt_sack_perm\":null,"
		    "\"tcpopt_ts_val\":null,\"rtt_us\":null,\"success\":true}\n");
	/* ZMap takes the text from the code of any type (peers' defect Z7) */
	rec.icmp_type = 11;
	assert_line("icmp_type,icmp_code,icmp_unreach_str", &rec,
		    "{\"icmp_type\":11,\"icmp_code\":0,\"icmp_unreach_str\":null}\n");
	rec.icmp_type = 3;
	assert_line("icmp_unreach_str", &rec, "{\"icmp_unreach_str\":\"network unreachable\"}\n");
}

/* The longest of everything at once stays within the promise of encoder.h. */
static void test_longest(void **state)
{
	struct record rec;
	struct fieldset *set;
	struct err err;

	(void)state;
	memset(&rec, 0xff, sizeof(rec));
	rec.icmp_type = 3;
	rec.icmp_code = 13;
	rec.state = STATE_UNREACHABLE;
	assert_int_equal(fieldset_create("*", &set, &err), 0);
	for (unsigned class = 0; class < CLASS_COUNT; class ++) {
		rec.class = (uint8_t) class;
		json_decref(read_back(set, &rec));
	}
	fieldset_destroy(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_subsets),
		cmocka_unit_test(test_all_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
