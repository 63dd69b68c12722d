/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include <unistd.h>

#include "io.h"
#include "linkinfo.h"

/* Device specifications: which driver and argument, or which exit code and words of the message. */

static const struct {
	const char *text, *driver, *arg;
} good[] = {
	{"sim", "sim", ""},
	{"sim:", "sim", ""},
	{"sim:alive=0.1,seed=7", "sim", "alive=0.1,seed=7"},
	{"sim:rtt=0", "sim", "rtt=0"},
	{"sim:rtt=250us,loss=0.05,dup=1,hostile=0.5", "sim",
	 "rtt=250us,loss=0.05,dup=1,hostile=0.5"},
	{"null", "null", ""},
	{"ring", "ring", ""},
	{"pcap:/dev/null", "pcap", "/dev/null"},
	{"pcap:,/dev/null", "pcap", ",/dev/null"},
	{"pcap:/dev/null,/dev/null", "pcap", "/dev/null,/dev/null"},
	{"memif:/tmp/x.sock,role=server", "memif", "/tmp/x.sock,role=server"},
};

static void good_ones(void **state)
{
	struct io_spec spec;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		if (io_spec_parse(good[i].text, &spec, &err) < 0 || io_check(&spec, &err) < 0)
			fail_msg("%s: %s", good[i].text, err.text);
		assert_string_equal(spec.driver->name, good[i].driver);
		assert_string_equal(spec.arg, good[i].arg);
	}
}

static const struct {
	const char *text;
	enum exit_code code;
	const char *says;
} bad[] = {
	{"", EXIT_USAGE, "sim, af_packet, af_xdp, pci, memif, pcap, ring, null"},
	{"nonesuch0", EXIT_DEVICE, "'nonesuch0': there is no such interface; there are lo"},
	{"Sim", EXIT_DEVICE, "no such interface"},
	{"a-name-that-is-far-too-long", EXIT_USAGE, "neither an interface"},
	{"simx:a=1", EXIT_USAGE, "neither an interface"},
	{"../lo", EXIT_USAGE, "neither an interface"},
	{"pci", EXIT_USAGE, "named by its address"},
	{"pci:eth0", EXIT_USAGE, "named by its address"},
	{"pci:0000:3b:00", EXIT_USAGE, "named by its address"},
	{"pci:ffff:fe:1e.7", EXIT_DEVICE, "ffff:fe:1e.7 is no network card"},
	{"ffff:fe:1e.7", EXIT_DEVICE, "is no network card of this machine"},
	{"FE:1E.7", EXIT_DEVICE, "is no network card of this machine"},
	{"fe:1e.70", EXIT_USAGE, "neither an interface"},
	{"af_packet", EXIT_USAGE, "af_packet:IF"},
	{"af_packet:nonesuch0", EXIT_DEVICE, "no interface 'nonesuch0'; there are "},
	{"af_xdp:nonesuch0", EXIT_DEVICE, "no interface 'nonesuch0'"},
	{"af_packet:a-name-that-is-far-too-long", EXIT_DEVICE, "no interface"},
	{"null:x", EXIT_USAGE, "no argument"},
	{"ring:2", EXIT_USAGE, "no argument"},
	{"sim:alive", EXIT_USAGE, "'alive' is not KEY=VALUE"},
	{"sim:alive=", EXIT_USAGE, "alive=: a share from 0 to 1"},
	{"sim:alive=1.1", EXIT_USAGE, "alive=1.1: a share from 0 to 1"},
	{"sim:alive=-1", EXIT_USAGE, "a share"},
	{"sim:alive=nan", EXIT_USAGE, "a share"},
	{"sim:alive=inf", EXIT_USAGE, "a share"},
	{"sim:alive=0x1", EXIT_USAGE, "a share"},
	{"sim:alive=0.1.2", EXIT_USAGE, "a share"},
	{"sim:color=1", EXIT_USAGE, "seed, alive, open, closed, icmp, rtt, loss, dup, retransmit"},
	{"sim:seed=1x", EXIT_USAGE, "seed=1x: a number"},
	{"sim:seed=99999999999999999999", EXIT_USAGE, "a number"},
	{"sim:retransmit=11", EXIT_USAGE, "0 to 10"},
	{"sim:rtt=40", EXIT_USAGE, "40ms"},
	{"sim:rtt=11s", EXIT_USAGE, "0 to 10s"},
	{"sim:rtt=ms", EXIT_USAGE, "a time"},
	{"sim:seed=1,", EXIT_USAGE, "last comma"},
	{"sim:,seed=1", EXIT_USAGE, "KEY=VALUE"},
	{"sim:seed=1,seed=2", EXIT_USAGE, "seed is given twice"},
	{"pcap", EXIT_USAGE, "pcap:OUT"},
	{"pcap:,", EXIT_USAGE, "pcap:OUT"},
	{"pcap:a,b,c", EXIT_USAGE, "cannot contain"},
	{"pcap:a=b", EXIT_USAGE, "cannot contain"},
	{"pcap:/nonesuch/x.pcap", EXIT_OUTPUT, "cannot write '/nonesuch/x.pcap'"},
	{"pcap:/dev/null,/nonesuch/x", EXIT_INPUT, "cannot read '/nonesuch/x'"},
	{"memif", EXIT_USAGE, "absolute path"},
	{"memif:x.sock", EXIT_USAGE, "absolute path"},
	{"memif:/tmp/x,role=king", EXIT_USAGE, "role=server or role=client"},
	{"memif:/nonesuch.sock", EXIT_DEVICE, "role=server"},
	{"memif:/nonesuch/x.sock,role=server", EXIT_DEVICE, "cannot be made"},
};

static void bad_ones(void **state)
{
	struct io_spec spec;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (io_spec_parse(bad[i].text, &spec, &err) == 0 && io_check(&spec, &err) == 0)
			fail_msg("%s: accepted", bad[i].text);
		if (err.code != bad[i].code || strstr(err.text, bad[i].says) == NULL)
			fail_msg("%s: %d %s", bad[i].text, err.code, err.text);
	}
}

/* peal doctor looks, and a scan may still not come to be. */
static void checks_make_no_files(void **state)
{
	char dir[] = "/tmp/peal-io-spec-XXXXXX", text[64];
	struct io_spec spec;
	struct err err;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(text, sizeof(text), "pcap:%s/out", dir);
	assert_int_equal(io_spec_parse(text, &spec, &err), 0);
	assert_int_equal(io_check(&spec, &err), 0);
	snprintf(text, sizeof(text), "pcap:%s", dir);
	assert_int_equal(io_spec_parse(text, &spec, &err), 0);
	assert_true(io_check(&spec, &err) < 0);
	assert_int_equal(err.code, EXIT_OUTPUT);
	assert_non_null(strstr(err.text, "Is a directory"));
	assert_int_equal(rmdir(dir), 0); /* it is empty */
}

static void a_bare_interface_is_af_packet(void **state)
{
	struct io_spec spec;
	struct err err;

	(void)state;
	if (!link_exists("lo"))
		TEST_SKIP("there is no interface lo");
	assert_int_equal(io_spec_parse("lo", &spec, &err), 0);
	assert_string_equal(spec.driver->name, "af_packet");
	assert_string_equal(spec.arg, "lo");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones),
		cmocka_unit_test(bad_ones),
		cmocka_unit_test(checks_make_no_files),
		cmocka_unit_test(a_bare_interface_is_af_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
