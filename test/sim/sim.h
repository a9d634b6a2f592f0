/*
 * test/sim/sim - a world made of a seed: its clock, its machines, who runs next
 *
 * The rooms of the daemon are linked with this second implementation of world/ and base/mem.  All
 * loops of all machines share one thread and one simulated clock; whatever could happen in more
 * than one way (latencies, cuts of streams, order, faults) is drawn from one prng, so a seed is a
 * whole history and can be played again.
 *
 * A node is one machine: its memory, loops, sockets, and a disk that outlives its power.  Time is
 * counted in nanoseconds, so that hardly ever two things happen at once.  A loop that waits for its
 * disk is late (sim_spend), the others go on.
 */
#ifndef TEST_SIM_SIM_H
#define TEST_SIM_SIM_H

#include "base/heap.h"
#include "base/ip.h"
#include "base/list.h"
#include "base/prng.h"
#include "world/loop.h"

#define SIM_MS 1000000LL
#define SIM_S 1000000000LL
#define SIM_NODES_MAX 16
#define SIM_LOOPS_MAX 24 /* of one node, the freed ones included */
#define SIM_NEVER INT64_MAX
#define SIM_ROUND_EVENTS_MAX 64

/* When the machine of wall clocks was switched on: 2026-11-24 00:00:00 UTC. */
#define SIM_WALL_BEGIN_MS 1795478400000LL

struct store; /* test/sim/store.h: what is on a disk */

struct node {
	char name[16];
	struct ip ip;
	struct store *store; /* outlives its power; null: no disk */
	bool alive;
	unsigned boots;

	struct list memory; /* struct block of test/sim/mem.c */
	size_t held_octets, held_octets_max, limit_octets;

	struct list loops;
	unsigned loop_count;
	struct list socks;
	int64_t main_busy_ns; /* of the thread that boots it */
	int64_t steady_ms;    /* its steady clock at the beginning of the world */
	int64_t wall_ms;      /* how wrong its wall clock is */

	void (*died)(struct node *n); /* told after a power cut, when all is gone */
};

/* Something that will happen on a loop. */
struct sim_event {
	struct heap_node node;
	void (*run)(struct sim_event *e);  /* on its loop; frees it */
	void (*drop)(struct sim_event *e); /* the loop has gone; frees it */
};

struct loop {
	struct list link; /* of its node */
	struct node *node;
	char name[16];
	unsigned index;
	struct heap events, timers;
	int64_t busy_ns;  /* until then it waits for the disk */
	int64_t slop_ns;  /* how late its timers fire */
	int64_t round_ns; /* when this round began */
	bool served, stopping, ended;
	struct list dirty; /* socks with something to send at the end of the round */
	int64_t posted_ns[SIM_LOOPS_MAX + 1]; /* the last post from each loop, and from outside */
};

struct sim {
	uint64_t seed;
	struct prng prng;
	int64_t now_ns;
	uint64_t event_count;
	struct node *nodes[SIM_NODES_MAX];
	unsigned node_count;
	struct node *here_node; /* whose code runs now */
	struct loop *here_loop; /* null: its main thread */
	bool failed;
	char failure[400];
};

extern struct sim sim;

void sim_open(uint64_t seed);
void sim_close(void);

/* The first thing found wrong; the world stops soon after. */
void sim_fail(const char *format, ...) PRINTF_LIKE(1, 2);

/* The time as the running code has it: a thread that has waited for its disk is ahead. */
int64_t sim_here_ns(void);
void sim_spend(int64_t ns); /* the running thread waits so long */
int64_t sim_between(int64_t low, int64_t high);
bool sim_chance(unsigned per_mille);

/* Memory of the world itself, not of the machine that runs. */
void *sim_alloc(size_t n);

void sim_push(struct loop *l, struct sim_event *e, int64_t at_ns);

/* Let things happen until done says so, or until the moment; false: the moment came first, or
 * something failed. */
bool sim_run(int64_t until_ns, bool (*done)(void *owner), void *owner);
bool sim_run_loop(
	struct loop *l); /* its next round, for loop_join; false: it would wait for ever */

/* --- machines --- */

struct node *sim_node(const char *name, const char *ip);

/* Switch on: boot runs as the main thread of the node.  False: the power was cut in it. */
bool sim_boot(struct node *n, void (*boot)(void *owner), void *owner);
void sim_call(struct node *n, void (*call)(void *owner), void *owner); /* run code as this node */

enum sim_end {
	SIM_POWER_CUT, /* what was not synced is at the mercy of the disk */
	SIM_KILLED,    /* the process only: the page cache stays */
	SIM_FINISHED,  /* stopped in good order: all memory must have been given back */
};
void sim_end(struct node *n, enum sim_end how);

/* The power fails now, in the middle of what runs: does not return. */
void sim_cut_here(void) __attribute__((noreturn));
void sim_crash_here(void) __attribute__((noreturn)); /* or its process dies */

/* test/sim/mem.c */
void mem_node_free(struct node *n);  /* everything that it owns; null: that the world owns */
struct node *mem_as(struct node *n); /* whose memory is asked for from now on; returns who before */

#endif
