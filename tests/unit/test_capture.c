/* SPDX-License-Identifier: BSD-3-Clause */

/* Frames behind records: through their ring, into pcapng blocks, and back, whatever is done to the
 * file in between. */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_file.h"
#include "capture_note.h"
#include "pcapng.h"
#include "result_ring.h"

static char path[] = "/tmp/peal-capture-XXXXXX";

/* --- blocks --- */

/* To the byte, as draft-ietf-opsawg-pcapng has them (4.1, 4.2, 4.3). */
static void test_blocks(void **state)
{
	static const uint8_t section[] = {
		0x0a, 0x0d, 0x0d, 0x0a, 56,  0,	  0,   0,   0x4d, 0x3c, 0x2b, 0x1a, 1,	 0,
		0,    0,    255,  255,	255, 255, 255, 255, 255,  255,	1,    0,    2,	 0,
		'h',  'i',  0,	  0,	4,   0,	  12,  0,   'p',  'e',	'a',  'l',  ' ', '0',
		'.',  '1',  '.',  '0',	'-', 'x', 0,   0,   0,	  0,	56,   0,    0,	 0,
	};
	static const uint8_t iface[] = {
		1, 0, 0,   0,	52,  0,	  0, 0, 1, 0, 0,   0, 0,  8, 0,	  0,   2,   0,
		4, 0, 'e', 't', 'h', '0', 4, 0, 8, 0, 192, 0, 2,  1, 255, 255, 255, 255,
		9, 0, 1,   0,	9,   0,	  0, 0, 0, 0, 0,   0, 52, 0, 0,	  0,
	};
	static const uint8_t packet[] = {
		6, 0, 0, 0, 52,	 0, 0, 0, 3, 0, 0,   0,	  4,   3,   2,	 1, 8, 7,
		6, 5, 5, 0, 0,	 0, 5, 0, 0, 0, 'f', 'r', 'a', 'm', 'e', 0, 0, 0,
		1, 0, 1, 0, 'c', 0, 0, 0, 0, 0, 0,   0,	  52,  0,   0,	 0,
	};
	const struct pcapng_section s = {"hi", "peal 0.1.0-x"};
	const uint32_t addr = 0xc0000201;
	const struct capture_iface i = {"eth0", &addr, 1};
	struct pcapng_packet p = {
		.iface = 3,
		.time_ns = UINT64_C(0x0102030405060708),
		.data = (const uint8_t *)"frame",
		.len = 5,
		.comment = "c",
	};
	uint8_t to[4096];

	(void)state;
	assert_int_equal(pcapng_put_section(to, &s), sizeof(section));
	assert_memory_equal(to, section, sizeof(section));
	assert_int_equal(pcapng_put_interface(to, &i), sizeof(iface));
	assert_memory_equal(to, iface, sizeof(iface));
	assert_int_equal(pcapng_put_packet(to, &p), sizeof(packet));
	assert_memory_equal(to, packet, sizeof(packet));
	p.comment[0] = '\0'; /* no comment, no options */
	assert_int_equal(pcapng_put_packet(to, &p), 40);
}

static void test_notes(void **state)
{
	static const char *const good[] = {
		"",
		"rtt_us=0",
		"rtt_us=4294967295",
		"cooldown",
		"repeat",
		"rtt_us=12 cooldown repeat",
		"cooldown repeat",
		"rtt_us=7 repeat",
	};
	static const char *const bad[] = {
		" ",
		"rtt_us=",
		"rtt_us=-1",
		"rtt_us=4294967296",
		"rtt_us=01",
		"repeat cooldown",
		"rtt_us=1  repeat",
		"rtt_us=1 ",
		"Repeat",
		"repeatrepeat",
		"rtt_us=99999999999999999999",
	};
	struct capture_packet packet;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(capture_note_read(good[i], &packet));
	assert_int_equal(packet.rtt_us, 7);
	assert_int_equal(packet.flags, RECORD_RTT | RECORD_REPEAT);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (capture_note_read(bad[i], &packet))
			fail_msg("%s was read", bad[i]);
}

/* --- the ring --- */

/* Every length, longer ones cut, in order, across the ring's end many times. */
static void test_ring(void **state)
{
	struct result_ring *ring = result_ring_create();
	uint8_t in[FRAME_MAX + 64], out[FRAME_MAX];
	uint64_t seed = 5;

	(void)state;
	assert_non_null(ring);
	for (unsigned i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)test_random(&seed);
	for (unsigned len = 0; len <= sizeof(in); len++) {
		assert_true(frames_have_room(ring));
		for (unsigned k = 0; k < 64; k++)
			frames_put(ring, in + k % 8, len > 8 ? len - k % 8 : len);
		for (unsigned k = 0; k < 64; k++) {
			unsigned want = len > 8 ? len - k % 8 : len;

			want = want < FRAME_MAX ? want : FRAME_MAX;
			memset(out, 0, sizeof(out));
			assert_int_equal(frames_take(ring, out), want);
			assert_memory_equal(out, in + k % 8, want);
		}
	}
	result_ring_destroy(ring);
}

/* It says in time that there is no room, and then nothing is lost. */
static void test_ring_full(void **state)
{
	struct result_ring *ring = result_ring_create();
	static uint8_t frame[FRAME_MAX];
	unsigned put = 0;

	(void)state;
	assert_non_null(ring);
	for (; frames_have_room(ring); put += 64)
		for (unsigned k = 0; k < 64; k++)
			frames_put(ring, frame, sizeof(frame));
	assert_true(result_ring_high(ring));
	for (unsigned i = 0; i < put; i++)
		assert_int_equal(frames_take(ring, frame), sizeof(frame));
	assert_int_equal(frames_take(ring, frame), 0);
	result_ring_destroy(ring);
}

/* --- the file --- */

static const uint32_t first_addrs[] = {10, 11, 12}, second_addrs[] = {20};
static const struct capture_iface ifaces[] = {{"eth0", first_addrs, 3}, {"eth1", second_addrs, 1}};
static const struct capture_origin origin = {.seed = 99, .iface = ifaces, .n_ifaces = 2};

enum { N = 40 };

static struct record record_of(unsigned i)
{
	return (struct record){
		.time_ns = UINT64_C(1700000000123456789) + i,
		.daddr = i % 4 == 3 ? 20 : 10 + i % 4,
		.rtt_us = i * 100,
		.flags = (uint8_t)(i % 8 == 0	? 0
				   : i % 2 == 0 ? RECORD_RTT | RECORD_COOLDOWN
						: RECORD_RTT | RECORD_REPEAT),
	};
}

static unsigned frame_of(unsigned i, uint8_t *frame)
{
	for (unsigned k = 0; k < 54 + i; k++)
		frame[k] = (uint8_t)(i * 7 + k);
	return 54 + i;
}

static void add(struct capture_file *f, unsigned first, unsigned end)
{
	uint8_t frame[FRAME_MAX];

	for (unsigned i = first; i < end; i++) {
		struct record rec = record_of(i);
		unsigned len = frame_of(i, frame);

		capture_file_add(f, &rec, frame, len);
	}
}

static struct capture_file *open_capture(bool go_on)
{
	struct capture_file *f;
	struct err err;

	if (capture_file_create(path, go_on, NULL, &origin, &f, &err) < 0)
		fail_msg("%s", err.text);
	if (!go_on)
		assert_int_equal(sink_cut(&f->sink, 0), 0);
	return f;
}

static void write_capture(void)
{
	struct capture_file *f = open_capture(false);

	add(f, 0, N);
	assert_int_equal(capture_file_flush(f), 0);
	assert_int_equal(capture_file_destroy(f), 0);
}

static struct capture_reader *open_reader(void)
{
	struct capture_reader *r = capture_reader_create(open(path, O_RDONLY | O_CLOEXEC));

	assert_non_null(r);
	return r;
}

/* Reads on until packets are over; what the last call said. */
static int read_all(struct capture_reader *r, unsigned first)
{
	struct capture_packet p;
	unsigned i = first;
	int rc;

	for (; (rc = capture_read(r, &p)) == 1; i++) {
		struct record rec = record_of(i);
		uint8_t frame[FRAME_MAX];

		assert_int_equal(p.len, frame_of(i, frame));
		assert_memory_equal(p.data, frame, p.len);
		assert_int_equal(p.time_ns, rec.time_ns);
		assert_int_equal(p.iface, i % 4 == 3);
		assert_int_equal(p.flags, rec.flags);
		assert_int_equal(p.rtt_us, rec.flags & RECORD_RTT ? rec.rtt_us : 0);
	}
	return rc;
}

static void test_file(void **state)
{
	const struct capture_iface *iface;
	struct capture_reader *r;
	struct stat st;

	(void)state;
	write_capture();
	r = open_reader();
	assert_int_equal(read_all(r, 0), 0);
	assert_int_equal(capture_count(r), N);
	assert_int_equal(capture_ifaces(r, &iface), 2);
	assert_string_equal(iface[1].name, "eth1");
	assert_int_equal(iface[0].n_addrs, 3);
	assert_memory_equal(iface[0].addr, first_addrs, sizeof(first_addrs));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(capture_offset(r), st.st_size);
	capture_reader_destroy(r);
}

/* Torn at every byte, it is cut to its last whole packet, and goes on in a section of its own. */
static void test_torn(void **state)
{
	struct stat st;

	(void)state;
	write_capture();
	assert_int_equal(stat(path, &st), 0);
	for (off_t len = 0; len <= st.st_size; len += test_long() ? 1 : 47) {
		uint64_t packets, bytes, whole;
		struct capture_reader *r;
		struct capture_file *f;

		write_capture();
		assert_int_equal(truncate(path, len), 0);
		f = open_capture(true);
		assert_int_equal(capture_file_count(f, UINT64_MAX, &whole, &bytes), 0);
		assert_true(bytes <= (uint64_t)len && whole <= N);
		assert_int_equal(capture_file_count(f, whole / 2, &packets, &bytes), 0);
		assert_int_equal(packets, whole / 2);
		assert_int_equal(sink_cut(&f->sink, bytes), 0);
		add(f, (unsigned)packets, N);
		assert_int_equal(capture_file_flush(f), 0);
		assert_int_equal(capture_file_destroy(f), 0);
		r = open_reader();
		assert_int_equal(read_all(r, 0), 0);
		assert_int_equal(capture_count(r), N);
		capture_reader_destroy(r);
	}
}

/* Every bit of the file flipped: it is refused, or what was read before the flip is as it was and
 * the packet with the flip is another one. */
static void test_flips(void **state)
{
	struct stat st;
	int fd;

	(void)state;
	write_capture();
	assert_int_equal(stat(path, &st), 0);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	for (off_t at = 0; at < st.st_size; at += at < 1000 || test_long() ? 1 : 17) {
		for (unsigned bit = 0; bit < 8; bit++) {
			struct capture_reader *r = open_reader();
			struct capture_packet p;
			uint8_t byte, flipped;
			int rc;

			assert_int_equal(pread(fd, &byte, 1, at), 1);
			flipped = byte ^ (uint8_t)(1 << bit);
			assert_int_equal(pwrite(fd, &flipped, 1, at), 1);
			while ((rc = capture_read(r, &p)) == 1)
				;
			assert_true(rc == 0 || rc == -EILSEQ || rc == -EPIPE);
			assert_true(rc != 0 || capture_count(r) == N);
			capture_reader_destroy(r);
			assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		}
	}
	close(fd);
}

/* As many addresses as a scan can have. */
static void test_many_addresses(void **state)
{
	uint32_t *addr = calloc(CAPTURE_SOURCES, sizeof(*addr));
	const struct capture_iface iface = {"many", addr, CAPTURE_SOURCES}, *got;
	const struct capture_origin many = {.seed = 1, .iface = &iface, .n_ifaces = 1};
	struct capture_reader *r;
	struct capture_packet p;
	struct capture_file *f;
	struct err err;

	(void)state;
	assert_non_null(addr);
	for (uint32_t i = 0; i < CAPTURE_SOURCES; i++)
		addr[i] = i * 3;
	assert_int_equal(capture_file_create(path, false, NULL, &many, &f, &err), 0);
	assert_int_equal(sink_cut(&f->sink, 0), 0);
	add(f, 0, 1);
	assert_int_equal(capture_file_flush(f), 0);
	assert_int_equal(capture_file_destroy(f), 0);
	r = open_reader();
	assert_int_equal(capture_read(r, &p), 1);
	assert_int_equal(capture_ifaces(r, &got), 1);
	assert_int_equal(got[0].n_addrs, CAPTURE_SOURCES);
	assert_memory_equal(got[0].addr, addr, CAPTURE_SOURCES * sizeof(*addr));
	capture_reader_destroy(r);
	free(addr);
}

static void test_unwritable(void **state)
{
	struct capture_file *f;
	struct err err;

	(void)state;
	assert_true(capture_file_create("/nowhere/at/all", false, NULL, &origin, &f, &err) < 0);
	assert_int_equal(err.code, EXIT_OUTPUT);
	assert_non_null(
		strstr(err.text, "--capture: cannot write to /nowhere/at/all: No such file"));
	assert_null(f);
}

static int setup(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? 1 : close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks),	   cmocka_unit_test(test_notes),
		cmocka_unit_test(test_ring),	   cmocka_unit_test(test_ring_full),
		cmocka_unit_test(test_file),	   cmocka_unit_test(test_torn),
		cmocka_unit_test(test_flips),	   cmocka_unit_test(test_many_addresses),
		cmocka_unit_test(test_unwritable),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
