/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include <unistd.h>

#include "cmd.h"

/* What peal doctor prints and returns, for devices that every machine has or lacks. */

static enum exit_code doctor(const char *device, char *out, size_t len)
{
	struct job job = {.device = device, .source_ports = {32768, 61000}};
	enum exit_code code = EXIT_COMPLETE;
	int saved = dup(STDOUT_FILENO);
	FILE *file = tmpfile();
	struct err err;
	size_t n;

	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	assert_int_equal(cmd_doctor.run(&job, &code, &err), 0);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	rewind(file);
	n = fread(out, 1, len - 1, file);
	out[n] = '\0';
	fclose(file);
	return code;
}

static void simple_devices_are_fine(void **state)
{
	static const char *const devices[] = {"sim", "null", "ring", "sim:alive=0.5"};
	char out[4096];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
		assert_int_equal(doctor(devices[i], out, sizeof(out)), EXIT_COMPLETE);
		assert_null(strstr(out, "FAIL"));
		assert_non_null(strstr(out, "nothing leaves this process"));
		assert_non_null(strstr(out, "\nready"));
	}
	assert_int_equal(doctor(NULL, out, sizeof(out)), EXIT_COMPLETE);
	assert_non_null(strstr(out, "interfaces: "));
}

static void faults_have_their_code(void **state)
{
	static const struct {
		const char *device;
		enum exit_code code;
		const char *says;
	} faults[] = {
		{"af_packet:nonesuch0", EXIT_DEVICE, "no interface 'nonesuch0'; there are "},
		{"nonesuch0", EXIT_DEVICE, "no such interface"},
		{"sim:alive=2", EXIT_USAGE, "a share from 0 to 1"},
		{"memif:/nonesuch.sock", EXIT_DEVICE, "start the server first"},
		{"pci:ffff:fe:1e.7", EXIT_DEVICE, "is no network card"},
	};
	char out[4096], *fail;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		assert_int_equal(doctor(faults[i].device, out, sizeof(out)), faults[i].code);
		fail = strstr(out, "FAIL");
		assert_non_null(fail);
		assert_non_null(strstr(fail, faults[i].says));
		assert_non_null(strstr(out, "\n1 to mend"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(simple_devices_are_fine),
		cmocka_unit_test(faults_have_their_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
