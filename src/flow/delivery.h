/*
 * flow/delivery - a mail that the dispatcher gives to a worker, and what became of it
 *
 * It travels from the dispatcher's loop to the worker's and back, and belongs to whom it is with.
 */
#ifndef FLOW_DELIVERY_H
#define FLOW_DELIVERY_H

#include "flow/flow.h"
#include "queue/schedule.h"

enum delivery_end {
	DELIVERY_AGAIN,   /* not tried: the destination was in trouble */
	DELIVERY_DONE,    /* the next hop has it */
	DELIVERY_LATER,   /* refused for now: reply */
	DELIVERY_REFUSED, /* refused for good: reply */
};

struct delivery_result {
	enum delivery_end end;
	struct fail reply;
	bool ours;       /* no peer said it */
	bool dsn_passed; /* the peer has taken over the duty to report success */
};

struct outbound;

struct delivery {
	struct loop_task task;
	struct flow *flow; /* the worker's */
	struct schedule_slot *slot;
	struct schedule_job *job;
	struct router *router; /* a reference: the transport is its */
	const struct conf_transport *transport;
	str nexthop;               /* lives as long as the slot */
	unsigned mails;            /* given over this connection, this one counted */
	struct outbound *outbound; /* the connection: null for a new one; set by the worker */
	/* what became of it: */
	enum schedule_after after;
	struct fail trouble;             /* for SCHEDULE_TROUBLE */
	char remote[128];                /* the peer's name, for DSNs; "" none */
	struct delivery_result *results; /* job->count */
	/* the way back: called in the worker's loop, with results filled in */
	void (*finished)(void *owner, struct delivery *d);
	void *owner;
};

/* All recipients get the same result, which we made and no peer said. */
void delivery_refuse_all(struct delivery *d, const struct fail *why);

/* What is shown of the other side in the log. */
struct delivery_peer {
	str host;                    /* "" none */
	const struct endpoint *at;   /* null: none */
	const struct tls_facts *tls; /* version "": none */
	const char *login;           /* who we were there; null or "": nobody */
};

/* One record for each recipient. */
void delivery_log(const struct delivery *d, const struct delivery_peer *peer);

#endif
