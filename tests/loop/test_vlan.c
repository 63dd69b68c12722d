/* SPDX-License-Identifier: BSD-3-Clause */

/* Tags of received frames: what is in another VLAN is no answer, wherever its tag is. */

#include "answer.h"

enum { TARGETS = 256, ROUTER = 0x0a000001 };

static void sent_open(struct rig *r, struct sent *sent)
{
	const struct rig_conf conf = {
		.targets = "198.18.0.0/24", .ports = "80", .lift = "198.18.0.0/15"};

	rig_open(r, &conf);
	assert_int_equal(rig_send_all(r, sent), TARGETS);
}

enum { OURS = 77, OTHER = 78, PRIORITY = 3 << 13 };

/* Tags: in a frame that has room for one more, or beside it. */
static void test_vlan(void **state)
{
	static const struct {
		uint16_t scan, inside, beside; /* OURS: the scan is in it; 0: no such tag */
		bool wanted;
	} tags[] = {
		{0, 0, 0, true},
		{0, OURS, 0, false},
		{0, 0, OURS, false},
		{0, PRIORITY, 0, true}, /* in no VLAN, whatever its priority */
		{0, 0, PRIORITY, true},
		{OURS, OURS, 0, true},
		{OURS, 0, OURS, true},
		{OURS, PRIORITY | OURS, 0, true},
		{OURS, 0, PRIORITY | OURS, true},
		{OURS, 0, 0, false},
		{OURS, PRIORITY, 0, false},
		{OURS, OTHER, 0, false},
		{OURS, 0, OTHER, false},
		{OURS, OURS, OURS, false}, /* one within another */
		{OURS, OURS, OTHER, false},
		{OURS, OTHER, OURS, false},
	};
	struct sent sent[TARGETS];
	struct rig r;

	(void)state;
	sent_open(&r, sent);
	for (unsigned i = 0; i < ARRAY_LEN(tags); i++) {
		struct answer some[] = {answer_synack(&sent[i]),
					answer_icmp(&sent[i], ROUTER, 3, 3)};

		r.rx[0].vlan = tags[i].scan;
		for (unsigned k = 0; k < ARRAY_LEN(some); k++) {
			if (tags[i].inside != 0)
				answer_tag(&some[k], tags[i].inside);
			some[k].stripped = tags[i].beside != 0;
			some[k].tci = tags[i].beside;
			if (!tags[i].wanted) {
				answer_rejected(&r, &some[k], REJECT_VLAN);
				continue;
			}
			answer_deliver(&r, &some[k]);
			assert_int_equal(record_take(&r).saddr, sent[i].daddr);
		}
	}
	rig_close(&r);
}

/* Who is in another VLAN is neither believed nor answered. */
static void test_neighbours_in_another_vlan(void **state)
{
	const struct pkt_link link = {.tagged = true, .vlan = OTHER};
	struct sent sent[TARGETS];
	struct answer a = {.stripped = false};
	struct rig r;

	(void)state;
	sent_open(&r, sent);
	r.rx[0].vlan = OURS;
	r.neigh.gateway = ROUTER;
	a.len = pkt_arp_write(a.frame, &link, 1, ROUTER, rig_sources[0], rig_mac);
	answer_rejected(&r, &a, REJECT_VLAN);
	assert_int_equal(r.neigh.mac, neigh_mac_number(rig_gateway));
	assert_true(rte_ring_empty(r.followups[0]));
	rig_close(&r);
}

/* Where the device loses tags, a frame without any may be ours. */
static void test_lost_tags(void **state)
{
	struct sent sent[TARGETS];
	struct answer a;
	struct rig r;

	(void)state;
	sent_open(&r, sent);
	r.rx[0].vlan = r.dev.bare_vlan = OURS;
	a = answer_synack(sent);
	answer_deliver(&r, &a);
	assert_int_equal(record_take(&r).state, STATE_OPEN);
	a = answer_synack(sent + 1);
	answer_tag(&a, OTHER);
	answer_rejected(&r, &a, REJECT_VLAN);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vlan),
		cmocka_unit_test(test_neighbours_in_another_vlan),
		cmocka_unit_test(test_lost_tags),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
