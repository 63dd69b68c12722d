/* SPDX-License-Identifier: BSD-3-Clause */

/* CSV: read back, and compared with what NDJSON says of the same record. */

#include "test.h"

#include <jansson.h>

#include "encode.h"
#include "fieldset.h"
#include "records.h"

/* A value as CSV has it. */
static void as_csv(const json_t *value, char *buf, size_t size)
{
	if (json_is_string(value))
		snprintf(buf, size, "%s", json_string_value(value));
	else if (json_is_integer(value))
		snprintf(buf, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else
		snprintf(buf, size, "%s",
			 json_is_null(value)   ? ""
			 : json_is_true(value) ? "1"
					       : "0");
}

static void assert_same(const struct fieldset *set, const struct record *rec)
{
	char csv[ENCODED_MAX], ndjson[ENCODED_MAX], expected[64];
	size_t len = encode_csv.record(set, rec, csv);
	json_t *line = json_loadb(ndjson, encode_ndjson.record(set, rec, ndjson), 0, NULL);
	char *at = csv, *cell;

	assert_in_range(len, 2, ENCODED_MAX - COLUMN_KEY);
	assert_int_equal(csv[len - 1], '\n');
	csv[len - 1] = '\0';
	assert_null(strpbrk(csv, "\"\r\n"));
	for (unsigned i = 0; i < set->n; i++) {
		cell = strsep(&at, ",");
		assert_non_null(cell);
		as_csv(json_object_get(line, set->column[i].field->name), expected,
		       sizeof(expected));
		assert_string_equal(cell, expected);
	}
	assert_null(at);
	json_decref(line);
}

static void test_read_back(void **state)
{
	const char *lists[] = {NULL, "*", "sport", "rtt_us,saddr"};
	uint64_t seed = 3;
	struct fieldset *set;
	struct err err;

	(void)state;
	for (size_t l = 0; l < ARRAY_LEN(lists); l++) {
		assert_int_equal(fieldset_create(lists[l], &set, &err), 0);
		for (unsigned i = 0; i < 10000; i++) {
			struct record rec = record_random(&seed);

			assert_same(set, &rec);
		}
		fieldset_destroy(set);
	}
}

static void test_lines(void **state)
{
	struct record rec = {.saddr = 0xc0000207, .sport = 80, .class = CLASS_RST, .window = 0};
	char buf[ENCODED_MAX];
	struct fieldset *set;
	struct err err;
	size_t len;

	(void)state;
	assert_int_equal(fieldset_create("saddr,sport,rtt_us,repeat,window", &set, &err), 0);
	len = encode_csv.begin(set, buf);
	len += encode_csv.record(set, &rec, buf + len);
	rec.flags = RECORD_REPEAT | RECORD_RTT;
	rec.class = CLASS_ICMP;
	len += encode_csv.record(set, &rec, buf + len);
	buf[len] = '\0';
	assert_string_equal(buf, "saddr,sport,rtt_us,repeat,window\n"
				 "192.0.2.7,80,,0,0\n"
				 "192.0.2.7,80,0,1,\n");
	fieldset_destroy(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
