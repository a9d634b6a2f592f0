/*
 * test/sim/net - the simulated network behind world/sock.h
 *
 * A connection has two ends and a flow of segments each way.  Segments arrive in order, late, and
 * cut anywhere; a window holds back who writes too much; ends vanish with the machines that they
 * are on.  Connections are kept until the world ends, so that the ledger can ask them what was
 * read.
 */
#ifndef TEST_SIM_NET_H
#define TEST_SIM_NET_H

#include "base/list.h"
#include "test/sim/sim.h"
#include "world/sock.h"

/* When was a byte of a flow taken by whoever reads it? */
struct net_watch {
	struct list link;
	uint64_t at;      /* so many bytes of the flow */
	int64_t taken_ns; /* 0: not yet */
	int64_t begun_ns; /* of a reply to a message: when that began to come in */
};

struct net_flow {
	int64_t last_ns; /* arrival of the last segment */
	uint64_t queued, sent, taken;
	size_t in_flight; /* sent and not yet taken */
	bool window_told; /* the sender is about to hear that there is room */
	bool lost;        /* what is under way never arrives */
	struct list watches;
};

enum net_cut { NET_CUT_SEGMENTS, NET_CUT_SMALL, NET_CUT_BYTES, NET_CUT_WHOLE, NET_CUTS };

struct net_conn {
	struct sock *ends[2];     /* who connected, who accepted; null: gone */
	struct net_flow flows[2]; /* from that end */
	struct endpoint addresses[2];
	enum net_cut cut;
	size_t window;
	int64_t latency_ns;
	unsigned reset_per_myriad; /* of segments: the line breaks */
};

/* How the lines are: set by whoever tells the story. */
struct net_faults {
	int64_t latency_ns_max;
	unsigned reset_per_myriad;
};

extern struct net_faults net_faults;

/* Addresses that never answer: 203.0.113.0/24 (TEST-NET-3). */
bool net_silent(const struct ip *ip);

void net_open(void);
void net_end_of_round(struct loop *l);
void net_node_gone(struct node *n, enum sim_end how);

struct net_conn *net_conn_of(struct sock *s);

/* Watch what this end has queued so far: taken_ns is set when all of it has been read.  w is zeroed
 * and lives as long as the world. */
void net_watch(struct sock *s, struct net_watch *w);

#endif
