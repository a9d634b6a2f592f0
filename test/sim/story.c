#include "test/sim/story.h"

#include <assert.h>
#include <stdio.h>

#include "queue/spool.h"
#include "test/sim/client.h"
#include "test/sim/crowd.h"
#include "test/sim/dns.h"
#include "test/sim/hand.h"
#include "test/sim/ledger.h"
#include "test/sim/pivot.h"
#include "test/sim/sink.h"
#include "test/sim/source.h"
#include "test/sim/store.h"
#include "test/sim/trace.h"

#define CLIENT_LOOPS 3
#define DIALOGUES_MAX 12
#define LETTERS_MAX 5 /* in one dialogue */
#define TURNS_MAX 40  /* things that are done to the pivot */
#define CHAOS_NS_MIN (30 * SIM_S)
#define CHAOS_NS_MAX (900 * SIM_S)
#define CALM_NS_MAX (12 * 3600 * SIM_S) /* by then everything has ended */
#define CUT_OPERATIONS_MAX 250
#define CLOCK_MS_MAX (15 * 60 * 1000)
#define STUCK_NS_MAX (400 * SIM_S) /* longer than the pivot may take for an answer */

/* What this world is like. */
struct character {
	bool crashes, poison, full_disks, bad_disks, stuck_disks, bad_lines, bad_dns, quirks, stops;
	bool bad_tables;
	struct pivot_rules rules; /* no trouble */
};

enum turn_kind {
	TURN_KILL,
	TURN_STOP,
	TURN_RELOAD,
	TURN_CLOCK,   /* somebody sets it */
	TURN_RELEASE, /* or lets go what a rule holds */
	TURN_DISK_FULL,
	TURN_DISK_ROOM,
	TURN_CHAOS_ENDS,
};

struct turn {
	int64_t at_ns;
	enum turn_kind kind;
};

static struct story {
	struct node *pivot, *clients;
	struct character character;
	struct turn turns[TURNS_MAX];
	size_t turn_count;
	int64_t chaos_ns;           /* how long it lasts */
	int64_t down_ns, fenced_ns; /* since when; 0: it is not */
	unsigned crashes;
} story;

/* --- the peers --- */

static const struct {
	uint16_t ports[2];
	struct sink_kind kind;
} sinks[DIRECTORY_SINKS] = {
	{{ 25 },        { .eightbit = true }                                     },
	{ { 25 },       { .eightbit = false }                                    },
	{ { 25, 2525 }, { .eightbit = true }                                     },
	{ { 24 },       { .eightbit = true, .lmtp = true }                       },
	{ { 25 },       { .eightbit = true }                                     },
	{ { 25 },       { .eightbit = true, .delay_ms = DIRECTORY_SLOW_DELAY_MS }},
	{ { 25 },       { .eightbit = true, .login = true }                      },
	{ { 25 },       { .eightbit = true, .filter = true }                     },
};

static void boot_sink(void *owner)
{
	size_t i = (size_t)(uintptr_t)owner;
	struct loop *l = loop_new("sink");
	struct endpoint at = { 0 };
	bool parsed = ip_parse(str_of(directory_sink_ips[i]), &at.ip);

	assert(parsed);
	loop_start(l);
	for (size_t p = 0; p < LENGTH(sinks[i].ports) && sinks[i].ports[p]; p++) {
		at.port = sinks[i].ports[p];
		sink_listen(l, &at, &sinks[i].kind);
	}
}

static enum client_character some_character(void)
{
	return sim_chance(600) ? CLIENT_POLITE
			       : (enum client_character)sim_between(1, CLIENT_CHARACTERS - 1);
}

static void boot_clients(void *owner)
{
	struct loop *loops[CLIENT_LOOPS];
	int64_t dialogues = sim_between(3, DIALOGUES_MAX);

	(void)owner;
	for (size_t i = 0; i < CLIENT_LOOPS; i++) {
		loops[i] = loop_new("clients");
		loop_start(loops[i]);
	}
	if (sim_chance(100))
		crowd_plan(loops[0], PIVOT_CLIENT_SESSIONS_MAX,
			sim_between(SIM_S, story.chaos_ns * 8 / 10));
	for (int64_t i = 0; i < dialogues; i++) {
		bool trusted = sim_chance(500);

		client_plan(loops[sim_between(0, CLIENT_LOOPS - 1)], some_character(), trusted,
			(unsigned)sim_between(1, LETTERS_MAX),
			sim_between(SIM_S, story.chaos_ns * 8 / 10));
	}
}

/* --- what will happen --- */

static void plan(enum turn_kind kind, int64_t at_ns)
{
	assert(story.turn_count < TURNS_MAX);
	story.turns[story.turn_count++] = (struct turn){ at_ns, kind };
}

static void plan_turns(void)
{
	struct character *c = &story.character;

	plan(TURN_CHAOS_ENDS, story.chaos_ns);
	if (c->crashes)
		for (int64_t i = sim_between(0, 3); i > 0; i--)
			plan(TURN_KILL, sim_between(SIM_S, story.chaos_ns));
	if (c->stops)
		plan(TURN_STOP, sim_between(SIM_S, story.chaos_ns));
	for (int64_t i = sim_between(-2, 2); i > 0; i--)
		plan(TURN_RELOAD, sim_between(SIM_S, story.chaos_ns));
	for (int64_t i = sim_between(-3, 2); i > 0; i--)
		plan(TURN_CLOCK, sim_between(SIM_S, story.chaos_ns));
	for (int64_t i = sim_between(-1, 1); i > 0; i--)
		plan(TURN_RELEASE, sim_between(SIM_S, story.chaos_ns));
	if (c->full_disks)
		for (int64_t i = sim_between(1, 2); i > 0; i--) {
			int64_t at_ns = sim_between(SIM_S, story.chaos_ns);

			plan(TURN_DISK_FULL, at_ns);
			plan(TURN_DISK_ROOM, sim_between(at_ns, story.chaos_ns));
		}
}

static void make_character(void)
{
	struct character *c = &story.character;

	c->rules.judges = sim_chance(500);
	c->rules.tables = sim_chance(400);
	if (sim_chance(200))
		return; /* nothing is wrong in this world: every reply must be the right one */
	c->crashes = sim_chance(600);
	c->poison = c->crashes && sim_chance(250);
	c->full_disks = sim_chance(150);
	c->bad_disks = sim_chance(150);
	c->stuck_disks = sim_chance(50);
	c->bad_lines = sim_chance(250);
	c->bad_dns = sim_chance(250);
	c->quirks = sim_chance(600);
	c->stops = sim_chance(150);
	c->bad_tables = sim_chance(300);
}

static void set_faults(void)
{
	const struct character *c = &story.character;
	struct store_faults *f = &story.pivot->store->faults;

	net_faults.latency_ns_max = sim_chance(500) ? 2 * SIM_MS : 150 * SIM_MS;
	net_faults.reset_per_myriad = c->bad_lines ? 20 : 0;
	dns_faults = (struct dns_faults){ .zone = directory_zone,
		.latency_ns_max = 100 * SIM_MS,
		.trouble_per_mille = c->bad_dns ? 200 : 0,
		.slow_per_mille = c->bad_dns ? 100 : 0 };
	sink_quirky = c->quirks;
	client_pivot.faulty = c->crashes || c->full_disks || c->bad_disks || c->stuck_disks ||
			      c->bad_lines || c->stops || (c->rules.judges && c->bad_dns) ||
			      c->bad_tables;
	client_pivot.rude_hops = c->quirks;
	ledger.judged = c->rules.judges;
	ledger.ruled = c->rules.tables;
	source_faults = (struct source_faults){ .tables = directory_tables,
		.table_count = DIRECTORY_TABLES,
		.latency_ns_max = c->bad_tables ? 2 * SIM_S : 20 * SIM_MS,
		.dead_per_mille = c->bad_tables ? 150 : 0,
		.hung_per_mille = c->bad_tables ? 100 : 0 };
	f->names_in_order = sim_chance(700);
	if (sim_chance(300))
		f->stall_per_mille = 0;
	if (c->bad_disks)
		*(sim_chance(500) ? &f->sync_fails_in : &f->write_fails_in) = sim_between(3, 60);
	if (c->stuck_disks) {
		f->stall_per_mille = 15;
		f->stall_ns_max = STUCK_NS_MAX;
	}
	ledger.record_ns_max = (SPOOL_UPDATE_MS_MAX + 60) * SIM_MS + 4 * f->sync_ns_max +
			       (f->stall_per_mille ? 4 * f->stall_ns_max : 0);
}

/* --- the pivot's troubles --- */

static void switch_on(void)
{
	struct store_faults *f = &story.pivot->store->faults;

	f->cut_in =
		story.character.crashes && sim_chance(500) ? sim_between(1, CUT_OPERATIONS_MAX) : 0;
	story.fenced_ns = 0;
	story.down_ns = pivot_boot() ? 0 : sim.now_ns;
}

static void died(struct node *n)
{
	(void)n;
	story.crashes++;
	hand_died(true);
	ledger_accident(story.fenced_ns ? story.fenced_ns : sim_here_ns());
}

/* Somebody switches it on again, or restarts what refuses to work on. */
static void look_after(void)
{
	if (!story.pivot->alive && !story.down_ns)
		story.down_ns = sim.now_ns;
	if (story.pivot->alive && story.pivot->store->fenced && !story.fenced_ns)
		story.fenced_ns = story.pivot->store->fenced_ns;
	if (story.pivot->alive && story.fenced_ns && sim.now_ns - story.fenced_ns > 30 * SIM_S) {
		ledger.doubtful_pages = true;
		sim_end(story.pivot, SIM_KILLED);
	}
	if (!story.pivot->alive && sim.now_ns - story.down_ns >= SIM_S)
		switch_on();
	if (sink_calm && hand_poisonous()) /* the fault is mended, and somebody lets it go */
		pivot_release(hand_poisonous());
	if (sink_calm && ledger.holds)
		pivot_release_held();
}

/* In good order it is no accident, and explains no second copy; unless it could not write down any
 * more what became of its mail. */
static void stop_pivot(void)
{
	int64_t from_ns = sim.now_ns;
	bool clean;

	if (!pivot_up())
		return;
	if (story.pivot->store->fenced)
		story.fenced_ns = story.pivot->store->fenced_ns;
	story.pivot->died = NULL;
	clean = pivot_stop();
	if (story.pivot->store->fenced_ns >= from_ns) /* while it was stopping */
		story.fenced_ns = story.pivot->store->fenced_ns;
	if (!clean || story.fenced_ns)
		died(story.pivot);
	story.pivot->died = died;
}

static void take_turn(enum turn_kind kind)
{
	struct store_faults *f = &story.pivot->store->faults;

	switch (kind) {
	case TURN_KILL:
		if (story.pivot->alive)
			sim_end(story.pivot, sim_chance(500) ? SIM_KILLED : SIM_POWER_CUT);
		break;
	case TURN_STOP:
		stop_pivot();
		break;
	case TURN_RELOAD:
		pivot_reload();
		break;
	case TURN_CLOCK:
		story.pivot->wall_ms += sim_between(-CLOCK_MS_MAX, CLOCK_MS_MAX);
		trace("the wall clock is set");
		break;
	case TURN_RELEASE:
		pivot_release_held();
		break;
	case TURN_DISK_FULL:
		trace("the disk is full");
		f->octets_max =
			store_used_octets(story.pivot->store) + (uint64_t)sim_between(0, 300000);
		break;
	case TURN_DISK_ROOM:
		trace("the disk has room again");
		f->octets_max = UINT64_MAX;
		break;
	case TURN_CHAOS_ENDS:
		trace("all is calm");
		f->octets_max = UINT64_MAX;
		f->cut_in = f->sync_fails_in = f->write_fails_in = 0;
		f->stall_per_mille = 0;
		net_faults.reset_per_myriad = 0;
		dns_faults.trouble_per_mille = dns_faults.slow_per_mille = 0;
		source_faults.dead_per_mille = source_faults.hung_per_mille = 0;
		sink_calm = true;
		hand_calm();
		story.character = (struct character){ 0 };
		break;
	}
}

static struct turn *next_turn(void)
{
	struct turn *first = NULL;

	for (size_t i = 0; i < story.turn_count; i++)
		if (!first || story.turns[i].at_ns < first->at_ns)
			first = &story.turns[i];
	return first;
}

static bool needs_care(void *owner)
{
	(void)owner;
	return !story.pivot->alive || (story.pivot->store->fenced && !story.fenced_ns);
}

/* Let things happen until the moment; the pivot is looked after once a second while it is down. */
static bool live_until(int64_t until_ns, bool (*done)(void *owner))
{
	while (sim.now_ns < until_ns && !sim.failed) {
		int64_t soon_ns = sim.now_ns + SIM_S < until_ns ? sim.now_ns + SIM_S : until_ns;

		look_after();
		if (!story.pivot->alive || story.fenced_ns)
			sim_run(soon_ns, NULL, NULL);
		else if (done)
			sim_run(soon_ns + 20 * SIM_S, needs_care, NULL);
		else
			sim_run(until_ns, needs_care, NULL);
		if (done && done(NULL))
			return true;
	}
	return false;
}

static bool all_over(void *owner)
{
	(void)owner;
	return client_open_count == 0 && ledger_settled(NULL, 0);
}

static void judge(void)
{
	char open[200];

	if (!live_until(sim.now_ns + CALM_NS_MAX, all_over) && !sim.failed) {
		if (!ledger_settled(open, sizeof open))
			sim_fail("P1, P2: %s", open);
		else
			sim_fail("%u dialogues do not end", client_open_count);
	}
	if (sim.failed)
		return;
	live_until(sim.now_ns + 3 * 3600 * SIM_S, NULL); /* what was not promised ends, too */
	if (story.pivot->boots == 1)
		pivot_count();
	stop_pivot();
	if (!sim.failed && pivot_living() > 0)
		sim_fail("P2: all has ended, but something is left in the spool");
}

static void make_world(uint64_t seed)
{
	char name[16];

	sim_open(seed);
	ledger_open();
	sink_open();
	client_open_count = 0;
	story = (struct story){ 0 };
	make_character();
	story.chaos_ns =
		sim_between(CHAOS_NS_MIN, sim_chance(800) ? CHAOS_NS_MAX / 5 : CHAOS_NS_MAX);
	story.pivot = sim_node("pivot", "10.0.0.1");
	story.pivot->store = store_new();
	story.pivot->died = died;
	set_faults();
	hand_open(story.character.poison);
	pivot_new(story.pivot, &story.character.rules);
	client_pivot.node = story.pivot;
	client_pivot.message_octets_max = PIVOT_MESSAGE_OCTETS_MAX;
	client_pivot.recipients_max = PIVOT_RECIPIENTS_MAX;
	client_pivot.errors_max = PIVOT_ERRORS_MAX;
	client_pivot.at = (struct endpoint){ .ip = story.pivot->ip, .port = 25 };
	for (size_t i = 0; i < DIRECTORY_SINKS; i++) {
		snprintf(name, sizeof name, "sink%zu", i + 1);
		sim_boot(sim_node(name, directory_sink_ips[i]), boot_sink, (void *)(uintptr_t)i);
	}
	story.clients = sim_node("clients", "10.0.1.250");
	sim_boot(story.clients, boot_clients, NULL);
	plan_turns();
}

bool story_tell(uint64_t seed, struct story_numbers *n)
{
	bool kept;

	make_world(seed);
	switch_on();
	while (story.turn_count > 0 && !sim.failed) {
		struct turn *turn = next_turn(), now = *turn;

		*turn = story.turns[--story.turn_count];
		live_until(now.at_ns, NULL);
		take_turn(now.kind);
	}
	judge();
	kept = !sim.failed;
	n->crashes += story.crashes;
	n->letters += ledger.letter_count;
	n->accepted += ledger.accepted;
	n->delivered += ledger.delivered;
	n->bounced += ledger.bounced;
	n->refused += ledger.refused;
	n->second_copies += ledger.second_copies;
	n->disk_failures += story.pivot->store->failures;
	n->events += sim.event_count;
	n->digest = prng_next(&sim.prng) ^ sim.event_count ^ (uint64_t)sim.now_ns << 16;
	if (story.pivot->held_octets_max > n->memory_octets_max)
		n->memory_octets_max = story.pivot->held_octets_max;
	sim_close();
	return kept;
}
