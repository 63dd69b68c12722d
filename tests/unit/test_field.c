/* SPDX-License-Identifier: BSD-3-Clause */

/* The field table: itself, against record.v1.json, and as --fields reads it. */

#include "test.h"

#include <unistd.h>

#include "encode.h"
#include "fieldset.h"
#include "output.h"
#include "schema.h"

static void test_table(void **state)
{
	(void)state;
	assert_in_range(n_fields, 1, FIELDSET_MAX);
	for (unsigned i = 0; i < n_fields; i++) {
		/* {"name":" */
		assert_in_range(strlen(fields[i].name) + 5, 6, COLUMN_KEY);
		assert_in_range(fields[i].at, 0, sizeof(struct record) - 1);
		assert_ptr_equal(field_find(fields[i].name, strlen(fields[i].name)), &fields[i]);
		assert_int_equal(fields[i].type == FIELD_STRING, fields[i].load <= LOAD_TIME);
		assert_int_equal(fields[i].type == FIELD_BOOL, fields[i].load >= LOAD_SUCCESS);
	}
	assert_null(field_find("saddr", 4));
	assert_null(field_find("saddr_rawest", 12));
}

static bool nullable(const struct field *f)
{
	return f->needs != 0 || f->classes != (1 << CLASS_COUNT) - 1 || f->load == LOAD_SERVICE ||
	       f->load == LOAD_UNREACH;
}

static void test_schema(void **state)
{
	static const char *const types[] = {
		[FIELD_STRING] = "string", [FIELD_INT] = "integer", [FIELD_BOOL] = "boolean"};
	struct schema schema;

	(void)state;
	schema_load(&schema);
	assert_int_equal(schema.n, n_fields);
	for (unsigned i = 0; i < n_fields; i++) {
		const struct schema_property *property = &schema.property[i];
		const json_t *type = json_object_get(property->rule, "type");

		assert_string_equal(property->name, fields[i].name);
		assert_true(schema_allows_type(property, types[fields[i].type]));
		assert_int_equal(schema_allows_type(property, "null"), nullable(&fields[i]));
		assert_int_equal(json_array_size(type), nullable(&fields[i]) ? 2 : 0);
	}
	schema_fini(&schema);
}

/* The validator must be able to say no. */
static void test_schema_refuses(void **state)
{
	static const struct {
		const char *line, *culprit;
	} rows[] = {
		{"{\"saddr\":\"192.0.2.1\",\"sport\":80,\"service\":null}", NULL},
		{"{\"saddr\":null}", "saddr"},
		{"{\"saddr\":\"192.0.2\"}", "saddr"},
		{"{\"sport\":65536}", "sport"},
		{"{\"sport\":-1}", "sport"},
		{"{\"sport\":\"80\"}", "sport"},
		{"{\"sport\":80.0}", "sport"},
		{"{\"state\":\"ajar\"}", "state"},
		{"{\"success\":1}", "success"},
		{"{\"tcpopt_sack_perm\":0}", "tcpopt_sack_perm"},
		{"{\"timestamp_str\":\"2026-01-31T12:00:00Z\"}", "timestamp_str"},
		{"{\"saddr\":\"192.0.2.1\",\"port\":80}", "port"},
	};
	struct schema schema;

	(void)state;
	schema_load(&schema);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		json_t *object = json_loads(rows[i].line, 0, NULL);
		const char *culprit = schema_check(&schema, object);

		assert_int_equal(culprit == NULL, rows[i].culprit == NULL);
		if (culprit != NULL)
			assert_string_equal(culprit, rows[i].culprit);
		json_decref(object);
	}
	schema_fini(&schema);
}

static void assert_plain(const char *word)
{
	assert_in_range(strlen(word), 1, VALUE_MAX - 1);
	for (const char *c = word; *c != '\0'; c++)
		if (*c < ' ' || *c > '~' || strchr("\"\\,", *c) != NULL)
			fail_msg("\"%s\" would have to be quoted or escaped", word);
}

/* Encoders escape nothing: every word that a record can lead to must be harmless. */
static void test_words(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		assert_plain(record_state_name(i));
		assert_plain(record_class_name(i));
		assert_plain(value_unreach((uint8_t)i));
	}
	for (unsigned port = 0; port <= UINT16_MAX; port++) {
		if (service_name((uint16_t)port) != NULL)
			assert_plain(service_name((uint16_t)port));
		assert_plain(service_port_range((uint16_t)port));
	}
}

static void test_unreach(void **state)
{
	(void)state;
	assert_string_equal(value_unreach(0), "network unreachable");
	assert_string_equal(value_unreach(3), "port unreachable");
	assert_string_equal(value_unreach(9), "network admin. prohibited");
	assert_string_equal(value_unreach(13), "communication admin. prohibited");
	assert_string_equal(value_unreach(14), "host presdence violation");
	assert_string_equal(value_unreach(15), "precedence cutoff");
	assert_string_equal(value_unreach(16), "unknown");
}

/* The header line of CSV shows what --fields made of the list. */
static void assert_fields(const char *list, const char *expected)
{
	char buf[ENCODED_MAX];
	struct fieldset *set;
	struct err err;
	size_t len;

	if (fieldset_create(list, &set, &err) < 0)
		fail_msg("%s: %s", list, err.text);
	len = encode_csv.begin(set, buf);
	assert_int_equal(buf[len - 1], '\n');
	buf[len - 1] = '\0';
	assert_string_equal(buf, expected);
	fieldset_destroy(set);
}

static void test_fields(void **state)
{
	(void)state;
	assert_fields(NULL,
		      "saddr,sport,proto,state,classification,ttl,rtt_us,service,timestamp_str");
	assert_fields("sport", "sport");
	assert_fields(" sport , saddr", "sport,saddr");
	assert_fields("saddr,daddr,sport,dport,seqnum,acknum,window",
		      "saddr,daddr,sport,dport,seqnum,acknum,window");
	assert_fields("*", "saddr,sport,proto,state,classification,success,repeat,cooldown,ttl,"
			   "ipid,window,seqnum,acknum,tcpopt_mss,tcpopt_wscale,tcpopt_sack_perm,"
			   "tcpopt_ts_val,tcpopt_ts_ecr,icmp_responder,icmp_type,icmp_code,"
			   "icmp_unreach_str,daddr,dport,saddr_raw,daddr_raw,rtt_us,attempt,"
			   "service,port_range,timestamp_str,timestamp_ts,timestamp_us");
}

static void test_fields_refused(void **state)
{
	static const struct {
		const char *list, *message;
	} rows[] = {
		{"", "--fields: a name is missing"},
		{"saddr,", "--fields: a name is missing"},
		{"saddr,,sport", "--fields: a name is missing"},
		{"saddr,sport,saddr", "--fields: \"saddr\" is named twice"},
		{"sadr", "--fields: no field \"sadr\"; did you mean saddr? See --list-fields"},
		{"timestamp-str",
		 "--fields: no field \"timestamp-str\"; did you mean timestamp_str?"},
		{"Saddr", "did you mean saddr?"},
		{"banner", "--fields: no field \"banner\"; see --list-fields"},
		{"*,saddr", "--fields: no field \"*\""},
		{"saddr sport", "--fields: no field \"saddr sport\""},
		{"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		 "--fields: no field \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"; see"},
	};
	struct fieldset *set;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(fieldset_create(rows[i].list, &set, &err), -22);
		assert_int_equal(err.code, EXIT_USAGE);
		assert_null(set);
		if (strstr(err.text, rows[i].message) == NULL)
			fail_msg("\"%s\": %s", rows[i].list, err.text);
	}
}

static void test_list_fields(void **state)
{
	FILE *to = tmpfile();
	int out = dup(STDOUT_FILENO);
	char line[200];
	unsigned n = 0;

	(void)state;
	fflush(stdout);
	dup2(fileno(to), STDOUT_FILENO);
	output_list_fields();
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);

	rewind(to);
	for (; fgets(line, sizeof(line), to) != NULL && line[0] != '\n'; n++) {
		assert_in_range(strlen(line), 1, 100);
		assert_int_equal(line[0], fields[n].standard ? '*' : ' ');
		assert_memory_equal(line + 2, fields[n].name, strlen(fields[n].name));
		assert_non_null(strstr(line, field_type_name(fields[n].type)));
		assert_non_null(strstr(line, fields[n].help));
	}
	assert_int_equal(n, n_fields);
	fclose(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),	       cmocka_unit_test(test_schema),
		cmocka_unit_test(test_schema_refuses), cmocka_unit_test(test_words),
		cmocka_unit_test(test_unreach),	       cmocka_unit_test(test_fields),
		cmocka_unit_test(test_fields_refused), cmocka_unit_test(test_list_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
