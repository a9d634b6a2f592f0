#include "test/sim/sender.h"

#include <stdio.h>

#include "test/sim/dns.h"
#include "test/sim/net.h"
#include "test/sim/pivot.h"
#include "test/sim/store.h"
#include "test/sim/trace.h"

#define LIFE_NS (7200 * SIM_S)
#define REST_NS (6 * 3600 * SIM_S) /* by then all has ended */
#define STEP_NS (2 * SIM_S)
#define CUT_OPERATIONS_MAX 400
#define KILLS_MAX 5
#define LATE_MS (22LL * 86400 * 1000) /* beyond valid */
#define MEMORY_OCTETS_MAX (12 << 20)

static const char settings[] = "hostname pivot.test\npostmaster pm@away.test\n"
			       "directories { spool /spool; state /state; run /run }\n"
			       "resolver { zone zone.txt }\nrelay-for 10.0.1.0/24\n"
			       "listen mx { on 10.0.0.1:25; tls off }\n"
			       "domain example.org { aliases example.org }\n"
			       "queue { retry 30s 1m; lifetime 3h; reserve 1M; memory 4M }\n"
			       "spf { fail tag }\ndkim { }\narc { key seal }\n"
			       "dmarc { quarantine; quarantined hold; temperror defer "
			       "}\nquarantine { keep 20m; messages 3 }\n"
			       "srs { secrets srs }\n"
			       "sign { keytable keytable; signingtable signingtable; hosts hosts\n"
			       "  settle 10m; retire 30m; look 1m }\n";

struct sender_numbers *sender_numbers;
bool sender_faulty;

static struct node *pivot;
static int64_t down_ns;
static bool crashes;

static void died(struct node *n)
{
	(void)n;
	sender_numbers->crashes++;
}

static void switch_on(void)
{
	pivot->store->faults.cut_in =
		crashes && sim_chance(300) ? sim_between(1, CUT_OPERATIONS_MAX) : 0;
	down_ns = pivot_boot() ? 0 : sim.now_ns;
}

static void look_after(void)
{
	if (pivot->alive)
		return;
	if (!down_ns)
		down_ns = sim.now_ns;
	else if (sim.now_ns - down_ns > SIM_S)
		switch_on();
}

static bool live_until(int64_t until_ns, bool (*done)(void *owner))
{
	while (sim.now_ns < until_ns && !sim.failed && !(done && done(NULL))) {
		look_after();
		if (sender_keys_turn()) {
			dns_faults.zone = sender_keys_zone();
			trace("the zone is another one");
		}
		if (sim_chance(5))
			sender_orders_turn();
		sim_run(sim.now_ns + STEP_NS, NULL, NULL);
	}
	return done && !sim.failed && done(NULL);
}

static void boot_hop(void *owner)
{
	struct loop *l = loop_new("hop");
	struct endpoint at = { .ip = sim.here_node->ip, .port = 25 };

	(void)owner;
	loop_start(l);
	mailer_listen(l, &at, sender_mail_arrived);
}

static void boot_clients(void *owner)
{
	struct loop *l = loop_new("clients");
	struct endpoint at = { .ip = pivot->ip, .port = 25 };

	(void)owner;
	loop_start(l);
	sender_mail_plan(l, &at, 5 * SIM_S, LIFE_NS);
}

static void make_world(uint64_t seed)
{
	sim_open(seed);
	sender_faulty = sim_chance(700);
	crashes = sender_faulty && sim_chance(800);
	down_ns = 0;
	net_faults.latency_ns_max = sim_chance(500) ? 2 * SIM_MS : 100 * SIM_MS;
	net_faults.reset_per_myriad = 0;
	sender_keys_plan(60 * SIM_S, LIFE_NS);
	dns_faults = (struct dns_faults){ .zone = sender_keys_zone(),
		.latency_ns_max = 50 * SIM_MS,
		.trouble_per_mille = sender_faulty && sim_chance(500) ? 200 : 0 };
	pivot = sim_node("pivot", "10.0.0.1");
	pivot->store = store_new();
	pivot->died = died;
	pivot_new(pivot, &(struct pivot_rules){ .whole = S(settings),
				 .equip = sender_keys_equip,
				 .ends = sender_mail_ends });
	pivot_sizes(2 << 20, MEMORY_OCTETS_MAX);
	sim_boot(sim_node("hop", "10.0.2.1"), boot_hop, NULL);
	switch_on();
	sim_boot(sim_node("clients", "192.0.2.7"), boot_clients, NULL);
}

/* Machines die, or are only reloaded. */
static void live(void)
{
	for (int64_t n = sim_between(0, KILLS_MAX); n > 0; n--) {
		live_until(sim.now_ns + sim_between(SIM_S, 2 * LIFE_NS / KILLS_MAX), NULL);
		if (crashes && pivot->alive && sim_chance(700))
			sim_end(pivot, sim_chance(500) ? SIM_KILLED : SIM_POWER_CUT);
		else
			pivot_reload();
	}
	if (sim.now_ns < LIFE_NS)
		live_until(LIFE_NS, NULL);
	crashes = false;
	pivot->store->faults.cut_in = 0;
	dns_faults.trouble_per_mille = 0;
}

bool sender_tell(uint64_t seed, struct sender_numbers *n)
{
	sender_numbers = n;
	make_world(seed);
	live();
	if (!live_until(sim.now_ns + REST_NS, sender_mail_over) && !sim.failed)
		sim_fail("P2: not all mail has come to its end");
	live_until(sim.now_ns + 1800 * SIM_S, NULL); /* what nobody heard of, too */
	sender_orders_end();
	live_until(sim.now_ns + 60 * SIM_S, NULL);
	sender_orders_over();
	if (!sim.failed) {
		pivot->wall_ms += LATE_MS;
		sender_mail_late();
		if (!live_until(sim.now_ns + REST_NS, sender_mail_over) && !sim.failed)
			sim_fail("mail for an address that is too old has no answer");
	}
	pivot->died = NULL;
	if (!sim.failed && pivot_stop() && pivot_living() > 0)
		sim_fail("P2: all has ended, but something is left in the spool");
	sim_close();
	return !sim.failed;
}
