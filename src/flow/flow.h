/*
 * flow/flow - what the ways of messages stand on, in one worker
 *
 * Each worker has one; its parts are shared by threads where they say so.
 */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

#include "base/id.h"
#include "base/list.h"
#include "base/prng.h"
#include "flow/identities.h"
#include "gate/census.h"
#include "queue/promise.h"
#include "queue/spool.h"
#include "route/hop.h"
#include "route/route.h"
#include "world/courier.h"
#include "world/resolve.h"
#include "world/sock.h"
#include "world/daybook.h"
#include "world/work.h"

/* Counted since the start, by all workers; atomic. */
struct flow_numbers {
	uint64_t sessions, accepted, refused, delivered, deferred, bounced, discarded;
};

#define FLOW_COUNT(flow, what) __atomic_add_fetch(&(flow)->numbers->what, 1, __ATOMIC_RELAXED)

struct flow {
	unsigned index; /* of the worker */
	struct loop *loop;
	struct router *router; /* for what begins now; a reference */
	struct spool *spool;
	struct resolver *resolver;
	struct courier *courier;
	struct identities *identities; /* certificates and keys; a reference */
	struct authority *authority;   /* who somebody is */
	struct quota *quota;           /* what a login has sent */
	struct quarantine *quarantine; /* what is held for DMARC's sake */
	struct work *signer;           /* threads that make our signatures */
	struct daybook *daybook;       /* what DMARC's reports need; null: it is not kept */
	struct id_source *ids;
	struct census *census;
	struct flow_numbers *numbers;
	struct hop_self self;
	struct prng prng;
	/* A message became ours; takes the reference.  Called in this worker. */
	void (*accepted)(void *owner, struct promise *m);
	void *owner;
	struct callouts *callouts; /* flow/callout; null: nothing was asked */
	struct list sessions;      /* inbound ones */
	struct list outbounds;     /* connections to next hops */
	bool stopping;             /* no new transaction */
	/* Called in this worker when it is stopping and the last session has gone. */
	void (*drained)(void *owner, struct flow *f);
};

#endif
