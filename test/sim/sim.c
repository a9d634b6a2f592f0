#include "test/sim/sim.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/map.h"
#include "base/mem.h"
#include "test/sim/files.h"
#include "test/sim/net.h"
#include "test/sim/store.h"
#include "test/sim/trace.h"

struct sim sim;

static jmp_buf power;     /* where sim_cut_here and sim_crash_here leave to */
static bool power_on;     /* something runs that it can leave */
static enum sim_end dies; /* how it did */

void sim_open(uint64_t seed)
{
	sim = (struct sim){ .seed = seed };
	prng_seed(&sim.prng, seed);
	map_seed(seed);
	mem_as(NULL);
	net_open();
	files_open();
}

void sim_close(void)
{
	for (unsigned i = 0; i < sim.node_count; i++)
		if (sim.nodes[i]->alive)
			sim_end(sim.nodes[i], SIM_KILLED);
	mem_node_free(NULL);
}

void sim_fail(const char *format, ...)
{
	va_list args;

	if (sim.failed)
		return;
	sim.failed = true;
	va_start(args, format);
	vsnprintf(sim.failure, sizeof sim.failure, format, args);
	va_end(args);
	trace("FAILED %s", sim.failure);
}

int64_t sim_here_ns(void)
{
	int64_t busy_ns = 0;

	if (sim.here_loop)
		busy_ns = sim.here_loop->busy_ns;
	else if (sim.here_node)
		busy_ns = sim.here_node->main_busy_ns;
	return busy_ns > sim.now_ns ? busy_ns : sim.now_ns;
}

void sim_spend(int64_t ns)
{
	int64_t until_ns = sim_here_ns() + ns;

	if (sim.here_loop)
		sim.here_loop->busy_ns = until_ns;
	else if (sim.here_node)
		sim.here_node->main_busy_ns = until_ns;
}

int64_t sim_between(int64_t low, int64_t high)
{
	return prng_between(&sim.prng, low, high);
}

bool sim_chance(unsigned per_mille)
{
	return prng_chance(&sim.prng, per_mille);
}

void *sim_alloc(size_t n)
{
	struct node *before = mem_as(NULL);
	void *p = mem_zero(n);

	mem_as(before);
	return p;
}

/* The loop's heap is its node's, whoever pushes. */
void sim_push(struct loop *l, struct sim_event *e, int64_t at_ns)
{
	struct node *before = mem_as(l->node);

	heap_set(&l->events, &e->node, at_ns);
	mem_as(before);
}

/* --- rounds --- */

static int64_t timer_ns(const struct loop *l)
{
	struct heap_node *first = heap_first(&l->timers);

	if (!first || first->at - l->node->steady_ms > SIM_NEVER / SIM_MS - 1000)
		return SIM_NEVER; /* people wait until INT64_MAX */
	return (first->at - l->node->steady_ms) * SIM_MS + l->slop_ns;
}

static int64_t event_ns(const struct loop *l)
{
	struct heap_node *first = heap_first(&l->events);

	return first ? first->at : SIM_NEVER;
}

static int64_t ready_ns(const struct loop *l)
{
	int64_t event = event_ns(l), timer = timer_ns(l);
	int64_t first = event < timer ? event : timer;

	if (!l->served || l->ended)
		return SIM_NEVER;
	return first > l->busy_ns ? first : l->busy_ns;
}

static void run_one(struct loop *l)
{
	sim.event_count++;
	if (event_ns(l) <= timer_ns(l)) {
		struct sim_event *e = AROUND(heap_first(&l->events), struct sim_event, node);

		heap_remove(&l->events, &e->node);
		e->run(e);
	} else {
		struct loop_timer *timer = AROUND(heap_first(&l->timers), struct loop_timer, node);

		heap_remove(&l->timers, &timer->node);
		timer->run(timer);
	}
}

/* All that is due, or some of it, as a kernel would report it. */
static void run_round(void *owner)
{
	struct loop *l = owner;

	l->round_ns = sim.now_ns;
	for (int i = 0; i < SIM_ROUND_EVENTS_MAX; i++) {
		run_one(l);
		if (l->ended || (event_ns(l) > sim.now_ns && timer_ns(l) > sim.now_ns) ||
			sim_chance(250))
			break;
	}
	net_end_of_round(l);
}

/* Run code as a node; false: its power failed in it. */
static bool guarded(struct node *n, struct loop *l, void (*run)(void *owner), void *owner)
{
	struct node *node_before = sim.here_node;
	struct loop *loop_before = sim.here_loop;
	bool nested = power_on;
	struct node *dead;

	sim.here_node = n;
	sim.here_loop = l;
	mem_as(n);
	if (nested) { /* a loop joins another, of the same node: they share their end */
		run(owner);
	} else {
		power_on = true;
		if (setjmp(power)) {
			power_on = false;
			dead = sim.here_node;
			sim.here_node = NULL;
			sim.here_loop = NULL;
			mem_as(NULL);
			sim_end(dead, dies);
			return false;
		}
		run(owner);
		power_on = false;
	}
	sim.here_node = node_before;
	sim.here_loop = loop_before;
	mem_as(node_before);
	return true;
}

static _Noreturn void end_here(enum sim_end how)
{
	assert(power_on && sim.here_node);
	dies = how;
	longjmp(power, 1);
}

void sim_cut_here(void)
{
	end_here(SIM_POWER_CUT);
}

void sim_crash_here(void)
{
	end_here(SIM_KILLED);
}

static void advance(int64_t to_ns)
{
	if (to_ns > sim.now_ns)
		sim.now_ns = to_ns;
}

bool sim_run_loop(struct loop *l)
{
	int64_t at_ns = ready_ns(l);

	if (at_ns == SIM_NEVER)
		return false;
	advance(at_ns);
	guarded(l->node, l, run_round, l);
	return true;
}

static struct loop *earliest(void)
{
	struct loop *first = NULL;
	int64_t first_ns = SIM_NEVER;

	for (unsigned i = 0; i < sim.node_count; i++) {
		if (!sim.nodes[i]->alive)
			continue;
		LIST_EACH (link, &sim.nodes[i]->loops) {
			struct loop *l = AROUND(link, struct loop, link);
			int64_t at_ns = ready_ns(l);

			if (at_ns < first_ns) {
				first = l;
				first_ns = at_ns;
			}
		}
	}
	return first;
}

bool sim_run(int64_t until_ns, bool (*done)(void *owner), void *owner)
{
	while (!sim.failed) {
		struct loop *l = earliest();

		if (done && done(owner))
			return true;
		if (!l || ready_ns(l) > until_ns) {
			advance(until_ns);
			return false;
		}
		sim_run_loop(l);
	}
	return false;
}

/* --- machines --- */

struct node *sim_node(const char *name, const char *ip)
{
	struct node *n = sim_alloc(sizeof *n);
	bool parsed = ip_parse(str_of(ip), &n->ip);

	assert(parsed && sim.node_count < SIM_NODES_MAX);
	str_to_c(str_of(name), n->name, sizeof n->name);
	list_init(&n->memory);
	list_init(&n->loops);
	list_init(&n->socks);
	sim.nodes[sim.node_count++] = n;
	return n;
}

bool sim_boot(struct node *n, void (*boot)(void *owner), void *owner)
{
	assert(!n->alive);
	n->alive = true;
	n->boots++;
	n->loop_count = 0;
	n->main_busy_ns = sim.now_ns;
	n->steady_ms = sim_between(0, 1000000);
	trace("%s is switched on", n->name);
	return guarded(n, NULL, boot, owner);
}

void sim_call(struct node *n, void (*call)(void *owner), void *owner)
{
	guarded(n, NULL, call, owner);
}

static void drop_events(struct loop *l)
{
	struct heap_node *first;

	while ((first = heap_first(&l->events))) {
		struct sim_event *e = AROUND(first, struct sim_event, node);

		heap_remove(&l->events, first);
		e->drop(e);
	}
}

void sim_end(struct node *n, enum sim_end how)
{
	static const char *const names[] = { "loses its power", "is killed", "has stopped" };

	assert(n->alive);
	trace("%s %s", n->name, names[how]);
	n->alive = false;
	net_node_gone(n, how);
	LIST_EACH (link, &n->loops)
		drop_events(AROUND(link, struct loop, link));
	if (how == SIM_FINISHED && n->held_octets > 0)
		sim_fail(
			"%s stopped and still holds %zu octets of memory", n->name, n->held_octets);
	list_init(&n->loops);
	mem_node_free(n);
	if (n->store)
		store_node_gone(n->store, how);
	if (n->died)
		n->died(n);
}
